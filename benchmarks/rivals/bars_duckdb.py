"""Bars by trades, base volume and quote volume by DuckDB: a part of ``benchmarks/bars.py``.

``python benchmarks/rivals/bars_duckdb.py FILES OUT ROUNDS`` with the project on the path, whose sizes are used: FILES
is a JSON list of the Parquet files of silver.trades, OUT the folder for a Parquet file a kind. Printed are the list of
the rounds' seconds, and the MiB that the process had at most.

Trades are numbered once within their market and day, with running totals. A tick bar is a quotient of that number, and
one of another kind a quotient of the running total: what a bar had too much is taken from the next one.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Final

import duckdb
from rounds import timed  # type: ignore[import-not-found] # beside this script

from tapehouse.bars import KINDS, BarSizes
from tapehouse.market import Market

TAPE: Final = """
CREATE OR REPLACE TEMP TABLE tape AS
SELECT exchange, symbol, event_time_us // 86400000000 AS day, event_time_us, price, size, quote_size, side,
  row_number() OVER w AS tick, sum(size) OVER w AS volume, sum(quote_size) OVER w AS dollar
FROM read_parquet({files})
WINDOW w AS (PARTITION BY exchange, symbol, event_time_us // 86400000000 ORDER BY event_time_us, trade_number, trade_id)
"""
BARS: Final = """
COPY (
  SELECT exchange, symbol, '{kind}' AS kind, DATE '1970-01-01' + day::INTEGER AS day, number,
    arg_min(price, tick) AS open, max(price) AS high, min(price) AS low, arg_max(price, tick) AS close,
    sum(size)::DECIMAL(38,12) AS volume, sum(quote_size)::DECIMAL(38,18) AS quote_volume, count(*) AS trade_count,
    coalesce(sum(size) FILTER (side = 'buy'), 0)::DECIMAL(38,12) AS buy_volume,
    coalesce(sum(size) FILTER (side = 'sell'), 0)::DECIMAL(38,12) AS sell_volume,
    {reached} >= any_value(aim) AS complete, min(event_time_us) AS open_time_us, max(event_time_us) AS close_time_us
  FROM ({numbered}) GROUP BY ALL ORDER BY symbol, exchange, day, number
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""
TICK: Final = """SELECT t.*, (t.tick - 1) // s.size::BIGINT + 1 AS number, s.size AS aim FROM tape t JOIN sizes s
ON s.exchange = t.exchange AND s.symbol = t.symbol AND s.kind = 'tick'"""
ABOUT: Final = """SELECT t.*, floor((t.{kind} - t.{of})::DOUBLE / s.size::DOUBLE)::BIGINT + 1 AS number, s.size AS aim
FROM tape t JOIN sizes s ON s.exchange = t.exchange AND s.symbol = t.symbol AND s.kind = '{kind}'"""
WEIGHT: Final = {"volume": "size", "dollar": "quote_size"}
OF: Final = {"tick": "count(*)", "volume": "sum(size)", "dollar": "sum(quote_size)"}


def build(files: list[str], out: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(TAPE.format(files=files))
        markets = connection.execute("SELECT DISTINCT exchange, symbol FROM tape").fetchall()
        connection.execute("CREATE TABLE sizes (exchange TEXT, symbol TEXT, kind TEXT, size DECIMAL(28, 12))")
        for market in markets:
            for kind, size in BarSizes().of(Market(*market)).items():
                connection.execute("INSERT INTO sizes VALUES (?, ?, ?, ?)", [*market, kind, size])
        for kind in KINDS:
            numbered = TICK if kind == "tick" else ABOUT.format(kind=kind, of=WEIGHT[kind])
            path = out / f"{kind}.parquet"
            connection.execute(BARS.format(kind=kind, numbered=numbered, reached=OF[kind], path=path))


def main() -> None:
    files, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    timed(lambda: build(files, out))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
