"""What a table that is written once a second takes on disk over hours, with its upkeep and without.

``python benchmarks/upkeep.py [--hours 2] [--rate 20] [--picture FILE]``: commits of ``--rate`` trades to silver.trades,
one for each second of a clock that runs as fast as they are written, by the log's public protocol (so without Spark).
Data files, the log's files and bytes on disk (whole blocks, as ``du`` counts them) come from the folder itself. Prints
the end of both curves, how often a row was written, and what share of one core the upkeep would take of a live hour.
``--picture`` draws the curves as SVG.
"""

import argparse
import contextlib
import itertools
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.drawing.curves import Panel, draw
from glue_jobs.engine import Workspace, write_file
from glue_jobs.engine.files import add_action
from glue_jobs.engine.transaction import commit_actions
from glue_jobs.engine.upkeep import Upkeep
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_TRADES
from tests.glue_jobs.tables_on_disk import rows_of, without_spark

TABLE = SILVER_TRADES
BEGAN_S = int(time.time())
SAMPLE_EVERY_S = 600
FILES = 50
"""Different files that are committed in turn, each under a name of its own: what is measured is not their writing."""


class Clock:
    """Seconds since the epoch, as far as the commits are."""

    now_s = BEGAN_S

    def time(self) -> float:
        return float(self.now_s)

    def time_ns(self) -> int:
        return self.now_s * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    hours: float
    files: int
    log_files: int
    mib: float


@dataclass(frozen=True, slots=True)
class Outcome:
    samples: list[Sample]
    upkeep_s: float
    """Of processor time."""
    written: int
    """Rows, those that were written again too."""


def trades(number: int, count: int) -> pa.Table:
    at = datetime.fromtimestamp(BEGAN_S + number, UTC)
    symbols = ("BTC-USD", "ETH-USD", "SOL-USD", "ADA-USD")
    return rows_of(
        TABLE,
        [
            {
                "exchange": ("coinbase", "kraken")[each % 2],
                "symbol": symbols[each % 4],
                "event_time_us": (BEGAN_S + number) * 1_000_000 + each * 997,
                "base": symbols[each % 4][:3],
                "quote": "USD",
                "source": ("coinbase", "kraken")[each % 2],
                "trade_id": str(number * count + each),
                "trade_number": Decimal(number * count + each),
                "price": Decimal(60_000 + (number * 7919 + each * 104_729) % 99_991) / 4,
                "size": Decimal(1 + (number + each * 31) % 9_999) / 10_000,
                "quote_size": Decimal(1 + (number + each * 17) % 99_999) / 10_000,
                "side": "buy" if (number + each) % 3 else "sell",
                "event_time": at,
                "received_time": at,
                "arrival_time": at,
                "backfilled": False,
                "stream_name": "trades",
                "stream_created_at": at,
                "shard_id": f"shardId-{each % 2:012d}",
                "sequence_number": f"4965{number * count + each:052d}",
                "sub_sequence_number": each,
                "event_date": at.date(),
            }
            for each in range(count)
        ],
    )


def commits(
    workspace: Workspace, templates: Path, clock: Clock, *, seconds: int, rate: int, version: Callable[[int], int]
) -> Iterator[int]:
    """A commit a second: one of a few files, each time under a new name. ``version``: what it is made on."""
    made = [write_file(str(templates), TABLE, trades(number, rate)) for number in range(FILES)]
    uri = workspace.uri(TABLE)
    for second, file in zip(range(1, seconds + 1), itertools.cycle(made), strict=False):
        clock.now_s = BEGAN_S + second
        at_us = clock.now_s * 1_000_000
        named = replace(
            file,
            path=f"part-{second:08d}.parquet",
            modified_ms=clock.now_s * 1_000,
            low={**file.low, "event_time_us": at_us},
            high={**file.high, "event_time_us": at_us + 999_999},
        )
        shutil.copyfile(templates / file.path, Path(uri) / named.path)
        told = {"arrived_through_us": at_us, "turn": second}
        commit_actions(uri, [add_action(named)], version=version(second), turn=second, metadata=told)
        yield second


def dated(workspace: Workspace, clock: Clock, after: int) -> int:
    """What came into the log above a version is as old as the clock says; the version now."""
    version = workspace.state(TABLE).version
    for each in range(after + 1, version + 1):
        for name in (f"{each:020d}.json", f"{each:020d}.checkpoint.parquet"):
            with contextlib.suppress(FileNotFoundError):
                os.utime(Path(workspace.uri(TABLE)) / "_delta_log" / name, (clock.now_s, clock.now_s))
    return version


def sample(folder: Path, hours: float) -> Sample:
    files = log_files = blocks = 0
    for path in folder.rglob("*"):
        if path.is_file():
            blocks += path.stat().st_blocks
            in_log = path.parent.name == "_delta_log"
            log_files, files = log_files + in_log, files + (not in_log)
    return Sample(hours, files, log_files, blocks * 512 / 2**20)


def run(hours: float, rate: int, *, with_upkeep: bool) -> Outcome:
    clock, seconds, before = Clock(), round(hours * 3_600), time.time_ns
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as templates:
        workspace, version = without_spark(Lake(folder), [TABLE]), 0
        upkeep = Upkeep(workspace, [TABLE], clock=clock.time)
        samples, upkeep_s = [Sample(0, 0, 1, 0)], 0.0
        time.time_ns = clock.time_ns  # what the log says of when files came and went
        try:
            # Without upkeep nobody else commits, and what the table is need not be read.
            on = (lambda _: workspace.state(TABLE).version) if with_upkeep else (lambda second: second - 1)
            for second in commits(workspace, Path(templates), clock, seconds=seconds, rate=rate, version=on):
                if with_upkeep:
                    began = time.process_time()
                    upkeep.step()
                    upkeep_s += time.process_time() - began
                    version = dated(workspace, clock, version)
                if second % SAMPLE_EVERY_S == 0 or second == seconds:
                    samples.append(sample(Path(workspace.uri(TABLE)), second / 3_600))
        finally:
            time.time_ns = before
        written = sum(step.rows or 0 for step in workspace.steps.taken()) + seconds * rate
    return Outcome(samples, upkeep_s, written)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2, help="(default 2)")
    parser.add_argument("--rate", type=int, default=20, help="trades a second (default 20)")
    parser.add_argument("--picture", type=Path, help="where to draw the curves")
    parser.add_argument("--json", type=Path, help="where to write the samples")
    options = parser.parse_args()
    found = {
        "without upkeep": run(options.hours, options.rate, with_upkeep=False),
        "with upkeep": run(options.hours, options.rate, with_upkeep=True),
    }
    print(f"{options.hours:g} hours of a commit a second, {options.rate} trades each: silver.trades on disk")
    print(f"{'':<16}{'data files':>12}{'log files':>12}{'MiB':>10}")
    for name, outcome in found.items():
        end = outcome.samples[-1]
        print(f"{name:<16}{end.files:>12,}{end.log_files:>12,}{end.mib:>10,.1f}")
    kept, all_of_it = found["with upkeep"], found["without upkeep"]
    seconds = options.hours * 3_600
    print(f"a row is written {kept.written / (seconds * options.rate):.1f} times in all")
    print(f"upkeep takes {kept.upkeep_s / seconds:.1%} of one core of a live hour")
    print(f"disk: {all_of_it.samples[-1].mib / kept.samples[-1].mib:.1f} times as much without")
    if options.json:
        told = {name: [[s.hours, s.files, s.log_files, s.mib] for s in out.samples] for name, out in found.items()}
        options.json.write_text(json.dumps(told))
    if options.picture:
        panels = [
            Panel(title, {name: [(s.hours, getattr(s, field)) for s in out.samples] for name, out in found.items()})
            for title, field in (("data files", "files"), ("files of the log", "log_files"), ("MiB on disk", "mib"))
        ]
        title = f"silver.trades on disk, a commit of {options.rate} trades each second"
        draw(options.picture, title, panels, unit="h")


if __name__ == "__main__":
    main()
