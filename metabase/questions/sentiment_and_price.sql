-- title: Sentiment and price
-- answers: Does the price follow the mood? The mean mood of the base asset's stories beside the day's close of the
--   market.
-- display: combo
-- x: published_date
-- y: mean_sentiment, close
-- bars: mean_sentiment
-- right: close
-- titles: mean_sentiment: Mood, close: Close
-- units: close: {quote}
-- formats: mean_sentiment: signed decimals 2, close: price, published_date: date
-- params: symbol: text required default BTC-USD, exchange: text required default ALL, from: date, to: date
WITH newest AS (
    SELECT published_date, mean_sentiment, close
    FROM gold.sentiment_vs_price
    WHERE symbol = {{symbol}} AND exchange = {{exchange}} AND published_date >= coalesce(
            [[ CAST({{from}} AS date), ]]
            [[ date_add('day', -89, CAST({{to}} AS date)), ]]
            NULL,
            (
                SELECT date_add('day', -89, max(published_date))
                FROM gold.sentiment_daily
                WHERE symbol = 'ALL' AND source = 'ALL'
            )
        )
        [[ AND published_date <= CAST({{to}} AS date) ]]
    ORDER BY published_date DESC
    LIMIT 2000
)
SELECT published_date, mean_sentiment, close
FROM newest
ORDER BY published_date
