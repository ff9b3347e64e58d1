-- title: Emotions by day
-- answers: What do people feel? Mean shares of six emotions in a day's stories; what is missing to 100 % is neutral.
-- display: area
-- x: published_date
-- y: anger, disgust, fear, joy, sadness, surprise
-- stack: stacked
-- formats: anger: percent 0, disgust: percent 0, fear: percent 0, joy: percent 0, sadness: percent 0,
--   surprise: percent 0, published_date: date
-- params: asset: text required default ALL, from: date, to: date
WITH newest AS (
    SELECT published_date, anger, disgust, fear, joy, sadness, surprise
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
SELECT published_date, anger, disgust, fear, joy, sadness, surprise
FROM newest
ORDER BY published_date
