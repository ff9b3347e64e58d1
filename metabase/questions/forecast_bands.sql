-- title: Forecast bands
-- answers: How often does the price stay in its bands? Half of the simulated paths end between p25 and p75, nine of
--   ten between p05 and p95. Forecasts whose time has not come have no price yet.
-- display: line
-- x: target_time
-- y: p05, p25, p50, p75, p95, actual
-- titles: p05: 5 %, p25: 25 %, p50: 50 %, p75: 75 %, p95: 95 %, actual: Price that came, target_time: Time
-- units: p05: {quote}, p25: {quote}, p50: {quote}, p75: {quote}, p95: {quote}, actual: {quote}
-- formats: p05: price derived, p25: price derived, p50: price derived, p75: price derived, p95: price derived,
--   actual: price, target_time: datetime
-- params: symbol: text required default BTC-USD, exchange: text, horizon: number, from: date, to: date
WITH market AS (
    SELECT exchange, min(horizon_s) AS shortest_s
    FROM gold.forecast_histogram
    WHERE symbol = {{symbol}} AND exchange = (
        SELECT exchange
        FROM gold.market_summary
        WHERE symbol = {{symbol}} AND exchange <> 'ALL' [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
        ORDER BY
            CASE WHEN last_time > date_add('day', -1, max(last_time) OVER ()) THEN 0 ELSE 1 END,
            quote_volume_24h DESC,
            exchange
        LIMIT 1
    )
    GROUP BY exchange
),
newest AS (
    SELECT target_time, p05, p25, p50, p75, p95, actual_price
    FROM gold.forecast
    WHERE symbol = {{symbol}} AND exchange = (SELECT exchange FROM market)
        AND horizon_s = coalesce([[ {{horizon}}, ]] NULL, (SELECT shortest_s FROM market))
        AND as_of >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ date_add('day', -6, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
            NULL,
            (SELECT date_add('day', -7, max(last_time)) FROM gold.market_summary)
        )
        [[ AND as_of < date_add('day', 1, CAST({{to}} AS date)) ]]
    ORDER BY as_of DESC
    LIMIT 700
)
SELECT
    target_time,
    CAST(p05 AS double) AS p05,
    CAST(p25 AS double) AS p25,
    CAST(p50 AS double) AS p50,
    CAST(p75 AS double) AS p75,
    CAST(p95 AS double) AS p95,
    actual_price AS actual
FROM newest
ORDER BY target_time
