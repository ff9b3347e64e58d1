-- title: Holdings
-- answers: What is held, what is it worth, and what did it bring? Cost is average cost with fees; each row is in its
--   quote currency, and weights are within one of them. Price age: hours since the market traded.
-- display: table
-- titles: portfolio: Portfolio, symbol: Market, exchange: Exchange, units: Held, return_pct: Return,
--   weight_pct: Weight, quote: Currency
-- units: return_pct: %, weight_pct: %, price_age_h: h
-- formats: units: amount, price: price, value: decimals 2, cost: decimals 2, unrealised: signed decimals 2,
--   return_pct: signed decimals 2, realised: signed decimals 2, weight_pct: bar decimals 1, price_age_h: decimals 0
-- params: portfolio: text, quote: text
WITH held AS (
    SELECT
        portfolio, exchange, symbol, quote, units, price, age_h,
        value, cost, unrealised, return_pct, realised, weight_pct,
        row_number() OVER (PARTITION BY portfolio, exchange, symbol ORDER BY hour DESC) AS place
    FROM gold.portfolio
    WHERE hour > (SELECT date_add('day', -2, max(last_time)) FROM gold.market_summary)
        [[ AND portfolio = {{portfolio}} ]] [[ AND quote = {{quote}} ]]
)
SELECT
    portfolio,
    symbol,
    exchange,
    units,
    price,
    value,
    cost,
    unrealised,
    return_pct,
    realised,
    weight_pct,
    quote,
    age_h AS price_age_h
FROM held
WHERE place = 1 AND units > 0
ORDER BY portfolio, quote, value DESC NULLS LAST, symbol
