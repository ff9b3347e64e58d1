-- title: Actual against predicted
-- answers: Did the price come as it was forecast? The middle forecast for each time and the price that then came, of
--   up to seven days. Of the chosen venue, of ALL the busiest one; the shortest horizon unless one is chosen.
-- display: line
-- x: target_time
-- y: predicted, actual
-- titles: predicted: Forecast, actual: Price that came, target_time: Time
-- units: predicted: {quote}, actual: {quote}
-- formats: predicted: price derived, actual: price, target_time: datetime
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
SELECT target_time, CAST(p50 AS double) AS predicted, actual_price AS actual
FROM newest
ORDER BY target_time
