-- title: Newest trades
-- answers: What was traded last, and did the taker buy or sell? The newest 100 trades of the market's last hour; of
--   each day the feed that its candles count.
-- display: table
-- titles: traded_at: Time, size: Size, side: Taker, exchange: Exchange
-- units: price: {quote}, size: {base}
-- formats: traded_at: time, price: price, size: amount, side: side
-- params: symbol: text required default BTC-USD, exchange: text
WITH newest AS (
    SELECT t.event_time_us, t.trade_number, t.trade_id, t.exchange, t.price, t.size, t.side
    FROM silver.trades AS t
    JOIN gold.manifest AS m
        ON m.exchange = t.exchange AND m.symbol = t.symbol AND m.day = t.event_date AND m.source = t.source
    WHERE t.symbol = {{symbol}} [[ AND (t.exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
        AND t.event_time_us > (
            SELECT max(last_time_us) - 3600000000
            FROM gold.market_summary
            WHERE symbol = {{symbol}} [[ AND exchange = {{exchange}} ]]
        )
    ORDER BY t.event_time_us DESC, t.trade_number DESC, t.trade_id DESC, t.exchange
    LIMIT 100
)
SELECT
    from_unixtime(event_time_us / 1000000) AS traded_at,
    price,
    size,
    coalesce(side, 'unknown') AS side,
    exchange
FROM newest
ORDER BY event_time_us DESC, trade_number DESC, trade_id DESC, exchange
