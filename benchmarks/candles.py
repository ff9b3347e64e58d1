"""A full build of gold.candles from silver.trades, beside DuckDB, Polars and plain PySpark on the same Delta table.

``python benchmarks/candles.py [--trades 2000000] [--days 1] [--markets 12] [--rounds 2] [--before CHECKOUT]`` makes a
lake with so many trades, with coverage every ten seconds, and lets each builder write the candles of all eleven
intervals, of every market and of ALL, as Parquet. Each runs in a process of its own, one after the other, and the best
of its rounds counts, without the start of the process or of Spark. Before a time is believed, every row is compared
with ours: prices, sums and counts must be equal, vwap to a part in a thousand million. ``--before`` runs the job of
another checkout, with its own .venv, on the same trades.

Trades come in bursts, several at one microsecond; the busiest market has some fifteen times as many as the quietest.

Not comparable:

- Ours is the real job (``Refresh.rebuild("gold.candles")``): it also tells for each candle whether it is complete,
  divides vwap exactly, files the rows, commits them to Delta, and writes gold.market_summary. The others write bare
  files, and DuckDB and Polars are given the list of files to read.
- The others' vwap goes through floating point or rounds twice.
- Polars runs by the interpreter of ``.venv-rivals``, which ``make bench`` makes. Where it is not there, its row says
  so.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.checkout import HERE, environment, outcome_of  # type: ignore[import-not-found] # beside this script

POLARS: Final = HERE / ".venv-rivals" / "bin" / "python"
FILE_ROWS: Final = 1_000_000
START_US: Final = 1_760_054_400_000_000
EXCHANGES: Final = ("binance", "coinbase", "kraken")
PRICES: Final = (60_000.0, 3_000.0, 150.0, 0.5, 0.1, 0.4, 80.0, 15.0)
COVERED_US: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Market:
    exchange: str
    base: str
    price: float
    trades: int
    first_id: int


# -- the lake ---------------------------------------------------------------------------------------------------------


def markets(count: int, trades: int) -> list[Market]:
    """Three exchanges a symbol, and a share of the trades that falls from market to market."""
    weights = [1 / (number + 1) ** 0.7 for number in range(count)]
    names = ("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LTC", "LINK")
    found = []
    for number, weight in enumerate(weights):
        symbol = number // len(EXCHANGES)
        base = names[symbol] if symbol < len(names) else f"COIN{symbol}"
        share = max(1, round(trades * weight / sum(weights)))
        price = PRICES[symbol % len(PRICES)]
        found.append(Market(EXCHANGES[number % len(EXCHANGES)], base, price, share, (number + 1) * 10**9))
    return found


def tape(market: Market, span_us: int, seed: int) -> Any:
    """The trades of one market by time: rows of silver.trades."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from glue_jobs.engine import schema_of
    from tapehouse.tables import SILVER_TRADES

    random, count = np.random.default_rng(seed), market.trades
    fills = random.geometric(0.55, count)
    orders = int(np.searchsorted(np.cumsum(fills), count)) + 1
    fills = fills[:orders]
    pauses = np.cumsum(random.exponential(1.0, orders) * random.choice([0.05, 1.0, 8.0], orders, p=[0.5, 0.4, 0.1]))
    at_us = np.repeat(START_US + (pauses / pauses[-1] * (span_us - 1)).astype(np.int64), fills)[:count]
    is_buy = np.repeat(random.random(orders) < 0.5, fills)[:count]
    price = np.maximum(1, np.rint(market.price * 1e4 * np.exp(np.cumsum(random.normal(0, 2e-6, count)))))
    size = np.maximum(1, random.lognormal(-3, 1.8, count) * (60_000 / market.price) ** 0.9 * 1e8)
    ids = market.first_id + np.arange(count)
    prices, sizes = decimals(price.astype(np.int64), 4), decimals(size.astype(np.int64), 8)
    moment = pa.array(at_us, pa.timestamp("us", "UTC"))

    def text(value: str) -> pa.Array:
        return pa.repeat(value, count)

    columns = {
        "exchange": text(market.exchange),
        "symbol": text(f"{market.base}-USD"),
        "event_time_us": pa.array(at_us),
        "base": text(market.base),
        "quote": text("USD"),
        "source": text(market.exchange),
        "trade_id": pa.array(ids).cast(pa.string()),
        "trade_number": decimals(ids, 0),
        "price": prices,
        "size": sizes,
        "quote_size": pc.multiply(prices, sizes),
        "side": pc.if_else(pa.array(is_buy), "buy", "sell"),
        **dict.fromkeys(("event_time", "received_time", "arrival_time"), moment),
        "backfilled": pa.repeat(False, count),
        "trader": pa.nulls(count, pa.string()),
        "event_date": moment.cast(pa.date32()),
        "stream_name": text("trades"),
        "stream_created_at": moment,
        "shard_id": text("shardId-000000000000"),
        "sequence_number": pa.array(ids).cast(pa.string()),
        "sub_sequence_number": pa.repeat(0, count),
    }
    schema = schema_of(SILVER_TRADES)
    return pa.table([pc.cast(columns[name], schema.field(name).type) for name in schema.names], schema=schema)


def decimals(units: Any, places: int) -> Any:
    """Whole numbers of the last digit as decimals of at most 18."""
    import numpy as np
    import pyarrow as pa

    limbs = np.zeros((len(units), 2), np.int64)
    limbs[:, 0] = units
    return pa.Array.from_buffers(pa.decimal128(18, places), len(units), [None, pa.py_buffer(limbs)])


def pieces(of: list[Market], days: float) -> Iterator[Any]:
    """The trades of every market in files of one span of time each, by market and time within: as silver files them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    span_us = int(days * 86_400e6)
    tapes = [tape(market, span_us, seed) for seed, market in enumerate(of)]
    count = max(1, sum(market.trades for market in of) // FILE_ROWS)
    for number in range(count):
        low, high = (START_US + span_us * at // count for at in (number, number + 1))
        inside = []
        for each in tapes:
            at = each.column("event_time_us")
            inside.append(each.filter(pc.and_(pc.greater_equal(at, low), pc.less(at, high))))
        yield pa.concat_tables(inside)


def coverage(of: list[Market], days: float) -> Any:
    """Every market is wholly seen, in spans of ten seconds."""
    import pyarrow as pa

    from glue_jobs.engine import schema_of
    from tapehouse.tables import SILVER_COVERAGE

    rows = [
        {
            "exchange": market.exchange,
            "symbol": f"{market.base}-USD",
            "source": market.exchange,
            "from_us": START_US + at,
            "through_us": START_US + at + COVERED_US,
            "arrival_time": START_US + at + COVERED_US,
            "stream_name": "trades",
            "stream_created_at": START_US,
            "shard_id": "shardId-000000000000",
            "sequence_number": f"{number}{at:020d}",
            "sub_sequence_number": 0,
        }
        for number, market in enumerate(of)
        for at in range(0, int(days * 86_400e6), COVERED_US)
    ]
    schema = schema_of(SILVER_COVERAGE)
    return pa.table(
        [pa.array([row.get(name) for row in rows], schema.field(name).type) for name in schema.names], schema=schema
    )


def make(lake: Path, trades: int, days: float, count: int) -> list[str]:
    """A lake with silver; the files of silver.trades."""
    from glue_jobs.engine import Steps, Workspace
    from tapehouse.lake import Lake
    from tapehouse.tables import SILVER_COVERAGE, SILVER_GAPS, SILVER_TRADES

    workspace, of = Workspace(None, Lake(str(lake)), Steps()), markets(count, trades)  # type: ignore[arg-type]
    workspace.ensure([SILVER_TRADES, SILVER_COVERAGE, SILVER_GAPS])
    files = [workspace.stage(SILVER_TRADES, rows) for rows in pieces(of, days) if rows.num_rows]
    workspace.commit(workspace.state(SILVER_TRADES), add=files)
    workspace.commit(workspace.state(SILVER_COVERAGE), add=[workspace.stage(SILVER_COVERAGE, coverage(of, days))])
    return [f"{workspace.uri(SILVER_TRADES)}/{file.path}" for file in files]


# -- the builders -----------------------------------------------------------------------------------------------------


MADE_OF: Final = ("bronze", "silver", "gold", "market_summary")
"""The queries up to candles and their summary."""


def rebuild(lake: Path, rounds: int) -> dict[str, Any]:
    """The job of the checkout that this runs with: seconds of each round, and the steps of the best."""
    from glue_jobs.engine import build_session
    from glue_jobs.pipeline import pipeline
    from glue_jobs.refresh import Refresh
    from tapehouse.lake import Lake

    spark = build_session(app_name="tapehouse-benchmark")
    # Without what else is made of candles: it has benchmarks of its own.
    refresh = Refresh(spark, Lake(str(lake)), [query for query in pipeline() if query.name in MADE_OF])
    reports = [refresh.rebuild("gold.candles") for _ in range(rounds)]
    best = min(reports, key=lambda report: report.seconds)
    table = spark.read.format("delta").load(Lake(str(lake)).table_uri("gold.candles"))
    files = table.inputFiles()
    spark.stop()
    return {
        "seconds": [report.seconds for report in reports],
        "steps": [(step.name, step.seconds) for step in best.steps],
        "files": [file.removeprefix("file://") for file in files],
    }


def in_process(command: list[str]) -> str:
    """What the command prints, run here."""
    return subprocess.run(command, cwd=HERE, env=environment(HERE), check=True, stdout=subprocess.PIPE).stdout.decode()


def ours(lake: Path, rounds: int, checkout: Path = HERE) -> dict[str, Any]:
    """``rebuild`` by a checkout's own interpreter and modules."""
    found: dict[str, Any] = outcome_of(checkout, __file__, ["--rebuild", str(lake), "--rounds", str(rounds)])
    return found


def rival(name: str, python: str, given: str, out: Path, rounds: int) -> list[float]:
    """The seconds of a rival's rounds. What it made lies in ``out``."""
    out.mkdir()
    script = str(HERE / "benchmarks" / "rivals" / f"candles_{name}.py")
    found: list[float] = json.loads(in_process([python, script, given, str(out), str(rounds)]).splitlines()[-1])
    return found


# -- comparison -------------------------------------------------------------------------------------------------------

EXACT: Final = (
    *("exchange", "symbol", "interval", "start_us", "open", "high", "low", "close", "volume", "quote_volume"),
    *("trade_count", "buy_volume", "sell_volume", "source", "open_time_us", "close_time_us"),
)


def differences(mine: list[str], theirs: str, *, is_gold: bool = False) -> tuple[int, int, float]:
    """Rows compared, rows that are in one alone or differ, and the greatest relative difference of vwap."""
    import duckdb

    gold = "SELECT *, epoch_us(window_start) AS start_us"
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.execute(f"CREATE VIEW mine AS {gold} FROM read_parquet({mine}, hive_partitioning = true)")
        source = f"{gold if is_gold else 'SELECT *'} FROM read_parquet({theirs}, hive_partitioning = true)"
        connection.execute(f"CREATE VIEW theirs AS {source}")
        names = ", ".join(EXACT)
        rows = connection.execute("SELECT count(*) FROM mine").fetchone()
        alone = connection.execute(
            f"""SELECT (SELECT count(*) FROM (SELECT {names} FROM mine EXCEPT SELECT {names} FROM theirs))
                     + (SELECT count(*) FROM (SELECT {names} FROM theirs EXCEPT SELECT {names} FROM mine))
                     + abs((SELECT count(*) FROM mine) - (SELECT count(*) FROM theirs))"""
        ).fetchone()
        off = connection.execute(
            """SELECT coalesce(max(abs(mine.vwap - theirs.vwap)::DOUBLE / mine.vwap::DOUBLE), 0)
               FROM mine JOIN theirs USING (exchange, symbol, interval, start_us) WHERE mine.vwap > 0"""
        ).fetchone()
    assert rows is not None
    assert alone is not None
    assert off is not None
    return int(rows[0]), int(alone[0]), float(off[0])


def compared(name: str, mine: list[str], theirs: str, *, is_gold: bool = False) -> None:
    """Raises SystemExit where the builders do not agree: no time is worth anything then."""
    rows, differ, off = differences(mine, theirs, is_gold=is_gold)
    if differ or off > 1e-9:
        sys.exit(f"{name}: {differ:,} of {rows:,} rows differ from ours, vwap by up to {off:.1e}: no time is believed")
    print(f"  {name}: all {rows:,} rows equal; vwap within {off:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trades", type=int, default=2_000_000, help="trades in the lake (default: 2,000,000)")
    parser.add_argument("--days", type=float, default=1.0, help="the time that they are spread over (default: 1)")
    parser.add_argument("--markets", type=int, default=12, help="three exchanges a symbol (default: 12)")
    parser.add_argument("--rounds", type=int, default=2, help="of each builder; the best counts (default: 2)")
    parser.add_argument("--before", type=Path, help="a checkout to compare with, with its own .venv")
    parser.add_argument("--python", default=str(POLARS), help="Polars' interpreter (default that of .venv-rivals)")
    parser.add_argument("--rebuild", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--outcome", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make is not None:
        options.outcome.write_text(json.dumps(make(options.make, options.trades, options.days, options.markets)))
    elif options.rebuild is not None:
        options.outcome.write_text(json.dumps(rebuild(options.rebuild, options.rounds)))
    else:
        run(options)


def run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lake, list_of_files = folder / "lake", folder / "files.json"
        words = [f"--{word}={getattr(options, word)}" for word in ("trades", "days", "markets")]
        in_process([sys.executable, __file__, "--make", str(lake), "--outcome", str(list_of_files), *words])
        print(
            f"{options.trades:,} trades of {options.markets} markets in {options.days:g} days; best of {options.rounds}"
        )
        if options.before is not None:
            shutil.copytree(lake, folder / "before", copy_function=os.link)
        taken: dict[str, float | str] = {}
        made = ours(lake, options.rounds)
        taken["ours"] = min(made["seconds"])
        table = str(Path(json.loads(list_of_files.read_text())[0]).parent)
        for rival_name, python, given in (
            ("duckdb", sys.executable, str(list_of_files)),
            ("polars", options.python, str(list_of_files)),
            ("spark", sys.executable, table),
        ):
            if not Path(python).exists():
                taken[rival_name] = f"no {python}: `make bench` makes it"
                continue
            out = folder / rival_name
            taken[rival_name] = min(rival(rival_name, python, given, out, options.rounds))
            compared(rival_name, made["files"], f"'{out}/**/*.parquet'")
        if options.before is not None:
            before = ours(folder / "before", options.rounds, options.before.resolve())
            taken["before"] = min(before["seconds"])
            compared("before", made["files"], str(before["files"]), is_gold=True)
        for step, seconds in made["steps"]:
            print(f"  {step:24s} {seconds:7.2f} s")
        print(f"{'':10}{'seconds':>10}{'trades/s':>14}{'of ours':>10}")
        for builder, seconds in taken.items():
            if isinstance(seconds, str):
                print(f"{builder:10}{seconds}")
            else:
                ratio = seconds / min(made["seconds"])
                print(f"{builder:10}{seconds:>10.2f}{options.trades / seconds:>14,.0f}{ratio:>9.2f}x")


if __name__ == "__main__":
    main()
