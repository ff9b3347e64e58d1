-- title: Records in 24 hours
-- answers: How many records did the stream bring in the last 24 hours?
-- display: scalar
-- y: received
-- formats: received: decimals 0 compact
SELECT sum(received) AS received
FROM gold.data_quality
WHERE hour > (SELECT date_add('day', -1, max(last_time)) FROM gold.market_summary)
