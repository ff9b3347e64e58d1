-- title: Fear and greed by day
-- answers: Did fear or greed grow? The published index, from 0 (extreme fear) to 100 (extreme greed).
-- display: line
-- x: observed_date
-- y: value
-- formats: value: decimals 0, observed_date: date
SELECT observed_date, value, label
FROM silver.quotes
WHERE name = 'fear-greed' AND kind = 'index'
    AND observed_date > date_add('day', -365, (SELECT CAST(max(last_time) AS date) FROM gold.market_summary))
ORDER BY observed_date, source
