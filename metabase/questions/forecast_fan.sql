-- title: Where the price may go
-- answers: What may the market cost next? The newest forecast's bands, from the price it began with to its longest
--   horizon.
-- display: line
-- x: target_time
-- y: p05, p25, p50, p75, p95
-- formats: p05: decimals 4, p25: decimals 4, p50: decimals 4, p75: decimals 4, p95: decimals 4, target_time: datetime
-- params: symbol: text required default BTC-USD, exchange: text
WITH newest AS (
    SELECT exchange, max(as_of) AS as_of
    FROM gold.forecast_histogram
    WHERE symbol = {{symbol}} AND exchange = (
        SELECT exchange
        FROM gold.market_summary
        WHERE symbol = {{symbol}} AND exchange <> 'ALL' [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
        ORDER BY quote_volume_24h DESC, exchange
        LIMIT 1
    )
    GROUP BY exchange
),
forecasts AS (
    SELECT as_of, target_time, last_price, p05, p25, p50, p75, p95
    FROM gold.forecast
    WHERE symbol = {{symbol}} AND exchange = (SELECT exchange FROM newest) AND as_of = (SELECT as_of FROM newest)
)
SELECT target_time, p05, p25, p50, p75, p95
FROM forecasts
UNION
SELECT as_of, last_price, last_price, last_price, last_price, last_price
FROM forecasts
ORDER BY target_time
