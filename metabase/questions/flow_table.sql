-- title: Purchases and sales by exchange
-- answers: Who was pressed, buyers or sellers? Per exchange and quote currency over the last 24 hours and the
--   running one, or the days chosen; above 50 % takers bought more than they sold.
-- display: table
-- titles: exchange: Exchange, quote: Currency, bought_pct: Share bought, mean_trade: Mean trade
-- units: bought: {quote}, sold: {quote}, net: {quote}, mean_trade: {quote}, bought_pct: %
-- formats: bought: amount derived, sold: amount derived, net: signed amount derived, bought_pct: bar decimals 1,
--   trades: decimals 0, mean_trade: amount derived
-- params: quote: text, exchange: text, from: date, to: date
WITH sides AS (
    SELECT
        exchange,
        quote,
        sum(trades) AS trades,
        sum(CAST(quote_volume AS double)) AS quote_volume,
        sum(CASE WHEN side = 'buy' THEN CAST(quote_volume AS double) ELSE 0 END) AS bought,
        sum(CASE WHEN side = 'sell' THEN CAST(quote_volume AS double) ELSE 0 END) AS sold
    FROM gold.exchange_activity
    WHERE hour >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ CAST(CAST({{to}} AS date) AS timestamp with time zone), ]]
            NULL,
            (SELECT date_add('day', -1, date_trunc('hour', max(last_time))) FROM gold.market_summary)
        ) [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
        [[ AND quote = {{quote}} ]] [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
    GROUP BY exchange, quote
)
SELECT
    exchange,
    quote,
    bought,
    sold,
    bought - sold AS net,
    bought / nullif(bought + sold, 0) * 100 AS bought_pct,
    trades,
    quote_volume / trades AS mean_trade
FROM sides
ORDER BY quote_volume DESC, exchange, quote
