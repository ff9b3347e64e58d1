-- title: Freshness of markets
-- answers: Which market stands still, and since when was it not watched? The newest trade, and up to when its feed
--   said that it saw all, both against the newest trade of any market.
-- display: table
-- titles: exchange: Exchange, symbol: Market, watched_through: Watched up to, unwatched_s: Not watched
-- units: behind_s: s, unwatched_s: s
-- formats: last_trade: datetime, behind_s: decimals 0, watched_through: datetime, unwatched_s: decimals 0
-- params: exchange: text
WITH markets AS (
    SELECT exchange, symbol, last_time_us, max(last_time_us) OVER () AS newest_us
    FROM gold.market_summary
),
watched AS (
    SELECT exchange, symbol, max(through_us) AS through_us
    FROM silver.coverage
    GROUP BY exchange, symbol
)
SELECT
    s.exchange,
    s.symbol,
    from_unixtime(s.last_time_us / 1000000) AS last_trade,
    (s.newest_us - s.last_time_us) / 1000000 AS behind_s,
    from_unixtime(w.through_us / 1000000) AS watched_through,
    greatest(s.newest_us - w.through_us, 0) / 1000000 AS unwatched_s
FROM markets AS s
LEFT JOIN watched AS w ON w.exchange = s.exchange AND w.symbol = s.symbol
WHERE s.exchange <> 'ALL' [[ AND (s.exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
ORDER BY behind_s DESC, s.exchange, s.symbol
LIMIT 2000
