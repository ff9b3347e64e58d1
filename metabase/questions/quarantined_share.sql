-- title: Refused
-- answers: Which share of the records broke a rule or contradicted what was known? Of the 24 hours before that of the
--   newest trade, and of that.
-- display: gauge
-- y: refused_pct
-- segments: 0 .. 0.1 green sound, 0.1 .. 1 yellow look, 1 .. 10 red broken
-- units: refused_pct: %
-- formats: refused_pct: decimals 2
SELECT CAST(sum(quarantined + conflict) AS double) / nullif(sum(received), 0) * 100 AS refused_pct
FROM gold.data_quality
WHERE hour >= (SELECT date_add('day', -1, date_trunc('hour', max(last_time))) FROM gold.market_summary)
