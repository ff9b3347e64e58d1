-- title: Latest news
-- answers: What is said now, by whom, and in which mood? The newest 200 stories of the last seven days or the days
--   chosen, of one asset or all; a search looks in title, text, phrases, assets and author.
-- display: table
-- titles: published_at: Time, headline: Headline, sources: Source, assets: Assets, sentiment: Mood, label: Label,
--   summary: Summary, url: Link
-- formats: published_at: datetime, sentiment: signed decimals 2, url: link
-- params: search: text, asset: text, source: text, from: date, to: date
SELECT
    published_at,
    CASE
        WHEN title <> '' THEN title
        ELSE coalesce(summary, substr(split_part(search_text, chr(10), 2), 1, 140))
    END AS headline,
    array_join(sources, ', ') AS sources,
    array_join(symbols, ', ') AS assets,
    sentiment,
    label,
    summary,
    url
FROM gold.news
WHERE published_date >= coalesce(
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
    [[ AND strpos(search_text, lower({{search}})) > 0 ]]
    [[ AND (contains(symbols, upper({{asset}})) OR {{asset}} = 'ALL') ]]
    [[ AND (contains(sources, lower({{source}})) OR {{source}} = 'ALL') ]]
ORDER BY published_at DESC, document_id
LIMIT 200
