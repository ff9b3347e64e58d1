-- title: Profit and loss
-- answers: How much of the profit is on paper, and how much was taken? Hour by hour, of the last 30 days or the days
--   chosen.
-- display: line
-- x: hour
-- y: profit, unrealised, realised
-- titles: unrealised: On paper, realised: Taken
-- units: profit: {quote}, unrealised: {quote}, realised: {quote}
-- formats: profit: decimals 2, unrealised: decimals 2, realised: decimals 2, hour: datetime
-- params: portfolio: text required default default, quote: text required default USD, from: date, to: date
WITH steps AS (
    SELECT
        hour,
        unrealised,
        realised - coalesce(lag(realised) OVER (PARTITION BY exchange, symbol ORDER BY hour), 0) AS taken
    FROM gold.portfolio
    WHERE portfolio = {{portfolio}} AND quote = {{quote}}
),
totals AS (
    SELECT hour, sum(unrealised) AS unrealised, sum(sum(taken)) OVER (ORDER BY hour) AS realised
    FROM steps
    GROUP BY hour
),
newest AS (
    SELECT hour, unrealised, realised
    FROM totals
    WHERE hour >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ date_add('day', -29, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
            NULL,
            (SELECT date_add('day', -30, max(last_time)) FROM gold.market_summary)
        )
        [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
    ORDER BY hour DESC
    LIMIT 2000
)
SELECT hour, unrealised + realised AS profit, unrealised, realised
FROM newest
ORDER BY hour
