-- title: Difference between venues
-- answers: Which venue pays more, and which less? Each venue's average price of a window against that of all of them,
--   in basis points (a hundredth of a percent). Of at most 200 windows, those in which two or more traded; USD is not
--   USDT.
-- display: line
-- x: window_start
-- y: difference_bps
-- series: exchange
-- titles: difference_bps: Difference
-- units: difference_bps: bps
-- formats: difference_bps: decimals 1, window_start: datetime
-- params: symbol: text required default BTC-USD, interval: text required default 1m, from: date, to: date
WITH span AS (
    SELECT seconds, date_add('second', -200 * seconds, ends) AS begins
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
        WHERE symbol = {{symbol}} AND exchange = 'ALL'
    ) AS newest
),
prices AS (
    SELECT
        window_start,
        exchange,
        CAST(vwap AS double) AS vwap,
        max(CASE WHEN exchange = 'ALL' THEN CAST(vwap AS double) END) OVER (PARTITION BY window_start) AS of_all,
        count(CASE WHEN exchange <> 'ALL' THEN 1 END) OVER (PARTITION BY window_start) AS venues
    FROM gold.candles
    WHERE symbol = {{symbol}} AND interval = {{interval}} AND trade_count > 0
        AND window_start > (SELECT begins FROM span)
        [[ AND window_start >= CAST({{from}} AS date) ]]
        [[ AND window_start < date_add('day', 1, CAST({{to}} AS date)) ]]
),
newest AS (
    SELECT window_start, exchange, (vwap - of_all) / of_all * 10000 AS difference_bps
    FROM prices
    WHERE exchange <> 'ALL' AND of_all > 0 AND venues > 1
    ORDER BY window_start DESC, exchange
    LIMIT 2000
)
SELECT window_start, exchange, difference_bps
FROM newest
ORDER BY window_start, exchange
