-- title: Value and cost
-- answers: How did the worth of the portfolio go, against what it has cost? Hour by hour, of the last 30 days or the
--   days chosen; holdings without a price are left out.
-- display: line
-- x: hour
-- y: value, cost
-- units: value: {quote}, cost: {quote}
-- formats: value: decimals 2, cost: decimals 2, hour: datetime
-- params: portfolio: text required default default, quote: text required default USD, from: date, to: date
WITH hours AS (
    SELECT hour, sum(value) AS value, CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost
    FROM gold.portfolio
    WHERE portfolio = {{portfolio}} AND quote = {{quote}} AND value IS NOT NULL AND hour >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ date_add('day', -29, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
            NULL,
            (SELECT date_add('day', -30, max(last_time)) FROM gold.market_summary)
        )
        [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
    GROUP BY hour
    ORDER BY hour DESC
    LIMIT 2000
)
SELECT hour, value, cost
FROM hours
ORDER BY hour
