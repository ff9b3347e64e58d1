-- title: Mood of the day
-- answers: Is the news good or bad today, and was it better yesterday? From -1 (bearish) to 1 (bullish), mean of the
--   day's scored stories.
-- display: smartscalar
-- x: published_date
-- y: mean_sentiment
-- titles: mean_sentiment: Mood
-- formats: mean_sentiment: decimals 2, published_date: date
-- params: asset: text required default ALL
SELECT published_date, mean_sentiment
FROM gold.sentiment_daily
WHERE symbol = {{asset}} AND source = 'ALL'
    AND published_date > (
        SELECT date_add('day', -30, max(published_date))
        FROM gold.sentiment_daily
        WHERE symbol = 'ALL' AND source = 'ALL'
    )
ORDER BY published_date
