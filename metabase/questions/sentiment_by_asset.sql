-- title: Sentiment by asset
-- answers: Which assets are talked about, and how? Mean mood, from -1 (bearish) to 1 (bullish), of the last seven
--   days or the days chosen, of the 20 assets with most stories.
-- display: row
-- x: asset
-- y: mean_sentiment
-- titles: mean_sentiment: Mood
-- formats: mean_sentiment: signed decimals 2
-- params: from: date, to: date
SELECT symbol AS asset, sum(documents * mean_sentiment) / sum(documents) AS mean_sentiment
FROM gold.sentiment_daily
WHERE symbol <> 'ALL' AND source = 'ALL' AND published_date >= coalesce(
        [[ CAST({{from}} AS date), ]]
        [[ date_add('day', -6, CAST({{to}} AS date)), ]]
        NULL,
        (
            SELECT date_add('day', -6, max(published_date))
            FROM gold.sentiment_daily
            WHERE symbol = 'ALL' AND source = 'ALL'
        )
    )
    [[ AND published_date <= CAST({{to}} AS date) ]]
GROUP BY symbol
ORDER BY sum(documents) DESC, symbol
LIMIT 20
