-- title: Calibration
-- answers: Does the 90 % band hold 90 % of the prices? Per day of the forecasts and horizon, over all markets unless
--   one is chosen; below the line the bands are too narrow.
-- display: line
-- x: day
-- y: inside
-- series: horizon
-- goal: 0.9
-- titles: inside: In the band
-- formats: inside: percent 1, day: date
-- params: symbol: text, exchange: text, horizon: number, from: date, to: date
WITH days AS (
    SELECT day, horizon_s, sum(inside) AS inside, sum(judged) AS judged
    FROM gold.forecast_calibration
    WHERE judged > 0 AND band = DECIMAL '0.9' AND exchange <> 'ALL'
        [[ AND symbol = {{symbol}} ]] [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
        [[ AND horizon_s = {{horizon}} ]]
        AND day >= coalesce(
            [[ CAST({{from}} AS date), ]]
            [[ date_add('day', -89, CAST({{to}} AS date)), ]]
            NULL,
            (SELECT date_add('day', -89, CAST(max(last_time) AS date)) FROM gold.market_summary)
        )
        [[ AND day <= CAST({{to}} AS date) ]]
    GROUP BY day, horizon_s
    ORDER BY day DESC, horizon_s
    LIMIT 2000
)
SELECT
    day,
    CASE
        WHEN horizon_s % 3600 = 0 THEN CAST(horizon_s / 3600 AS varchar) || ' h'
        WHEN horizon_s % 60 = 0 THEN CAST(horizon_s / 60 AS varchar) || ' min'
        ELSE CAST(horizon_s AS varchar) || ' s'
    END AS horizon,
    CAST(inside AS double) / judged AS inside
FROM days
ORDER BY day, horizon_s
