-- title: Simulated prices
-- answers: Where do the simulated paths of the newest forecast end? Paths by price, of the shortest horizon unless
--   one is chosen.
-- display: bar
-- x: price
-- y: paths
-- units: price: {quote}, paths: paths
-- formats: price: price derived, paths: decimals 0
-- params: symbol: text required default BTC-USD, exchange: text, horizon: number
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
)
SELECT CAST(low AS double) / 2 + CAST(high AS double) / 2 AS price, paths
FROM gold.forecast_histogram
WHERE symbol = {{symbol}} AND exchange = (SELECT exchange FROM market)
    AND horizon_s = coalesce([[ {{horizon}}, ]] NULL, (SELECT shortest_s FROM market))
ORDER BY price
