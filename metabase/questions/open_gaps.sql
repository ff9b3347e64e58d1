-- title: Open gaps by market
-- answers: Where are trades missing? From the last trade before the hole to the first behind it; one that goes on has
--   no end yet. * is every market: a hole of the stream itself. The newest 200.
-- display: table
-- titles: exchange: Exchange, symbol: Market, source: Source, begins: Begins, seconds: Length, from_id: From trade,
--   to_id: To trade, reason: Reason
-- units: seconds: s
-- formats: begins: datetime, ends: datetime, seconds: decimals 1, known_since: datetime
-- params: exchange: text, symbol: text
SELECT
    o.exchange,
    o.symbol,
    o.source,
    from_unixtime(o.from_us / 1000000) AS begins,
    from_unixtime(o.to_us / 1000000) AS ends,
    CAST(o.to_us - o.from_us AS double) / 1000000 AS seconds,
    o.from_id,
    o.to_id,
    o.reason,
    date_trunc('second', o.arrival_time) AS known_since
FROM silver.gaps AS o
LEFT JOIN silver.gaps AS c
    ON c.exchange = o.exchange AND c.symbol = o.symbol AND c.source = o.source AND c.gap_id = o.gap_id
    AND c.event <> 'opened'
WHERE o.event = 'opened' AND c.gap_id IS NULL
    [[ AND (o.exchange IN ({{exchange}}, '*') OR {{exchange}} = 'ALL') ]] [[ AND o.symbol IN ({{symbol}}, '*') ]]
ORDER BY o.from_us DESC, o.exchange, o.symbol, o.gap_id
LIMIT 200
