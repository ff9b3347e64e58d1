-- title: Movers
-- answers: Which markets rose and fell the most in the last hour and day? Those without a price a day ago come last,
--   and those without a trade since then are not there.
-- display: table
-- titles: symbol: Market, last_price: Price
-- units: change_1h_pct: %, change_24h_pct: %
-- formats: last_price: price, change_1h_pct: signed decimals 2, change_24h_pct: signed decimals 2
-- params: exchange: text required default ALL
SELECT symbol, last_price, change_1h AS change_1h_pct, change_24h AS change_24h_pct
FROM gold.market_summary
WHERE exchange = {{exchange}}
    AND last_time > (SELECT date_add('day', -1, max(last_time)) FROM gold.market_summary)
ORDER BY abs(change_24h) DESC NULLS LAST, symbol
LIMIT 20
