-- title: Return now
-- answers: How much more are the holdings worth than they cost, in percent?
-- display: scalar
-- y: return_pct
-- units: return_pct: %
-- formats: return_pct: signed decimals 2
-- params: portfolio: text required default default, quote: text required default USD
SELECT CAST(sum(unrealised) AS double) / nullif(CAST(sum(cost) AS double), 0) * 100 AS return_pct
FROM gold.portfolio
WHERE portfolio = {{portfolio}} AND quote = {{quote}}
    AND unrealised IS NOT NULL AND hour > (SELECT date_add('day', -2, max(last_time)) FROM gold.market_summary)
GROUP BY hour
ORDER BY hour DESC
LIMIT 1
