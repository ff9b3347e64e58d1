-- title: Why records are refused
-- answers: Which rule do quarantined records break? The last seven days or the days chosen; a record may break
--   several.
-- display: row
-- x: reason
-- y: records
-- units: records: records
-- formats: records: decimals 0
-- params: source: text, from: date, to: date
SELECT reason, sum(records) AS records
FROM gold.data_quality_reasons
WHERE hour >= coalesce(
        [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
        [[ date_add('day', -6, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
        NULL,
        (SELECT date_add('day', -7, max(last_time)) FROM gold.market_summary)
    )
    [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
    [[ AND source = {{source}} ]]
GROUP BY reason
ORDER BY records DESC, reason
LIMIT 30
