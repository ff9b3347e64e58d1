-- title: Gaps by hour
-- answers: When did holes become known, and when were they mended? Of the last seven days or the days chosen.
-- display: bar
-- x: hour
-- y: opened, closed, filled
-- units: opened: gaps, closed: gaps, filled: gaps
-- formats: opened: decimals 0, closed: decimals 0, filled: decimals 0, hour: datetime
-- params: source: text, from: date, to: date
WITH newest AS (
    SELECT hour, sum(gaps_opened) AS opened, sum(gaps_closed) AS closed, sum(gaps_filled) AS filled
    FROM gold.data_quality
    WHERE hour >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ date_add('day', -6, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
            NULL,
            (SELECT date_add('day', -7, max(last_time)) FROM gold.market_summary)
        )
        [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
        [[ AND source = {{source}} ]]
    GROUP BY hour
    ORDER BY hour DESC
    LIMIT 2000
)
SELECT hour, opened, closed, filled
FROM newest
ORDER BY hour
