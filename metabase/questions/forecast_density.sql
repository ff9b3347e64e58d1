-- title: Probability density
-- answers: How likely is a price? Of the newest forecast, the share of paths that ends at a price, in percent of all
--   for each basis point (a hundredth of a percent) of the price.
-- display: area
-- x: price
-- y: density_pct
-- titles: density_pct: Density
-- units: price: {quote}, density_pct: % a bp
-- formats: price: price derived, density_pct: decimals 2
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
SELECT
    CAST(low AS double) / 2 + CAST(high AS double) / 2 AS price,
    density * (CAST(low AS double) / 2 + CAST(high AS double) / 2) / 10000 * 100 AS density_pct
FROM gold.forecast_histogram
WHERE symbol = {{symbol}} AND exchange = (SELECT exchange FROM market)
    AND horizon_s = coalesce([[ {{horizon}}, ]] NULL, (SELECT shortest_s FROM market))
ORDER BY price
