-- title: Net purchases
-- answers: Are takers buying or selling on balance? Base units bought less sold in each window, and added up over
--   what is shown (the cumulative volume delta): at most the 400 windows up to the newest trade, or to the last day
--   chosen.
-- display: combo
-- x: window_start
-- y: net, net_so_far
-- bars: net
-- right: net_so_far
-- titles: net: Bought less sold, net_so_far: Added up
-- units: net: {base}, net_so_far: {base}
-- formats: net: signed amount, net_so_far: amount, window_start: datetime
-- params: symbol: text required default BTC-USD, exchange: text required default ALL,
--   interval: text required default 1m, from: date, to: date
WITH span AS (
    SELECT seconds, date_add('second', -400 * seconds, ends) AS begins
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
)
SELECT
    window_start,
    buy_volume - sell_volume AS net,
    sum(buy_volume - sell_volume) OVER (
        ORDER BY window_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS net_so_far
FROM gold.candles
WHERE symbol = {{symbol}} AND exchange = {{exchange}} AND interval = {{interval}}
    AND window_start > (SELECT begins FROM span)
    [[ AND window_start >= CAST({{from}} AS date) ]]
    [[ AND window_start < date_add('day', 1, CAST({{to}} AS date)) ]]
ORDER BY window_start
