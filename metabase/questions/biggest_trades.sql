-- title: Biggest trades
-- answers: Which single trades moved most money? The 100 biggest of a market by quote units, of the last 24 hours or
--   the days chosen; of each day the feed that its candles count.
-- display: table
-- titles: traded_at: Time, exchange: Exchange, symbol: Market, side: Taker, size: Size, quote_size: Total,
--   trade_id: Trade, backfilled: Filled in
-- units: price: {quote}, size: {base}, quote_size: {quote}
-- formats: price: price, size: amount, quote_size: bar amount derived, traded_at: datetime, side: side
-- params: symbol: text required default BTC-USD, exchange: text, side: text, from: date, to: date
WITH biggest AS (
    SELECT t.event_time_us, t.exchange, t.symbol, t.side, t.price, t.size, t.quote_size, t.trade_id, t.backfilled
    FROM silver.trades AS t
    JOIN gold.manifest AS m
        ON m.exchange = t.exchange AND m.symbol = t.symbol AND m.day = t.event_date AND m.source = t.source
    WHERE t.symbol = {{symbol}} AND t.event_time_us >= coalesce(
                [[ date_diff('day', DATE '1970-01-01', CAST({{from}} AS date)) * 86400000000, ]]
                [[ date_diff('day', DATE '1970-01-01', CAST({{to}} AS date)) * 86400000000, ]]
                NULL,
                (SELECT max(last_time_us) - 86400000000 FROM gold.market_summary WHERE symbol = {{symbol}})
            )
            [[ AND t.event_date <= CAST({{to}} AS date) ]]
            [[ AND (t.exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
            [[ AND t.side = {{side}} ]]
        ORDER BY t.quote_size DESC, t.event_time_us, t.exchange, t.trade_id
        LIMIT 100
    )
    SELECT
        from_unixtime(event_time_us / 1000000) AS traded_at,
        exchange,
        symbol,
        coalesce(side, 'unknown') AS side,
        price,
        size,
        quote_size,
        trade_id,
        backfilled
    FROM biggest
    ORDER BY quote_size DESC, event_time_us, exchange, trade_id
