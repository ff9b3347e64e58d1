-- title: Worth now
-- answers: What is the portfolio worth, and what was it an hour ago? In one quote currency.
-- display: smartscalar
-- x: hour
-- y: value
-- units: value: {quote}
-- formats: value: decimals 2, hour: datetime
-- params: portfolio: text required default default, quote: text required default USD
SELECT hour, sum(value) AS value
FROM gold.portfolio
WHERE portfolio = {{portfolio}} AND quote = {{quote}}
    AND value IS NOT NULL AND hour > (SELECT date_add('day', -2, max(last_time)) FROM gold.market_summary)
GROUP BY hour
ORDER BY hour
