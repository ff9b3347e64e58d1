-- title: Share of exchanges
-- answers: Which exchange has most of the trading? Quote units of one currency over the last 24 hours and the
--   running one, or the days chosen.
-- display: pie
-- x: exchange
-- y: quote_volume
-- titles: quote_volume: Volume
-- units: quote_volume: {quote}
-- formats: quote_volume: amount derived
-- params: quote: text required default USD, from: date, to: date
SELECT exchange, sum(quote_volume) AS quote_volume
FROM gold.exchange_activity
WHERE quote = {{quote}} AND hour >= coalesce(
        [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
        [[ CAST(CAST({{to}} AS date) AS timestamp with time zone), ]]
        NULL,
        (SELECT date_add('day', -1, date_trunc('hour', max(last_time))) FROM gold.market_summary)
    )
    [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
GROUP BY exchange
ORDER BY quote_volume DESC, exchange
