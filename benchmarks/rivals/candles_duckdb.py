"""Candles of every interval by DuckDB: a part of ``benchmarks/candles.py``.

``python benchmarks/rivals/candles_duckdb.py FILES OUT ROUNDS``: FILES is a JSON list of the Parquet files of
silver.trades, OUT the folder for a Parquet file an interval. Printed is the list of the rounds' seconds.

Seconds are added up from trades, and each interval from the one before, as ours are. The order of trades is one number
of 128 bits, which holds for ids below 10^18; vwap goes through floating point.
"""

import json
import sys
from pathlib import Path
from typing import Final

import duckdb
from rounds import timed  # type: ignore[import-not-found] # beside this script

LADDER: Final = (
    *(("5s", 5), ("15s", 15), ("1m", 60), ("5m", 300), ("15m", 900), ("30m", 1800), ("1h", 3600)),
    *(("4h", 14400), ("1d", 86400), ("1w", 604800)),
)
MONDAY_US: Final = 4 * 86400 * 1_000_000
SECONDS: Final = """
CREATE OR REPLACE TEMP TABLE parts_alone AS
SELECT exchange, symbol, event_time_us // 1000000 * 1000000 AS start_us, arg_min(price, k) AS open, max(price) AS high,
  min(price) AS low, arg_max(price, k) AS close, sum(size) AS volume, sum(quote_size) AS quote_volume,
  count(*) AS trade_count, coalesce(sum(size) FILTER (side = 'buy'), 0) AS buy_volume,
  coalesce(sum(size) FILTER (side = 'sell'), 0) AS sell_volume, max(source) AS source,
  min(event_time_us) AS open_time_us, max(event_time_us) AS close_time_us, min(k) AS first_k, max(k) AS last_k
FROM (SELECT *, event_time_us::HUGEINT * 1000000000000000000::HUGEINT + trade_number::HUGEINT AS k
      FROM read_parquet({files}))
GROUP BY ALL
"""
BOTH: Final = """
CREATE OR REPLACE TEMP TABLE parts AS
SELECT exchange, symbol, start_us, open, high, low, close, volume, quote_volume, trade_count, buy_volume, sell_volume,
  source, open_time_us, close_time_us FROM parts_alone
UNION ALL
SELECT 'ALL', symbol, start_us, arg_min(open, first_k), max(high), min(low), arg_max(close, last_k), sum(volume),
  sum(quote_volume), sum(trade_count)::BIGINT, sum(buy_volume), sum(sell_volume), NULL, min(open_time_us),
  max(close_time_us) FROM parts_alone GROUP BY symbol, start_us
"""
RUNG: Final = """
CREATE OR REPLACE TEMP TABLE parts AS
SELECT exchange, symbol, (start_us - {origin}) // {length} * {length} + {origin} AS start_us,
  arg_min(open, start_us) AS open, max(high) AS high, min(low) AS low, arg_max(close, start_us) AS close,
  sum(volume) AS volume, sum(quote_volume) AS quote_volume, sum(trade_count)::BIGINT AS trade_count,
  sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, max(source) AS source,
  min(open_time_us) AS open_time_us, max(close_time_us) AS close_time_us
FROM parts GROUP BY ALL
"""
WRITE: Final = """
COPY (SELECT exchange, symbol, '{name}' AS interval, start_us, open, high, low, close,
  volume::DECIMAL(38,12) AS volume, quote_volume::DECIMAL(38,18) AS quote_volume,
  (quote_volume / volume)::DECIMAL(28,12) AS vwap, trade_count, buy_volume::DECIMAL(38,12) AS buy_volume,
  sell_volume::DECIMAL(38,12) AS sell_volume, source, open_time_us, close_time_us FROM parts
  ORDER BY symbol, exchange, start_us)
TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def build(files: list[str], out: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(SECONDS.format(files=files))
        connection.execute(BOTH)
        connection.execute(WRITE.format(name="1s", path=out / "1s.parquet"))
        for name, length_s in LADDER:
            connection.execute(RUNG.format(origin=MONDAY_US, length=length_s * 1_000_000))
            connection.execute(WRITE.format(name=name, path=out / f"{name}.parquet"))


def main() -> None:
    files, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    timed(lambda: build(files, out))


if __name__ == "__main__":
    main()
