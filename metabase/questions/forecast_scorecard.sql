-- title: Calibration by market
-- answers: Whose forecasts can be trusted? Forecasts of the last 30 days that were judged, and the share of prices
--   that was in the band; within what chance allows (more where forecasts overlap), it is the band's own.
-- display: table
-- titles: exchange: Exchange, symbol: Market, horizon_s: Horizon, inside: In the band, stood_still: Stood still,
--   newest_as_of: Newest forecast
-- units: horizon_s: s
-- formats: band: percent 0, inside: percent 1, judged: decimals 0, stood_still: decimals 0, chance: percent 1,
--   horizon_s: decimals 0, newest_as_of: datetime
-- params: symbol: text, exchange: text, horizon: number
SELECT
    exchange,
    symbol,
    horizon_s,
    band,
    sum(judged) AS judged,
    CAST(sum(inside) AS double) / sum(judged) AS inside,
    2 * sqrt(CAST(band * (1 - band) AS double) / sum(judged)) AS chance,
    sum(stood_still) AS stood_still,
    max(newest_as_of) AS newest_as_of
FROM gold.forecast_calibration
WHERE day > (SELECT date_add('day', -30, CAST(max(last_time) AS date)) FROM gold.market_summary)
    [[ AND symbol = {{symbol}} ]] [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
    [[ AND horizon_s = {{horizon}} ]]
GROUP BY exchange, symbol, horizon_s, band
HAVING sum(judged) > 0
ORDER BY exchange, symbol, horizon_s, band
LIMIT 500
