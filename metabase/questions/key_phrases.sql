-- title: Key phrases
-- answers: What is talked about, and in which mood? The 30 phrases that most stories of the last seven days, or the
--   days chosen, have.
-- display: table
-- titles: phrase: Phrase, mean_sentiment: Mood, last_day: Last day
-- formats: stories: bar decimals 0, mean_sentiment: signed decimals 2, days: decimals 0, last_day: date
-- params: asset: text required default ALL, from: date, to: date
SELECT
    phrase,
    sum(documents) AS stories,
    sum(documents * mean_sentiment) / sum(CASE WHEN mean_sentiment IS NOT NULL THEN documents END) AS mean_sentiment,
    count(*) AS days,
    max(published_date) AS last_day
FROM gold.keywords_daily
WHERE symbol = {{asset}} AND published_date >= coalesce(
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
GROUP BY phrase
ORDER BY stories DESC, phrase
LIMIT 30
