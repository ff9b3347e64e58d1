-- title: Volatility
-- answers: How much does the price swing? The root of the mean square of the log returns between the closes of the last
--   30 windows with a trade, or as many as there are from ten on, by the time between them, as it would be over a year.
--   At most the 400 windows up to the newest trade, or to the last day chosen.
-- display: line
-- x: window_start
-- y: volatility_pct
-- titles: volatility_pct: Volatility
-- units: volatility_pct: % a year
-- formats: volatility_pct: decimals 1, window_start: datetime
-- params: symbol: text required default BTC-USD, exchange: text required default ALL,
--   interval: text required default 1m, from: date, to: date
WITH span AS (
    SELECT
        date_add('second', -400 * seconds, ends) AS begins,
        date_add('second', -430 * seconds, ends) AS closes_begin
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
closes AS (
    SELECT
        window_start,
        round(ln(CAST(close AS double) / lag(CAST(close AS double)) OVER (ORDER BY window_start)), 12) AS log_return,
        date_diff('second', lag(window_start) OVER (ORDER BY window_start), window_start) AS elapsed_s
    FROM gold.candles
    WHERE symbol = {{symbol}} AND exchange = {{exchange}} AND interval = {{interval}} AND trade_count > 0
        AND window_start > (SELECT closes_begin FROM span)
        [[ AND window_start < date_add('day', 1, CAST({{to}} AS date)) ]]
),
deviations AS (
    SELECT
        window_start,
        CASE WHEN count(log_return) OVER last_30 >= 10 THEN
            sqrt(sum(log_return * log_return) OVER last_30 / sum(elapsed_s) OVER last_30)
        END AS deviation
    FROM closes
    WINDOW last_30 AS (ORDER BY window_start ROWS BETWEEN 29 PRECEDING AND CURRENT ROW)
)
SELECT window_start, deviation * sqrt(31536000e0) * 100 AS volatility_pct
FROM deviations
WHERE deviation IS NOT NULL AND window_start > (SELECT begins FROM span)
    [[ AND window_start >= CAST({{from}} AS date) ]]
ORDER BY window_start
