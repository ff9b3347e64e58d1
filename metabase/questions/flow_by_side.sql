-- title: Purchases and sales by hour
-- answers: Do takers buy or sell? Quote units of one currency, hour by hour; the last seven days unless days are
--   chosen.
-- display: bar
-- x: hour
-- y: quote_volume
-- series: side
-- stack: stacked
-- titles: quote_volume: Volume
-- units: quote_volume: {quote}
-- formats: quote_volume: amount derived, hour: datetime
-- params: quote: text required default USD, exchange: text, from: date, to: date
WITH newest AS (
    SELECT hour, side, sum(quote_volume) AS quote_volume
    FROM gold.exchange_activity
    WHERE quote = {{quote}} AND hour >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ date_add('day', -6, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
            NULL,
            (SELECT date_add('day', -7, max(last_time)) FROM gold.market_summary)
        )
        [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
        [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
    GROUP BY hour, side
    ORDER BY hour DESC, side
    LIMIT 2000
)
SELECT
    hour,
    CASE side WHEN 'buy' THEN 'bought' WHEN 'sell' THEN 'sold' ELSE 'side unknown' END AS side,
    quote_volume
FROM newest
ORDER BY hour, side
