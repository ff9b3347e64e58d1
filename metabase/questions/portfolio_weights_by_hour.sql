-- title: Weights by hour
-- answers: How did the parts of the portfolio shift? Shares of its value, hour by hour, of the last seven days or the
--   days chosen.
-- display: area
-- x: hour
-- y: value
-- series: symbol
-- stack: normalized
-- formats: value: decimals 2, hour: datetime
-- params: portfolio: text required default default, quote: text required default USD, from: date, to: date
WITH hours AS (
    SELECT hour, symbol, sum(value) AS value
    FROM gold.portfolio
    WHERE portfolio = {{portfolio}} AND quote = {{quote}} AND value IS NOT NULL AND hour >= coalesce(
            [[ CAST(CAST({{from}} AS date) AS timestamp with time zone), ]]
            [[ date_add('day', -6, CAST(CAST({{to}} AS date) AS timestamp with time zone)), ]]
            NULL,
            (SELECT date_add('day', -7, max(last_time)) FROM gold.market_summary)
        )
        [[ AND hour < date_add('day', 1, CAST({{to}} AS date)) ]]
    GROUP BY hour, symbol
    ORDER BY hour DESC, symbol
    LIMIT 2000
)
SELECT hour, symbol, value
FROM hours
ORDER BY hour, symbol
