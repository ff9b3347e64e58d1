-- title: Weights
-- answers: In what does the money lie? Value of each holding now, in one quote currency.
-- display: pie
-- x: symbol
-- y: value
-- units: value: {quote}
-- formats: value: decimals 2
-- params: portfolio: text required default default, quote: text required default USD
WITH held AS (
    SELECT symbol, value, row_number() OVER (PARTITION BY exchange, symbol ORDER BY hour DESC) AS place
    FROM gold.portfolio
    WHERE portfolio = {{portfolio}} AND quote = {{quote}}
        AND hour > (SELECT date_add('day', -2, max(last_time)) FROM gold.market_summary)
)
SELECT symbol, sum(value) AS value
FROM held
WHERE place = 1 AND value > 0
GROUP BY symbol
ORDER BY value DESC, symbol
