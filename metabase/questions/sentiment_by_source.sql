-- title: Sentiment by source
-- answers: Who sounds bullish, and who bearish? Scored stories and their mean mood of the last seven days or the days
--   chosen.
-- display: table
-- titles: source: Source, mean_sentiment: Mood, bearish_pct: Bearish, bullish_pct: Bullish
-- units: bearish_pct: %, bullish_pct: %
-- formats: stories: bar decimals 0, mean_sentiment: signed decimals 2, bearish_pct: decimals 0,
--   bullish_pct: decimals 0
-- params: asset: text required default ALL, from: date, to: date
SELECT
    source,
    sum(documents) AS stories,
    sum(documents * mean_sentiment) / sum(documents) AS mean_sentiment,
    CAST(sum(bearish + somewhat_bearish) AS double) / sum(documents) * 100 AS bearish_pct,
    CAST(sum(bullish + somewhat_bullish) AS double) / sum(documents) * 100 AS bullish_pct
FROM gold.sentiment_daily
WHERE symbol = {{asset}} AND source <> 'ALL' AND published_date >= coalesce(
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
GROUP BY source
ORDER BY stories DESC, source
