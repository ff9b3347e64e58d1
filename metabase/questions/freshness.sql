-- title: Freshness of tables
-- answers: How old is the newest of each table, by the clock? Trades should be seconds old; days and hours begin
--   before they end.
-- display: table
-- titles: table_name: Table, newest_what: Newest, newest: Its time, age_s: Age
-- units: age_s: s
-- formats: newest: datetime, age_s: decimals 0
WITH newest AS (
    SELECT 'gold.candles' AS what, 'trade' AS of_its, max(from_unixtime(close_time_us / 1000000)) AS newest
    FROM gold.candles
    WHERE interval = '1w' AND exchange = 'ALL'
    UNION ALL
    SELECT 'gold.market_summary', 'trade', max(from_unixtime(last_time_us / 1000000)) FROM gold.market_summary
    UNION ALL
    SELECT 'gold.bars', 'trade', max(from_unixtime(close_time_us / 1000000)) FROM gold.bars WHERE growing
    UNION ALL
    SELECT 'gold.manifest', 'trade', max(from_unixtime(close_time_us / 1000000)) FROM gold.manifest
    UNION ALL
    SELECT 'gold.exchange_activity', 'hour', max(hour) FROM gold.exchange_activity
    UNION ALL
    SELECT 'gold.data_quality', 'hour', max(hour) FROM gold.data_quality
    UNION ALL
    SELECT 'gold.portfolio', 'hour', max(hour) FROM gold.portfolio
    UNION ALL
    SELECT 'gold.forecast_histogram', 'forecast', max(as_of) FROM gold.forecast_histogram
    UNION ALL
    SELECT 'gold.sentiment_daily', 'day', from_unixtime(max(day_start_us) / 1000000) FROM gold.sentiment_daily
    UNION ALL
    SELECT 'silver.coverage', 'watched span', from_unixtime(max(through_us) / 1000000) FROM silver.coverage
    UNION ALL
    SELECT 'silver.documents', 'fetch', max(date_trunc('second', fetched_at)) FROM silver.documents
    UNION ALL
    SELECT 'silver.quotes', 'fetch', max(date_trunc('second', fetched_at)) FROM silver.quotes
)
SELECT what AS table_name, of_its AS newest_what, newest, date_diff('second', newest, now()) AS age_s
FROM newest
ORDER BY table_name
