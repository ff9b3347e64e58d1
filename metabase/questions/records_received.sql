-- title: Records in 24 hours
-- answers: How many records did the stream bring in the 24 hours before that of the newest trade, and in that?
-- display: scalar
-- y: received
-- formats: received: decimals 0 compact
SELECT sum(received) AS received
FROM gold.data_quality
WHERE hour >= (SELECT date_add('day', -1, date_trunc('hour', max(last_time))) FROM gold.market_summary)
