-- title: Where the price may go
-- answers: What may the market cost next? The newest forecast's bands, from the price it began with to its longest
--   horizon.
-- display: line
-- x: target_time
-- y: p05, p25, p50, p75, p95
-- titles: p05: 5 %, p25: 25 %, p50: 50 %, p75: 75 %, p95: 95 %, target_time: Time
-- units: p05: {quote}, p25: {quote}, p50: {quote}, p75: {quote}, p95: {quote}
-- formats: p05: price derived, p25: price derived, p50: price derived, p75: price derived, p95: price derived,
--   target_time: datetime
-- params: symbol: text required default BTC-USD, exchange: text
WITH newest AS (
    SELECT exchange, max(as_of) AS as_of
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
forecasts AS (
    SELECT
        as_of,
        target_time,
        CAST(last_price AS double) AS last_price,
        CAST(p05 AS double) AS p05,
        CAST(p25 AS double) AS p25,
        CAST(p50 AS double) AS p50,
        CAST(p75 AS double) AS p75,
        CAST(p95 AS double) AS p95
    FROM gold.forecast
    WHERE symbol = {{symbol}} AND exchange = (SELECT exchange FROM newest) AND as_of = (SELECT as_of FROM newest)
)
SELECT target_time, p05, p25, p50, p75, p95
FROM forecasts
UNION
SELECT as_of, last_price, last_price, last_price, last_price, last_price
FROM forecasts
ORDER BY target_time
