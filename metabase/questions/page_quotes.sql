-- title: Quotes read from pages
-- answers: What do pages and indices say, and does a page's price agree with the newest trade of the same market?
--   One that was read an hour before that is not compared.
-- display: table
-- titles: name: Market, source: Page, unit: Unit, label: Label, traded_price: Traded at, difference_pct: Difference,
--   observed_at: Read at, url: Link
-- units: difference_pct: %
-- formats: value: price, traded_price: price, difference_pct: signed decimals 2, observed_at: datetime, url: link
-- params: symbol: text
WITH newest AS (
    SELECT source, name, max(observed_at) AS observed_at
    FROM silver.quotes
    WHERE observed_date > date_add('day', -8, (SELECT CAST(max(last_time) AS date) FROM gold.market_summary))
    GROUP BY source, name
)
SELECT
    q.name,
    q.source,
    q.value,
    q.unit,
    q.label,
    s.last_price AS traded_price,
    CASE WHEN q.observed_at > date_add('hour', -1, s.last_time) THEN
        (CAST(q.value AS double) / CAST(s.last_price AS double) - 1) * 100
    END AS difference_pct,
    q.observed_at,
    q.url
FROM silver.quotes AS q
JOIN newest AS n ON n.source = q.source AND n.name = q.name AND n.observed_at = q.observed_at
LEFT JOIN gold.market_summary AS s ON s.symbol = q.name AND s.exchange = 'ALL'
WHERE q.name <> '' [[ AND (q.name = {{symbol}} OR q.kind = 'index') ]]
ORDER BY q.kind DESC, q.name, q.source
