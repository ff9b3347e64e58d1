-- title: Age of the newest trade
-- answers: Does anything come in? Seconds between now, by the clock, and the newest trade of any market.
-- display: gauge
-- y: age_s
-- segments: 0 .. 60 green fresh, 60 .. 300 yellow slow, 300 .. 3600 red stale
-- units: age_s: s
-- formats: age_s: decimals 0
SELECT date_diff('second', max(last_time), now()) AS age_s
FROM gold.market_summary
