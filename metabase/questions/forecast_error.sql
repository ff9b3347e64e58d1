-- title: Forecast errors
-- answers: How far off is the middle forecast, in percent of the price that came, and how often is it too high? By
--   horizon, of the last seven days, of forecasts whose price came.
-- display: table
-- titles: exchange: Exchange, horizon_s: Horizon, judged: Judged, mean_error_pct: Mean error,
--   mean_miss_pct: Mean miss, too_high_pct: Too high, inside_50_pct: In the 50 % band, inside_90_pct: In the 90 % band
-- units: horizon_s: s, mean_error_pct: %, mean_miss_pct: %, too_high_pct: %, inside_50_pct: %, inside_90_pct: %
-- formats: judged: decimals 0, mean_error_pct: decimals 4, mean_miss_pct: decimals 4,
--   too_high_pct: decimals 1, inside_50_pct: decimals 1, inside_90_pct: decimals 1, horizon_s: decimals 0
-- params: symbol: text required default BTC-USD, exchange: text
WITH judged AS (
    SELECT
        exchange,
        horizon_s,
        (CAST(p50 AS double) / CAST(actual_price AS double) - 1) * 100 AS error_pct,
        CASE WHEN actual_price BETWEEN p25 AND p75 THEN 100.0 ELSE 0.0 END AS inside_50,
        CASE WHEN actual_price BETWEEN p05 AND p95 THEN 100.0 ELSE 0.0 END AS inside_90
    FROM gold.forecast
    WHERE symbol = {{symbol}} AND actual_price IS NOT NULL
        [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
        AND as_of > (
            SELECT date_add('day', -7, max(last_time)) FROM gold.market_summary WHERE symbol = {{symbol}}
        )
)
SELECT
    exchange,
    horizon_s,
    count(*) AS judged,
    avg(error_pct) AS mean_error_pct,
    avg(abs(error_pct)) AS mean_miss_pct,
    avg(CASE WHEN error_pct > 0 THEN 100e0 ELSE 0e0 END) AS too_high_pct,
    avg(CAST(inside_50 AS double)) AS inside_50_pct,
    avg(CAST(inside_90 AS double)) AS inside_90_pct
FROM judged
GROUP BY exchange, horizon_s
ORDER BY exchange, horizon_s
