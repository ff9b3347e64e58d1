-- title: Fear and greed
-- answers: Is the market afraid or greedy? The newest value of the published index, from 0 (extreme fear) to 100
--   (extreme greed).
-- display: gauge
-- y: value
-- segments: 0 .. 25 red extreme fear, 25 .. 45 yellow fear, 45 .. 55 yellow neutral, 55 .. 75 green greed,
--   75 .. 100 green extreme greed
-- formats: value: decimals 0
SELECT value, label, observed_at
FROM silver.quotes
WHERE name = 'fear-greed' AND kind = 'index'
    AND observed_date > date_add('day', -30, (SELECT CAST(max(last_time) AS date) FROM gold.market_summary))
ORDER BY observed_at DESC, source
LIMIT 1
