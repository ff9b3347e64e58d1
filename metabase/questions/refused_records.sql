-- title: Newest refused records
-- answers: What do refused records look like? The newest 50 of two days of arrival, with the beginning of their bytes.
-- display: table
-- titles: verdict: Verdict, reasons: Reasons, source: Source, symbol: Market, payload: Bytes
-- formats: arrived_at: datetime
-- params: source: text
SELECT
    date_trunc('second', arrival_time) AS arrived_at,
    verdict,
    array_join(reasons, ', ') AS reasons,
    coalesce(source, 'unknown') AS source,
    symbol,
    CASE
        WHEN contains(reasons, 'payload.utf8') THEN substr(to_hex(payload), 1, 160)
        ELSE substr(from_utf8(payload), 1, 160)
    END AS payload
FROM silver.rejected
WHERE verdict <> 'duplicate'
    AND arrival_date >= (SELECT date_add('day', -1, CAST(max(last_time) AS date)) FROM gold.market_summary)
    [[ AND coalesce(source, 'unknown') = {{source}} ]]
ORDER BY arrival_time DESC, shard_id, sequence_number DESC, sub_sequence_number DESC
LIMIT 50
