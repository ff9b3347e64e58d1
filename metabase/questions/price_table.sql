-- title: Prices
-- answers: What does each market cost, and how far has it moved? Prices are in the quote currency, now is the
--   market's newest trade, changes are against the last price an hour, a day and a week before it, and volatility is
--   as over a year.
-- display: table
-- titles: symbol: Market, exchange: Exchange, last_price: Price, volume_24h: Amount 24h,
--   quote_volume_24h: Volume 24h, quote: Currency, volatility_24h_pct: Volatility
-- units: last_price: {quote}, high_24h: {quote}, low_24h: {quote}, volume_24h: {base},
--   quote_volume_24h: {quote}, change_1h_pct: %, change_24h_pct: %, change_7d_pct: %, volatility_24h_pct: %
-- formats: last_price: price, change_1h_pct: signed decimals 2, change_24h_pct: signed decimals 2,
--   change_7d_pct: signed decimals 2, high_24h: price, low_24h: price, volume_24h: amount derived,
--   quote_volume_24h: amount derived, trades_24h: decimals 0, volatility_24h_pct: decimals 1, last_trade: datetime
-- params: symbol: text, exchange: text
SELECT
    symbol,
    exchange,
    last_price,
    change_1h AS change_1h_pct,
    change_24h AS change_24h_pct,
    change_7d AS change_7d_pct,
    high_24h,
    low_24h,
    volume_24h,
    quote_volume_24h,
    split_part(symbol, '-', 2) AS quote,
    trades_24h,
    volatility_24h * 100 AS volatility_24h_pct,
    from_unixtime(last_time_us / 1000000) AS last_trade
FROM gold.market_summary
WHERE last_price > 0 [[ AND symbol = {{symbol}} ]] [[ AND exchange = {{exchange}} ]]
ORDER BY quote_volume_24h DESC, symbol, exchange
LIMIT 2000
