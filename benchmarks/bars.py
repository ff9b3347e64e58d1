"""A full build of gold.bars from silver.trades, beside DuckDB on the same Delta table.

``python benchmarks/bars.py [--trades 2000000] [--days 1] [--markets 12] [--rounds 1]`` makes the lake of
``benchmarks/candles.py``, and lets each write all bars of all markets as Parquet: tick, volume and dollar. Each runs in
a process of its own, one after the other, and the best of its rounds counts, without the start of the process. Before
a time is believed, the tick bars are compared: prices, sums, counts and ends must be equal.

Not comparable:

- Ours is the real job (``BarsJob.rebuild``): it files the rows, and commits them to Delta. DuckDB writes bare files.
- A bar of volume begins where the one before ended, whatever that had too much, so each hangs on all before it. In SQL
  that is a recursive query, which looks at every trade again for each bar. What people write, and what DuckDB does
  here, cuts where the running total of the day passes a multiple of the size: other bars, about as many. Tick bars are
  the same either way: they alone are compared.
- Memory is the most that the process had, Python and reading included. DuckDB has the threads that it takes.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from candles import HERE, in_process  # type: ignore[import-not-found] # beside this script
from harness.checkout import outcome_of  # type: ignore[import-not-found]

COMPARED: Final = (
    *("exchange", "symbol", "kind", "day", "number", "open", "high", "low", "close", "volume", "quote_volume"),
    *("trade_count", "buy_volume", "sell_volume", "complete", "open_time_us", "close_time_us"),
)


def rebuild(lake: Path, rounds: int) -> dict[str, Any]:
    """The job: seconds of each round, the files, and the peak of memory."""
    import resource
    import time

    from glue_jobs.engine import Steps, Workspace
    from glue_jobs.gold.bars import BarsJob
    from tapehouse.lake import Lake
    from tapehouse.tables import GOLD_BARS

    workspace = Workspace(None, Lake(str(lake)), Steps())  # type: ignore[arg-type]
    workspace.ensure([GOLD_BARS])
    job, taken = BarsJob(workspace), []
    for _ in range(rounds):
        began = time.perf_counter()
        job.rebuild([GOLD_BARS])
        taken.append(time.perf_counter() - began)
    files = [f"{workspace.uri(GOLD_BARS)}/{file.path}" for file in workspace.state(GOLD_BARS).files]
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": taken, "files": [file.removeprefix("file://") for file in files], "mib": peak_mib}


def rival(files: Path, out: Path, rounds: int) -> dict[str, Any]:
    """The seconds of DuckDB's rounds, and the peak of memory. What it made lies in ``out``."""
    out.mkdir()
    script = str(HERE / "benchmarks" / "rivals" / "bars_duckdb.py")
    told = in_process([sys.executable, script, str(files), str(out), str(rounds)]).splitlines()
    return {"seconds": json.loads(told[-2]), "mib": json.loads(told[-1])}


def compared(mine: list[str], theirs: Path) -> int:
    """The tick bars compared. Raises SystemExit where they do not agree: no time is worth anything then."""
    import duckdb

    names, kept = ", ".join(COMPARED), "WHERE kind = 'tick'"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE mine AS SELECT {names} FROM read_parquet({mine}) {kept}")
        connection.execute(f"CREATE TABLE theirs AS SELECT {names} FROM read_parquet('{theirs}/*.parquet') {kept}")
        found = connection.execute(
            """SELECT (SELECT count(*) FROM mine), (SELECT count(*) FROM (FROM mine EXCEPT FROM theirs))
                    + (SELECT count(*) FROM (FROM theirs EXCEPT FROM mine))"""
        ).fetchone()
    assert found is not None
    rows, differ = found
    if differ:
        sys.exit(f"{theirs.name}: {differ:,} of {rows:,} rows differ from ours: no time is believed")
    return int(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trades", type=int, default=2_000_000, help="trades in the lake (default: 2,000,000)")
    parser.add_argument("--days", type=float, default=1.0, help="the time that they are spread over (default: 1)")
    parser.add_argument("--markets", type=int, default=12, help="three exchanges a symbol (default: 12)")
    parser.add_argument("--rounds", type=int, default=1, help="of each builder; the best counts (default: 1)")
    parser.add_argument("--rebuild", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--outcome", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rebuild is not None:
        options.outcome.write_text(json.dumps(rebuild(options.rebuild, options.rounds)))
    else:
        run(options)


def run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lake, files = folder / "lake", folder / "files.json"
        words = [f"--{word}={getattr(options, word)}" for word in ("trades", "days", "markets")]
        candles = str(HERE / "benchmarks" / "candles.py")
        in_process([sys.executable, candles, "--make", str(lake), "--outcome", str(files), *words])
        print(f"{options.trades:,} trades of {options.markets} markets in {options.days:g} days")
        made = outcome_of(HERE, __file__, ["--rebuild", str(lake), "--rounds", str(options.rounds)])
        taken = {"ours": made}
        taken["duckdb"] = rival(files, folder / "duckdb", options.rounds)
        print(f"  duckdb: all {compared(made['files'], folder / 'duckdb'):,} tick bars equal")
        print(f"{'':16}{'seconds':>10}{'trades/s':>14}{'of ours':>10}{'MiB':>8}")
        for builder, told in taken.items():
            seconds, mib = min(told["seconds"]), told["mib"]
            ratio = seconds / min(made["seconds"])
            print(f"{builder:16}{seconds:>10.2f}{options.trades / seconds:>14,.0f}{ratio:>9.2f}x{mib:>8,.0f}")


if __name__ == "__main__":
    main()
