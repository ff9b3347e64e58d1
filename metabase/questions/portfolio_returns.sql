-- title: Return by market
-- answers: Which holding is ahead of its cost, and which behind? In percent, hour by hour, of the last seven days or
--   the days chosen.
-- display: line
-- x: hour
-- y: return_pct
-- series: symbol
-- units: return_pct: %
-- formats: return_pct: decimals 2, hour: datetime
-- params: portfolio: text required default default, quote: text required default USD, from: date, to: date
WITH hours AS (
    SELECT hour, symbol, sum(unrealised) AS unrealised, sum(cost) AS cost
    FROM gold.portfolio
    WHERE portfolio = {{portfolio}} AND quote = {{quote}} AND units > 0 AND unrealised IS NOT NULL AND hour >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ date_add('day', -6, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
            NULL,
            (SELECT date_add('day', -7, max(last_time)) FROM gold.market_summary)
        )
        [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
    GROUP BY hour, symbol
    ORDER BY hour DESC, symbol
    LIMIT 2000
)
SELECT hour, symbol, CAST(unrealised AS double) / nullif(CAST(cost AS double), 0) * 100 AS return_pct
FROM hours
ORDER BY hour, symbol
