-- title: The account
-- answers: What became of the records? Each is counted as one thing, hour by hour of arrival; the last seven days or
--   the days chosen.
-- display: bar
-- x: hour
-- y: accepted, duplicate, conflict, quarantined, gap_records, coverage_records
-- stack: stacked
-- units: accepted: records, duplicate: records, conflict: records, quarantined: records, gap_records: records,
--   coverage_records: records
-- formats: hour: datetime, accepted: decimals 0, duplicate: decimals 0, conflict: decimals 0,
--   quarantined: decimals 0, gap_records: decimals 0, coverage_records: decimals 0
-- params: source: text, from: date, to: date
WITH newest AS (
    SELECT
        hour,
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
    GROUP BY hour
    ORDER BY hour DESC
    LIMIT 2000
)
SELECT hour, accepted, duplicate, conflict, quarantined, gap_records, coverage_records
FROM newest
ORDER BY hour
