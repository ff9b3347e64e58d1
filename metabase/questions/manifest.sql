-- title: The manifest
-- answers: Which days of which market are whole? The newest 500 days of markets; a day that ended has a hash that
--   vouches for its trades.
-- display: table
-- titles: exchange: Exchange, symbol: Market, source: Source, open_gaps: Gaps, complete: Whole, hash: Hash
-- formats: trades: decimals 0, volume: amount, watched: percent 2, open_gaps: decimals 0, day: date,
--   first_trade: datetime, last_trade: datetime
-- params: exchange: text, symbol: text, from: date, to: date
SELECT
    day,
    exchange,
    symbol,
    source,
    trade_count AS trades,
    volume,
    coverage AS watched,
    open_gaps,
    complete,
    from_unixtime(open_time_us / 1000000) AS first_trade,
    from_unixtime(close_time_us / 1000000) AS last_trade,
    substr(trades_sha256, 1, 12) AS hash
FROM gold.manifest
WHERE day >= coalesce(
        [[ CAST({{from}} AS date), ]]
        [[ date_add('day', -13, CAST({{to}} AS date)), ]]
        NULL,
        (SELECT date_add('day', -13, CAST(max(last_time) AS date)) FROM gold.market_summary)
    )
    [[ AND day <= CAST({{to}} AS date) ]]
    [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]] [[ AND symbol = {{symbol}} ]]
ORDER BY day DESC, exchange, symbol
LIMIT 500
