-- title: Mood and what came after
-- answers: What did a market do on days of good and of bad news, and the day after? Returns are from close to close;
--   the running day has none after it, and what came after
--   the day before is as the running day stands.
-- display: table
-- titles: published_date: Day, symbol: Market, mean_sentiment: Mood, return_pct: Return,
--   next_return_pct: Return after
-- units: return_pct: %, next_return_pct: %
-- formats: mean_sentiment: signed decimals 2, stories: decimals 0, close: price, return_pct: signed decimals 2,
--   next_return_pct: signed decimals 2, published_date: date
-- params: symbol: text, exchange: text required default ALL, from: date, to: date
SELECT published_date, symbol, documents AS stories, mean_sentiment, close, return_pct, next_return_pct
FROM gold.sentiment_vs_price
WHERE exchange = {{exchange}} [[ AND symbol = {{symbol}} ]] AND published_date >= coalesce(
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
ORDER BY published_date DESC, symbol
LIMIT 500
