-- title: Profit and loss
-- answers: How much of the profit is on paper, and how much was taken? Hour by hour, of the last 30 days or the days
--   chosen.
-- display: area
-- x: hour
-- y: unrealised, realised
-- stack: stacked
-- formats: unrealised: decimals 2, realised: decimals 2, hour: datetime
-- params: portfolio: text required default default, quote: text required default USD, from: date, to: date
WITH hours AS (
    SELECT hour, sum(unrealised) AS unrealised, sum(realised) AS realised
    FROM gold.portfolio
    WHERE portfolio = {{portfolio}} AND quote = {{quote}} AND hour >= coalesce(
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
SELECT hour, unrealised, realised
FROM hours
ORDER BY hour
