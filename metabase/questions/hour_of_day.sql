-- title: When is traded
-- answers: At which hour of the day (UTC) is most traded? The mean quote units of the hours in which there was
--   a trade, of the last 28 days or the days chosen.
-- display: bar
-- x: hour_utc
-- y: bought, sold, side_unknown
-- stack: stacked
-- titles: hour_utc: Hour (UTC)
-- units: bought: {quote}, sold: {quote}, side_unknown: {quote}
-- formats: bought: amount derived, sold: amount derived, side_unknown: amount derived, hour_utc: decimals 0
-- params: quote: text required default USD, exchange: text, from: date, to: date
WITH hours AS (
    SELECT
        hour,
        sum(CASE WHEN side = 'buy' THEN CAST(quote_volume AS double) ELSE 0 END) AS bought,
        sum(CASE WHEN side = 'sell' THEN CAST(quote_volume AS double) ELSE 0 END) AS sold,
        sum(CASE WHEN side IN ('buy', 'sell') THEN 0 ELSE CAST(quote_volume AS double) END) AS side_unknown
    FROM gold.exchange_activity
    WHERE quote = {{quote}} AND hour >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ date_add('day', -27, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
            NULL,
            (SELECT date_add('day', -28, max(last_time)) FROM gold.market_summary)
        )
        [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
        [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
    GROUP BY hour
)
SELECT hour(hour) AS hour_utc, avg(bought) AS bought, avg(sold) AS sold, avg(side_unknown) AS side_unknown
FROM hours
GROUP BY hour(hour)
ORDER BY hour_utc
