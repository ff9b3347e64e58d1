-- title: Watched share of the day
-- answers: Which share of each day was wholly seen? Mean over the markets of an exchange, of the last 30 days or the
--   days chosen; of the running day, up to its newest trade.
-- display: line
-- x: day
-- y: watched
-- series: exchange
-- formats: watched: percent 1, day: date
-- params: exchange: text, symbol: text, from: date, to: date
WITH newest AS (
    SELECT day, exchange, avg(coverage) AS watched
    FROM gold.manifest
    WHERE day >= coalesce(
            [[ CAST({{from}} AS date), ]]
            [[ date_add('day', -29, CAST({{to}} AS date)), ]]
            NULL,
            (SELECT date_add('day', -29, CAST(max(last_time) AS date)) FROM gold.market_summary)
        )
        [[ AND day <= CAST({{to}} AS date) ]]
        [[ AND (exchange = {{exchange}} OR {{exchange}} = 'ALL') ]] [[ AND symbol = {{symbol}} ]]
    GROUP BY day, exchange
    ORDER BY day DESC, exchange
    LIMIT 2000
)
SELECT day, exchange, watched
FROM newest
ORDER BY day, exchange
