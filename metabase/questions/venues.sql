-- title: Venues of a market
-- answers: Where is the market traded, how much of it, and where is it cheapest? A venue a day behind the others'
--   newest trade is no longer compared.
-- display: table
-- titles: exchange: Exchange, last_price: Price, above_cheapest_bps: Above cheapest, quote_volume_24h: Volume 24h,
--   share_of_volume_pct: Share of volume
-- units: last_price: {quote}, above_cheapest_bps: bps, share_of_volume_pct: %, change_24h_pct: %,
--   quote_volume_24h: {quote}, behind_s: s
-- formats: last_price: price, above_cheapest_bps: decimals 1, change_24h_pct: signed decimals 2,
--   quote_volume_24h: amount derived, share_of_volume_pct: bar decimals 1, trades_24h: decimals 0,
--   behind_s: decimals 0
-- params: symbol: text required default BTC-USD
WITH places AS (
    SELECT
        exchange,
        last_price,
        change_24h,
        quote_volume_24h,
        trades_24h,
        max(last_time_us) OVER () - last_time_us AS behind_us,
        CASE WHEN last_time > date_add('day', -1, max(last_time) OVER ()) THEN CAST(last_price AS double) END AS price,
        CASE WHEN last_time > date_add('day', -1, max(last_time) OVER ()) THEN
            CAST(quote_volume_24h AS double)
        END AS volume
    FROM gold.market_summary
    WHERE symbol = {{symbol}} AND exchange <> 'ALL'
)
SELECT
    exchange,
    last_price,
    (price / min(price) OVER () - 1) * 10000 AS above_cheapest_bps,
    change_24h AS change_24h_pct,
    quote_volume_24h,
    volume / sum(volume) OVER () * 100 AS share_of_volume_pct,
    trades_24h,
    behind_us / 1000000 AS behind_s
FROM places
ORDER BY quote_volume_24h DESC, exchange
