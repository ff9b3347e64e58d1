-- title: Price and averages
-- answers: Does the market trade above or below what was paid on average? The close beside the volume-weighted
--   average price (VWAP) of each window and of all that is shown up to it, and the mean of the last 20 closes. At
--   most the 400 windows up to the newest trade, or to the last day chosen.
-- display: line
-- x: window_start
-- y: close, vwap, vwap_so_far, mean_20
-- titles: vwap_so_far: VWAP so far, mean_20: Mean of 20
-- units: close: {quote}, vwap: {quote}, vwap_so_far: {quote}, mean_20: {quote}
-- formats: close: price, vwap: price derived, vwap_so_far: price derived, mean_20: price derived,
--   window_start: datetime
-- params: symbol: text required default BTC-USD, exchange: text required default ALL,
--   interval: text required default 1m, from: date, to: date
WITH span AS (
    SELECT
        date_add('second', -400 * seconds, ends) AS begins,
        date_add('second', -419 * seconds, ends) AS means_begin
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
        close,
        vwap,
        volume,
        quote_volume,
        CASE WHEN count(close) OVER (ORDER BY window_start ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) = 20 THEN
            avg(CAST(close AS double)) OVER (ORDER BY window_start ROWS BETWEEN 19 PRECEDING AND CURRENT ROW)
        END AS mean_20
    FROM gold.candles
    WHERE symbol = {{symbol}} AND exchange = {{exchange}} AND interval = {{interval}} AND trade_count > 0
        AND window_start > (SELECT means_begin FROM span)
        [[ AND window_start < date_add('day', 1, CAST({{to}} AS date)) ]]
)
SELECT
    window_start,
    close,
    vwap,
    sum(CAST(quote_volume AS double)) OVER (ORDER BY window_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
        / sum(CAST(volume AS double)) OVER (ORDER BY window_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
        AS vwap_so_far,
    mean_20
FROM windows
WHERE window_start > (SELECT begins FROM span)
    [[ AND window_start >= CAST({{from}} AS date) ]]
ORDER BY window_start
