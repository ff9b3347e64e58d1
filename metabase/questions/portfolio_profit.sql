-- title: Profit now
-- answers: What did the portfolio bring so far? What holdings gained over their cost, and what sales brought.
-- display: smartscalar
-- x: hour
-- y: profit
-- formats: profit: signed decimals 2, hour: datetime
-- params: portfolio: text required default default, quote: text required default USD
SELECT hour, sum(unrealised) + sum(realised) AS profit
FROM gold.portfolio
WHERE portfolio = {{portfolio}} AND quote = {{quote}}
    AND hour > (SELECT date_add('day', -2, max(last_time)) FROM gold.market_summary)
GROUP BY hour
ORDER BY hour
