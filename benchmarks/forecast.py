"""Forecasts of many markets on one core: ours beside straightforward NumPy, and a whole pass of the job over a lake.

``python benchmarks/forecast.py [--markets 200] [--paths 10000] [--steps 60]``: seconds (CPU) and peak memory above what
the process had before, each way in a process of its own.

*ours* goes step by step over all paths, in the same two arrays. *one matrix* draws paths x steps at once and adds them
up along the steps, as most write it. *a loop* is the plain Python loop over paths and steps, of one market only: the
others' seconds are for all. All take the same quantiles at four horizons; *ours* also makes bins and decimals of them.

*a pass* is the job itself: gold.candles of a day of minutes of every market on disk, one batch that makes every market
due, and the commits of the three tables.
"""

import argparse
import math
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Steps, Workspace, schema_of
from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.gold.forecast import MAKES, ForecastJob, Parameters
from glue_jobs.gold.forecast.model import QUANTILES, seed_of
from glue_jobs.gold.forecast.paths import INPUTS, simulated
from tapehouse.intervals import MINUTE_US
from tapehouse.lake import Lake
from tapehouse.tables import GOLD_CANDLES

MU, SIGMA, PRICE = 1e-6, 0.0008, 60_000.0
AS_OF_US: Final = 1_760_054_400_000_000
"""2025-10-10T00:00:00Z."""


def horizons(steps: int) -> list[int]:
    return sorted({max(steps // 12, 1), max(steps // 4, 1), max(steps // 2, 1), steps})


def ours(markets: int, paths: int, steps: int) -> None:
    row = {"mu": MU, "sigma": SIGMA, "last_price": Decimal(60_000), "paths": paths, "band": Decimal("0.9")}
    rows = [
        {**row, "exchange": "x", "symbol": str(number), "as_of_us": 0, "seed": number, "steps": horizons(steps)}
        for number in range(markets)
    ]
    simulated(pa.Table.from_pylist(rows, schema=INPUTS))


def one_matrix(markets: int, paths: int, steps: int) -> None:
    for number in range(markets):
        draws = np.random.default_rng(number).standard_normal((paths, steps))
        prices = PRICE * np.exp(np.cumsum(MU - SIGMA**2 / 2 + SIGMA * draws, axis=1))
        for step in horizons(steps):
            np.quantile(prices[:, step - 1], list(QUANTILES.values()))


def a_loop(_: int, paths: int, steps: int) -> None:
    dice = random.Random(seed_of("x", "y", 0))
    reached: dict[int, list[float]] = {step: [] for step in horizons(steps)}
    for _path in range(paths):
        price = PRICE
        for step in range(1, steps + 1):
            price *= math.exp(MU - SIGMA**2 / 2 + SIGMA * dice.gauss(0, 1))
            if step in reached:
                reached[step].append(price)
    for prices in reached.values():
        np.quantile(prices, list(QUANTILES.values()))


def candles(markets: int) -> pa.Table:
    """A day of minutes of every market, and the first one of the next."""
    minutes, dice = 1_441, np.random.default_rng(1)
    starts = pa.array(AS_OF_US + MINUTE_US * (np.arange(minutes) - 1_440))
    whole = pa.concat_arrays([starts] * markets)
    logs = np.cumsum(SIGMA * dice.standard_normal((markets, minutes)), axis=1).ravel()
    prices = pc.cast(pa.array([f"{each:.6f}" for each in PRICE * np.exp(logs)]), pa.decimal128(28, 12))
    rows = len(whole)
    columns = {
        **dict.fromkeys(("open", "high", "low", "close", "vwap"), prices),
        "exchange": pa.array(["kraken"] * rows),
        "symbol": pa.array([f"M{number}-USD" for number in range(markets) for _ in range(minutes)]),
        "interval": pa.array(["1m"] * rows),
        "window_start": whole,
        "window_end": pc.add(whole, MINUTE_US),
        "close_time_us": pc.add(whole, MINUTE_US - 1),
        "trade_count": pa.array([1] * rows),
        "complete": pa.array([True] * rows),
        **dict.fromkeys(("volume", "quote_volume", "buy_volume", "sell_volume"), pa.array([1] * rows)),
    }
    schema = schema_of(GOLD_CANDLES)
    return pa.table([columns.get(each.name, pa.nulls(rows)).cast(each.type) for each in schema], schema=schema)


def a_pass(markets: int, paths: int, steps: int) -> Callable[[], None]:
    lake = Lake(tempfile.mkdtemp())
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    parameters = Parameters(paths=paths, horizons_us=tuple(each * MINUTE_US for each in horizons(steps)))
    job = ForecastJob(workspace, parameters)
    workspace.ensure([GOLD_CANDLES, *MAKES])
    rows = candles(markets)
    is_last = pc.equal(rows.column("window_start").cast(pa.int64()), AS_OF_US)
    for some in (rows.filter(pc.invert(is_last)), rows.filter(is_last)):
        files = [workspace.stage(GOLD_CANDLES, some.slice(at, 16_384)) for at in range(0, some.num_rows, 16_384)]
        workspace.commit(workspace.state(GOLD_CANDLES), add=files)
    limits = BatchLimits(max_rows=10**9, max_bytes=10**9, max_raw_bytes=10**10)
    follower = Follower(workspace, "forecast", (GOLD_CANDLES,), limits)

    def run() -> None:
        batch = follower.next()
        assert batch is not None
        job.write(batch)
        (forecast,) = workspace.state(next(iter(MAKES))).files
        assert forecast.rows == markets * len(horizons(steps))

    return run


def measured(way: str, markets: int, paths: int, steps: int) -> tuple[float, float]:
    """CPU seconds, and MiB of memory at the peak above what was there before."""
    run = a_pass(markets, paths, steps) if way == "a pass" else lambda: WAYS[way](markets, paths, steps)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    run()
    seconds = time.process_time() - began
    return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


WAYS: Final = {"ours": ours, "one matrix": one_matrix, "a loop": a_loop}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markets", type=int, default=200, help="(default 200)")
    parser.add_argument("--paths", type=int, default=10_000, help="(default 10000)")
    parser.add_argument("--steps", type=int, default=60, help="(default 60)")
    options = parser.parse_args()
    print(f"{options.markets} markets x {options.paths} paths x {options.steps} steps, {datetime.now(UTC):%Y-%m-%d}")
    print(f"{'':<12}{'seconds':>9}{'MiB':>8}{'M draws/s':>11}")
    for way in ("ours", "one matrix", "a loop", "a pass"):
        markets = 1 if way == "a loop" else options.markets
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, memory = pool.apply(measured, (way, markets, options.paths, options.steps))
        draws = markets * options.paths * options.steps
        print(f"{way:<12}{seconds:>9.2f}{memory:>8.0f}{draws / seconds / 1e6:>11.1f}", flush=True)


if __name__ == "__main__":
    main()
