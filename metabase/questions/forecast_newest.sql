-- title: Newest forecasts
-- answers: What is forecast now, and from what? Prices that half of the simulated paths reach, and between which nine
--   of ten end; the drift and volatility of a step went in.
-- display: table
-- units: horizon_s: s, expected_pct: %, low_pct: %, high_pct: %, step_volatility_bps: bps
-- formats: last_price: decimals 4, p05: decimals 4, p50: decimals 4, p95: decimals 4, expected_pct: signed decimals 3,
--   low_pct: decimals 3, high_pct: decimals 3, step_volatility_bps: decimals 2, as_of: datetime,
--   target_time: datetime, horizon_s: decimals 0
-- params: symbol: text, exchange: text, horizon: number
SELECT
    f.exchange,
    f.symbol,
    f.as_of,
    f.horizon_s,
    f.target_time,
    f.last_price,
    f.p05,
    f.p50,
    f.p95,
    (CAST(f.p50 AS double) / CAST(f.last_price AS double) - 1) * 100 AS expected_pct,
    (CAST(f.p05 AS double) / CAST(f.last_price AS double) - 1) * 100 AS low_pct,
    (CAST(f.p95 AS double) / CAST(f.last_price AS double) - 1) * 100 AS high_pct,
    f.sigma * 10000 AS step_volatility_bps,
    f.interval AS step
FROM gold.forecast AS f
JOIN (
    SELECT exchange, symbol, horizon_s, as_of
    FROM gold.forecast_histogram
    WHERE bin = 0
) AS h ON h.exchange = f.exchange AND h.symbol = f.symbol AND h.horizon_s = f.horizon_s AND h.as_of = f.as_of
WHERE f.paths > 0
    [[ AND f.symbol = {{symbol}} ]] [[ AND (f.exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
    [[ AND f.horizon_s = {{horizon}} ]]
ORDER BY f.symbol, f.exchange, f.horizon_s
LIMIT 500
