-- title: Bars
-- answers: How did the price move from one equal piece of trading to the next? A bar ends when it has its number of
--   trades (tick), base units (volume) or quote units (dollar). Of the chosen venue, of ALL the busiest one: the
--   newest 400 bars of eight days.
-- display: candles
-- x: open_time
-- y: open, high, low, close
-- titles: open_time: Opened, close_time: Closed, exchange: Exchange, trade_count: Trades, complete: Whole
-- units: open: {quote}, high: {quote}, low: {quote}, close: {quote}, vwap: {quote}, volume: {base}
-- formats: open: price, high: price, low: price, close: price, vwap: price derived, volume: amount,
--   trade_count: decimals 0, open_time: datetime, close_time: datetime
-- params: symbol: text required default BTC-USD, exchange: text, kind: text required default tick
WITH venue AS (
    SELECT exchange, last_time_us
    FROM gold.market_summary
    WHERE symbol = {{symbol}} AND exchange <> 'ALL' [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
    ORDER BY
        CASE WHEN last_time > date_add('day', -1, max(last_time) OVER ()) THEN 0 ELSE 1 END,
        quote_volume_24h DESC,
        exchange
    LIMIT 1
),
newest AS (
    SELECT
        day, number, exchange, open_time_us, close_time_us, open, high, low, close, volume, vwap, trade_count, complete
    FROM gold.bars
    WHERE symbol = {{symbol}} AND kind = {{kind}} AND exchange = (SELECT exchange FROM venue)
        AND close_time_us > (SELECT last_time_us FROM venue) - 8 * 86400000000
    ORDER BY day DESC, number DESC
    LIMIT 400
)
SELECT
    date_add('millisecond', open_time_us % 1000000 / 1000, from_unixtime(open_time_us / 1000000)) AS open_time,
    date_add('millisecond', close_time_us % 1000000 / 1000, from_unixtime(close_time_us / 1000000)) AS close_time,
    exchange,
    open,
    high,
    low,
    close,
    volume,
    vwap,
    trade_count,
    complete
FROM newest
ORDER BY day, number
