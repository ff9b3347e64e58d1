-- title: Last price
-- answers: What does the market cost now, and how far is that from the minute before?
-- display: smartscalar
-- x: window_start
-- y: close
-- units: close: {quote}
-- formats: close: price, window_start: datetime
-- params: symbol: text required default BTC-USD, exchange: text required default ALL
SELECT window_start, close
FROM gold.candles
WHERE symbol = {{symbol}} AND exchange = {{exchange}} AND interval = '1m' AND trade_count > 0
    AND window_start > (
        SELECT date_add('hour', -1, last_time)
        FROM gold.market_summary
        WHERE symbol = {{symbol}} AND exchange = {{exchange}}
    )
ORDER BY window_start
