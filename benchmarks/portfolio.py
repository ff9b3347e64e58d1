"""gold.portfolio over the candles of many trades, beside DuckDB on the same Parquet files.

``python benchmarks/portfolio.py [--trades 10000000] [--days 30] [--markets 12] [--rounds 3]`` makes a lake as
``benchmarks/candles.py`` does, builds its candles, and holds every market of it from the first hour on, and its symbol
at the price of ``ALL``: bought three times, sold in part once. Each computes the whole table in a process of its own,
one after the other; the best round counts, and the most memory that the process took. Before a time is believed, every
row is compared: units, price, value, cost and profits must be equal, weights to a part in a million of a percent.

Not comparable: ours files the rows a day a file, commits them to Delta, and finds the candles' files by the log; DuckDB
is given the list of files, and writes one.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from candles import START_US, in_process, markets  # type: ignore[import-not-found] # beside this script
from harness.checkout import HERE, outcome_of  # type: ignore[import-not-found] # beside this script

HOUR_US: Final = 3_600_000_000
SCRIPTS: Final = HERE / "benchmarks"


def transactions(count: int, trades: int, days: float) -> list[list[Any]]:
    """exchange, symbol, number, time in µs, units (below 0: sold), price."""
    named = [(each.exchange, f"{each.base}-USD", each.price) for each in markets(count, trades)]
    named += [("ALL", symbol, price) for symbol, price in {symbol: price for _, symbol, price in named}.items()]
    step = int(days * 24 / 5) * HOUR_US
    changes = ("1.5", "0.333333", "-0.7", "2.000001")
    return [
        [exchange, symbol, number + 1, START_US + number * step + 1, change, f"{price + number:.6f}"]
        for exchange, symbol, price in named
        for number, change in enumerate(changes)
    ]


def as_file(told: list[list[Any]]) -> str:
    from glue_jobs.engine import instant_text

    holdings: dict[tuple[str, str], list[dict[str, str]]] = {}
    for exchange, symbol, _, at_us, change, price in told:
        kind = "sell" if change.startswith("-") else "buy"
        entry = {kind: change.removeprefix("-"), "at": instant_text(at_us), "price": price}
        holdings.setdefault((exchange, symbol), []).append(entry)
    return json.dumps(
        {"holdings": [{"exchange": e, "symbol": s, "transactions": each} for (e, s), each in holdings.items()]}
    )


def ours(lake: str, rounds: int) -> dict[str, Any]:
    """Seconds of each round from an empty table on, the rows' files, and the most memory."""
    from glue_jobs.engine import Steps, Workspace
    from glue_jobs.gold.portfolio import PortfolioJob
    from tapehouse.lake import Lake
    from tapehouse.tables import GOLD_CANDLES, GOLD_PORTFOLIO

    taken = []
    workspace = Workspace(None, Lake(lake), Steps())  # type: ignore[arg-type] # no Spark is needed
    workspace.ensure([GOLD_CANDLES, GOLD_PORTFOLIO])
    for _ in range(rounds):
        base = workspace.state(GOLD_PORTFOLIO)
        if base.files:
            workspace.commit(base, remove=base.files, metadata={})
        began = time.perf_counter()
        fresh = Workspace(None, Lake(lake), Steps())  # type: ignore[arg-type]
        job = PortfolioJob(fresh)
        job.prepare()
        while job.more():
            pass
        taken.append(time.perf_counter() - began)
    return {
        "seconds": taken,
        "files": [f"{workspace.uri(GOLD_PORTFOLIO)}/{each.path}" for each in workspace.state(GOLD_PORTFOLIO).files],
        "candles": [f"{workspace.uri(GOLD_CANDLES)}/{each.path}" for each in workspace.state(GOLD_CANDLES).files],
        "rows": workspace.state(GOLD_PORTFOLIO).rows,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def compared(mine: list[str], theirs: Path) -> None:
    """Raises SystemExit where a row differs."""
    import duckdb

    names = "exchange, symbol, units, price, trade_time_us, value, cost, realised, unrealised"
    kinds = ("units", "price", "value", "cost", "realised", "unrealised")
    exact = names
    for kind in kinds:
        exact = exact.replace(f" {kind}", f" {kind}::DECIMAL(38,12) AS {kind}")
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.execute(
            f"CREATE VIEW mine AS SELECT {exact}, epoch_us(hour) AS hour, weight_pct FROM read_parquet({mine})"
        )
        connection.execute(f"CREATE VIEW theirs AS SELECT {exact}, hour, weight_pct FROM read_parquet('{theirs}')")
        found = connection.execute(
            f"""SELECT (SELECT count(*) FROM (SELECT {names}, hour FROM mine EXCEPT SELECT {names}, hour FROM theirs))
                     + (SELECT count(*) FROM (SELECT {names}, hour FROM theirs EXCEPT SELECT {names}, hour FROM mine)),
                  (SELECT max(abs(m.weight_pct - t.weight_pct))
                     FROM mine m JOIN theirs t USING (exchange, symbol, hour)),
                  (SELECT count(*) FROM mine)"""
        ).fetchone()
    assert found is not None
    differ, off, rows = found
    if differ or Decimal(str(off)) > Decimal("1e-6"):
        sys.exit(f"{differ:,} of {rows:,} rows differ, weights by up to {off}: no time is believed")
    print(f"  all {rows:,} rows equal; weights within {float(off):.0e} percent")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trades", type=int, default=10_000_000, help="trades in the lake (default: 10,000,000)")
    parser.add_argument("--days", type=float, default=30.0, help="the time that they are spread over (default: 30)")
    parser.add_argument("--markets", type=int, default=12, help="three exchanges a symbol (default: 12)")
    parser.add_argument("--rounds", type=int, default=3, help="of each; the best counts (default: 3)")
    parser.add_argument("--ours", help=argparse.SUPPRESS)
    parser.add_argument("--outcome", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours is not None:
        options.outcome.write_text(json.dumps(ours(options.ours, options.rounds)))
    else:
        run(options)


def run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        lake, given, out = f"{name}/lake", Path(name) / "given.json", Path(name) / "out"
        words = [f"--{word}={getattr(options, word)}" for word in ("trades", "days", "markets")]
        candles = str(SCRIPTS / "candles.py")
        in_process([sys.executable, candles, "--make", lake, "--outcome", f"{name}/files.json", *words])
        outcome_of(HERE, candles, ["--rebuild", lake, "--rounds", "1"])
        told = transactions(options.markets, options.trades, options.days)
        file = Path(lake) / "_portfolio" / "portfolio.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(as_file(told))
        made = outcome_of(HERE, __file__, ["--ours", lake, "--rounds", str(options.rounds)])
        until_us = START_US + int(options.days * 24) * HOUR_US
        given.write_text(json.dumps({"files": made["candles"], "transactions": told, "until_us": until_us}))
        out.mkdir()
        rival = [sys.executable, str(SCRIPTS / "rivals/portfolio_duckdb.py"), str(given), str(out), str(options.rounds)]
        theirs = [json.loads(line) for line in in_process(rival).splitlines()[-2:]]
        compared(made["files"], out / "portfolio.parquet")
        print(f"{options.trades:,} trades of {options.markets} markets in {options.days:g} days")
        print(f"{'':8}{'seconds':>9}{'peak MB':>9}")
        print(f"{'ours':8}{min(made['seconds']):>9.2f}{made['memory_mb']:>9.0f}")
        print(f"{'duckdb':8}{min(theirs[0]):>9.2f}{theirs[1]:>9.0f}")


if __name__ == "__main__":
    main()
