-- title: Open gaps
-- answers: How many holes in the trades are known and not filled?
-- display: scalar
-- y: open_gaps
-- formats: open_gaps: decimals 0
SELECT count(*) AS open_gaps
FROM silver.gaps AS o
LEFT JOIN silver.gaps AS c
    ON c.exchange = o.exchange AND c.symbol = o.symbol AND c.source = o.source AND c.gap_id = o.gap_id
    AND c.event <> 'opened'
WHERE o.event = 'opened' AND c.gap_id IS NULL
