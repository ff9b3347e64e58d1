-- title: Trade sizes
-- answers: Is a market moved by many small trades or by few big ones? Trades and quote units by the size of a trade,
--   of the last 24 hours.
-- display: combo
-- x: size
-- y: quote_volume, trades
-- bars: quote_volume
-- right: trades
-- titles: quote_volume: Volume, size: Size of a trade
-- units: quote_volume: {quote}, trades: trades
-- formats: trades: decimals 0, quote_volume: amount derived
-- params: symbol: text required default BTC-USD, exchange: text
WITH classes AS (
    SELECT
        CASE
            WHEN t.quote_size < 100 THEN 1 WHEN t.quote_size < 1000 THEN 2 WHEN t.quote_size < 10000 THEN 3
            WHEN t.quote_size < 100000 THEN 4 WHEN t.quote_size < 1000000 THEN 5 ELSE 6
        END AS class,
        t.quote_size
    FROM silver.trades AS t
    JOIN gold.manifest AS m
        ON m.exchange = t.exchange AND m.symbol = t.symbol AND m.day = t.event_date AND m.source = t.source
    WHERE t.symbol = {{symbol}} [[ AND (t.exchange = {{exchange}} OR {{exchange}} = 'ALL') ]]
        AND t.event_time_us > (
            SELECT max(last_time_us) - 86400000000 FROM gold.market_summary WHERE symbol = {{symbol}}
        )
)
SELECT
    CASE class
        WHEN 1 THEN 'below 100' WHEN 2 THEN '100 to 1k' WHEN 3 THEN '1k to 10k'
        WHEN 4 THEN '10k to 100k' WHEN 5 THEN '100k to 1M' ELSE '1M or more'
    END AS size,
    sum(quote_size) AS quote_volume,
    count(*) AS trades
FROM classes
GROUP BY class
ORDER BY class
