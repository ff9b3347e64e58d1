"""Holdings valued hour by hour by DuckDB: a part of ``benchmarks/portfolio.py``.

``python benchmarks/rivals/portfolio_duckdb.py FILES OUT ROUNDS``: FILES is a JSON object with the Parquet files of
gold.candles and the transactions; OUT the folder for one Parquet file. Printed is the list of the rounds' seconds,
and the most memory in MB.

It computes what ours computes where every transaction has its price and prices have at most six decimals: DuckDB's
decimals hold 38 digits, also between the steps.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any, Final

import duckdb
from rounds import timed  # type: ignore[import-not-found] # beside this script

HOUR_US: Final = 3_600_000_000
CLOSES: Final = """
CREATE OR REPLACE TEMP TABLE closes AS
SELECT exchange, symbol, epoch_us(window_start) AS hour, close::DECIMAL(18,6) AS price, close_time_us
FROM read_parquet({files}) SEMI JOIN transactions USING (exchange, symbol)
WHERE interval = '1h' AND close IS NOT NULL
"""
STATES: Final = """
CREATE OR REPLACE TEMP TABLE states AS
WITH RECURSIVE walked AS (
  SELECT exchange, symbol, 0 AS number, 0::DECIMAL(18,6) AS units, 0::DECIMAL(28,8) AS cost,
    0::DECIMAL(28,8) AS realised, NULL::BIGINT AS at_us FROM (SELECT DISTINCT exchange, symbol FROM transactions)
  UNION ALL
  SELECT w.exchange, w.symbol, t.number, w.units + t.change,
    CASE WHEN t.change > 0 THEN w.cost + round(t.change * t.price, 8)
      ELSE w.cost - round(w.cost * -t.change / w.units, 8) END,
    CASE WHEN t.change > 0 THEN w.realised
      ELSE w.realised + round(-t.change * t.price, 8) - round(w.cost * -t.change / w.units, 8) END,
    t.at_us
  FROM walked w JOIN transactions t
    ON (t.exchange, t.symbol, t.number) = (w.exchange, w.symbol, w.number + 1)
)
SELECT * FROM walked WHERE number > 0
"""
WRITE: Final = """
COPY (
  WITH hours AS (
    SELECT exchange, symbol, unnest(range(min(at_us) // {hour} * {hour}, {until}, {hour})) AS hour
    FROM states GROUP BY ALL
  ), held AS (
    SELECT h.exchange, h.symbol, h.hour, s.units, s.cost, s.realised
    FROM hours h ASOF JOIN states s ON (h.exchange, h.symbol) = (s.exchange, s.symbol) AND h.hour + {hour} > s.at_us
  ), valued AS (
    SELECT h.*, c.price, c.close_time_us AS trade_time_us, round(h.units * c.price, 8)::DECIMAL(38,8) AS value
    FROM held h ASOF LEFT JOIN closes c
      ON (h.exchange, h.symbol) = (c.exchange, c.symbol) AND h.hour >= c.hour
  )
  SELECT *, value - cost AS unrealised,
    value / sum(value) OVER (PARTITION BY split_part(symbol, '-', 2), hour) * 100 AS weight_pct
  FROM valued ORDER BY hour, symbol, exchange
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def build(told: dict[str, Any], out: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TEMP TABLE transactions (exchange VARCHAR, symbol VARCHAR, number INT, at_us BIGINT, "
            "change DECIMAL(18,6), price DECIMAL(18,6))"
        )
        connection.executemany("INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?)", told["transactions"])
        connection.execute(CLOSES.format(files=told["files"]))
        connection.execute(STATES)
        path = out / "portfolio.parquet"
        connection.execute(WRITE.format(hour=HOUR_US, until=told["until_us"], path=path))


def main() -> None:
    told, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    timed(lambda: build(told, out))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
