-- title: The account by source
-- answers: Which source brings what, and what became of it? Records of the last seven days or the days chosen. Source
--   * is what bronze has and no table of silver names: the coverage records of every feed, and what is still on its
--   way. That nothing else is among them is what tapehouse audit proves.
-- display: table
-- titles: source: Source, gap_records: Gaps, coverage_records: Coverage
-- formats: received: bar decimals 0, accepted: decimals 0, duplicate: decimals 0, conflict: decimals 0,
--   quarantined: decimals 0, gap_records: decimals 0, coverage_records: decimals 0
-- params: source: text, from: date, to: date
SELECT
    source,
    sum(received) AS received,
    sum(accepted) AS accepted,
    sum(duplicate) AS duplicate,
    sum(conflict) AS conflict,
    sum(quarantined) AS quarantined,
    sum(gap_records) AS gap_records,
    sum(coverage_records) AS coverage_records
FROM gold.data_quality
WHERE hour >= coalesce(
        [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
        [[ date_add('day', -6, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
        NULL,
        (SELECT date_add('day', -7, max(last_time)) FROM gold.market_summary)
    )
    [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
    [[ AND source = {{source}} ]]
GROUP BY source
ORDER BY received DESC, source
