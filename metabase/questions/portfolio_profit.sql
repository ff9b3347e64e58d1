-- title: Profit now
-- answers: What did the portfolio bring so far? What holdings gained over their cost, and what sales brought.
-- display: smartscalar
-- x: hour
-- y: profit
-- units: profit: {quote}
-- formats: profit: signed decimals 2, hour: datetime
-- params: portfolio: text required default default, quote: text required default USD
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
)
SELECT hour, unrealised + realised AS profit
FROM totals
WHERE unrealised IS NOT NULL AND hour > (SELECT date_add('day', -2, max(last_time)) FROM gold.market_summary)
ORDER BY hour
