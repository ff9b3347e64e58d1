-- title: Most traded markets
-- answers: Where does the money go? Quote units traded in the last 24 hours, of markets with one quote currency.
-- display: row
-- x: symbol
-- y: quote_volume_24h
-- titles: symbol: Market, quote_volume_24h: Volume 24h
-- units: quote_volume_24h: {quote}
-- formats: quote_volume_24h: amount derived
-- params: quote: text required default USD, exchange: text required default ALL
SELECT symbol, quote_volume_24h
FROM gold.market_summary
WHERE exchange = {{exchange}} AND split_part(symbol, '-', 2) = {{quote}}
    AND last_time > (SELECT date_add('day', -1, max(last_time)) FROM gold.market_summary)
ORDER BY quote_volume_24h DESC, symbol
LIMIT 20
