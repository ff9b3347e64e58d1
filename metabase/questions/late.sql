-- title: Late trades
-- answers: How many trades came more than a minute behind their time? And how many were told afterwards: over REST to
--   fill a hole, or as the demo's history. The share that was late is of those that were not.
-- display: combo
-- x: hour
-- y: late, backfilled, late_pct
-- bars: late, backfilled
-- right: late_pct
-- titles: late_pct: Share late
-- units: late: trades, backfilled: trades, late_pct: %
-- formats: late: decimals 0, backfilled: decimals 0, late_pct: decimals 2, hour: datetime
-- params: source: text, from: date, to: date
WITH newest AS (
    SELECT
        hour,
        sum(late) AS late,
        sum(backfilled) AS backfilled,
        CAST(sum(late) AS double) / nullif(sum(accepted) - sum(backfilled), 0) * 100 AS late_pct
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
SELECT hour, late, backfilled, late_pct
FROM newest
ORDER BY hour
