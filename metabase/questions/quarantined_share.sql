-- title: Refused
-- answers: Which share of the last 24 hours' records broke a rule or contradicted what was known?
-- display: gauge
-- y: refused_pct
-- segments: 0 .. 0.1 green sound, 0.1 .. 1 yellow look, 1 .. 10 red broken
-- units: refused_pct: %
-- formats: refused_pct: decimals 2
SELECT CAST(sum(quarantined + conflict) AS double) / nullif(sum(received), 0) * 100 AS refused_pct
FROM gold.data_quality
WHERE hour > (SELECT date_add('day', -1, max(last_time)) FROM gold.market_summary)
