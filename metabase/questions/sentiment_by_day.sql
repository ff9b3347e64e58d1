-- title: Sentiment by day
-- answers: How did the mood go, and on how many stories does it rest? Mean, from -1 (bearish) to 1 (bullish), of the
--   last 30 days or the days chosen.
-- display: combo
-- x: published_date
-- y: stories, mean_sentiment
-- bars: stories
-- right: mean_sentiment
-- titles: mean_sentiment: Mood
-- units: stories: stories
-- formats: stories: decimals 0, mean_sentiment: decimals 2, published_date: date
-- params: asset: text required default ALL, from: date, to: date
WITH newest AS (
    SELECT published_date, documents AS stories, mean_sentiment
    FROM gold.sentiment_daily
    WHERE symbol = {{asset}} AND source = 'ALL' AND published_date >= coalesce(
            [[ CAST({{from}} AS date), ]]
            [[ date_add('day', -29, CAST({{to}} AS date)), ]]
            NULL,
            (
                SELECT date_add('day', -29, max(published_date))
                FROM gold.sentiment_daily
                WHERE symbol = 'ALL' AND source = 'ALL'
            )
        )
        [[ AND published_date <= CAST({{to}} AS date) ]]
    ORDER BY published_date DESC
    LIMIT 2000
)
SELECT published_date, stories, mean_sentiment
FROM newest
ORDER BY published_date
