-- title: Newest forecasts
-- answers: What is forecast now, and from what? Prices that half of the simulated paths reach, and between which nine
--   of ten end; the drift and volatility of a step went in.
-- display: table
-- titles: exchange: Exchange, symbol: Market, as_of: Made at, horizon_s: Horizon, target_time: For,
--   last_price: Price then, p05: 5 %, p50: 50 %, p95: 95 %, expected_pct: Middle, low_pct: Low, high_pct: High,
--   step_volatility_bps: Volatility a step, step: Step
-- units: horizon_s: s, expected_pct: %, low_pct: %, high_pct: %, step_volatility_bps: bps
-- formats: last_price: price, p05: price derived, p50: price derived, p95: price derived, expected_pct: decimals 3,
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
    CAST(f.p05 AS double) AS p05,
    CAST(f.p50 AS double) AS p50,
    CAST(f.p95 AS double) AS p95,
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
