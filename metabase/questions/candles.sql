-- title: Candles
-- answers: How did the price of a market move, window by window? At most the 400 windows up to its newest trade, or
--   to the last day chosen, with the means of 7, 25 and 99 closes. A window in a gap has no price, nor has a mean
--   that would reach over it, and one that is not complete may still change.
-- display: candles
-- x: window_start
-- y: open, high, low, close
-- titles: ma_7: MA 7, ma_25: MA 25, ma_99: MA 99, trade_count: Trades, complete: Whole
-- units: open: {quote}, high: {quote}, low: {quote}, close: {quote}, vwap: {quote}, ma_7: {quote}, ma_25: {quote},
--   ma_99: {quote}, volume: {base}
-- formats: open: price, high: price, low: price, close: price, vwap: price derived, ma_7: price derived,
--   ma_25: price derived, ma_99: price derived, volume: amount, trade_count: decimals 0, window_start: datetime
-- params: symbol: text required default BTC-USD, exchange: text required default ALL,
--   interval: text required default 1m, from: date, to: date
WITH span AS (
    SELECT
        date_add('second', -400 * seconds, ends) AS begins,
        date_add('second', -499 * seconds, ends) AS averages_begin
    FROM (
        SELECT
            CASE {{interval}}
                WHEN '1s' THEN 1 WHEN '5s' THEN 5 WHEN '15s' THEN 15 WHEN '1m' THEN 60 WHEN '5m' THEN 300
                WHEN '15m' THEN 900 WHEN '30m' THEN 1800 WHEN '1h' THEN 3600 WHEN '4h' THEN 14400
                WHEN '1d' THEN 86400 ELSE 604800
            END AS seconds,
            least(
                last_time
                [[, CAST(date_add('day', 1, CAST({{to}} AS date)) AS timestamp with time zone) ]],
                last_time
            ) AS ends
        FROM gold.market_summary
        WHERE symbol = {{symbol}} AND exchange = {{exchange}}
    ) AS newest
),
windows AS (
    SELECT
        window_start,
        open,
        high,
        low,
        close,
        volume,
        vwap,
        CASE WHEN count(close) OVER (ORDER BY window_start ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) = 7 THEN
            avg(CAST(close AS double)) OVER (ORDER BY window_start ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)
        END AS ma_7,
        CASE WHEN count(close) OVER (ORDER BY window_start ROWS BETWEEN 24 PRECEDING AND CURRENT ROW) = 25 THEN
            avg(CAST(close AS double)) OVER (ORDER BY window_start ROWS BETWEEN 24 PRECEDING AND CURRENT ROW)
        END AS ma_25,
        CASE WHEN count(close) OVER (ORDER BY window_start ROWS BETWEEN 98 PRECEDING AND CURRENT ROW) = 99 THEN
            avg(CAST(close AS double)) OVER (ORDER BY window_start ROWS BETWEEN 98 PRECEDING AND CURRENT ROW)
        END AS ma_99,
        trade_count,
        complete
    FROM gold.candles
    WHERE symbol = {{symbol}} AND exchange = {{exchange}} AND interval = {{interval}}
        AND window_start > (SELECT averages_begin FROM span)
        [[ AND window_start < date_add('day', 1, CAST({{to}} AS date)) ]]
)
SELECT window_start, open, high, low, close, volume, vwap, ma_7, ma_25, ma_99, trade_count, complete
FROM windows
WHERE window_start > (SELECT begins FROM span)
    [[ AND window_start >= CAST({{from}} AS date) ]]
ORDER BY window_start
