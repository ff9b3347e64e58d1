-- title: Stories by mood
-- answers: How many stories of a day are bullish, and how many bearish? Bands end at -0.35, -0.15, 0.15 and 0.35.
-- display: bar
-- x: published_date
-- y: bearish, somewhat_bearish, neutral, somewhat_bullish, bullish
-- stack: stacked
-- units: bearish: stories, somewhat_bearish: stories, neutral: stories, somewhat_bullish: stories, bullish: stories
-- formats: published_date: date
-- params: asset: text required default ALL, from: date, to: date
WITH newest AS (
    SELECT published_date, bearish, somewhat_bearish, neutral_count AS neutral, somewhat_bullish, bullish
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
SELECT published_date, bearish, somewhat_bearish, neutral, somewhat_bullish, bullish
FROM newest
ORDER BY published_date
