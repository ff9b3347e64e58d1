"""How fast bronze takes a stream in: MB and records a second of one core, beside what a shard gives (2 MB/s).

``python benchmarks/bronze.py [--trades 400000] [--shards 1] [--rounds 3] [--plain] [--before DIR]``. The embedded
Kinesis is a process of its own; the pipeline's is held to one core with its JVM and its Python workers. It first takes
in a small stream, which warms it up and is not counted, and then a backlog of ``--trades`` trades in aggregates as our
producers make them (``--plain``: a record a trade). MB are of Kinesis' records. Other work on the machine lengthens
seconds, so the rate is told by the CPU time that the pipeline's processes used, too; of the rounds the best counts.
With ``--before`` (a checkout with its own .venv) both take turns, and the ratios are printed.

Not comparable: the state before reads a shard until an answer is empty and commits through a Spark frame; this one
waits a second at the end, so that all coverage counts. That second is in its seconds.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.checkout import HERE, command, environment, kinesis  # type: ignore[import-not-found] # beside this script

from tapehouse import aws, kpl
from tapehouse.record import Trade, encode, partition_key

STREAM: Final = "trades"
MARKETS: Final = (("coinbase", "BTC-USD"), ("coinbase", "ETH-USD"), ("kraken", "BTC-USD"), ("binance", "BTC-USDT"))
IN_AN_AGGREGATE: Final = 100
"""Trades of one market: about 25 KB, a PUT payload unit."""
WARM_UP: Final = 2_000
SHARD_MB_PER_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Taken:
    """One measured round."""

    rows: int
    megabytes: float
    seconds: float
    cpu_seconds: float

    def line(self) -> str:
        rate = self.megabytes / self.cpu_seconds
        return (
            f"{rate:6.1f} MB and {self.rows / self.cpu_seconds:9,.0f} records a CPU second "
            f"({self.megabytes / self.seconds:5.1f} MB/s by the clock) = {rate / SHARD_MB_PER_S:5.1f} shards a core"
        )


def pipeline_process(endpoint: str, lake: str) -> None:
    """Take in what is there each time a line comes, and say what came: the checkout that this runs in."""
    from glue_jobs.engine import build_session
    from glue_jobs.pipeline import Options, pipeline
    from glue_jobs.refresh import Refresh
    from tapehouse.lake import Lake

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # the JVM and its workers inherit it
    client = aws.client("kinesis", endpoint_url=endpoint)
    refresh = Refresh(build_session(app_name="bronze"), Lake(lake), pipeline(Options(client=client)))
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.monotonic()
        rows = refresh.once(layer="bronze").rows
        print(json.dumps({"rows": rows, "seconds": time.monotonic() - began}), flush=True)


def trades(first: int, count: int) -> Iterator[Trade]:
    """Trades of four markets, a hundred of one after the other."""
    start_us = time.time_ns() // 1000 - 3_600_000_000
    for number in range(first, first + count):
        exchange, symbol = MARKETS[number // IN_AN_AGGREGATE % len(MARKETS)]
        yield Trade(
            exchange=exchange,
            symbol=symbol,
            source=exchange,
            trade_id=str(number),
            price=f"{60_000 + number % 997}.25",
            size=f"0.{number % 9_973:04d}",
            side="buy" if number % 2 else "sell",
            event_time_us=start_us + number * 1_000,
            received_time_us=start_us + number * 1_000,
        )


def put(client: Any, first: int, count: int, *, plain: bool) -> float:
    """Put trades; the MB of the records that they are in."""
    entries: list[dict[str, Any]] = []
    waiting: list[bytes] = []
    size = 0

    def flush(least: int) -> None:
        if len(entries) >= least:
            client.put_records(StreamName=STREAM, Records=entries)
            entries.clear()

    for trade in trades(first, count):
        waiting.append(encode(trade))
        if len(waiting) == (1 if plain else IN_AN_AGGREGATE):
            key = partition_key(trade)
            data = waiting[0] if plain else kpl.aggregate(key, waiting)
            size += len(data)
            entries.append({"Data": data, "PartitionKey": key})
            waiting.clear()
            flush(500 if plain else 100)
    flush(1)
    return size / 1e6


@contextmanager
def held_to_one_core(checkout: Path, endpoint: str, lake: str) -> Iterator[subprocess.Popen[str]]:
    """The pipeline of a checkout, ready to take in; a process group of its own."""
    pipeline = subprocess.Popen(
        command(checkout, __file__, ["--pipeline", endpoint, lake]),
        cwd=checkout,
        env=environment(checkout),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert pipeline.stdout is not None
        while pipeline.stdout.readline().strip() != "ready":
            if pipeline.poll() is not None:
                raise SystemExit(f"the pipeline of {checkout} did not start")
        yield pipeline
    finally:
        os.killpg(pipeline.pid, signal.SIGTERM)
        pipeline.wait()


def cpu_seconds(group: int) -> float:
    """What the processes of a group have used, those that have ended and were waited for included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[3]) == group:  # the session: Spark's workers are groups of their own in it
            ticks += sum(int(each) for each in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def take_in(pipeline: subprocess.Popen[str]) -> dict[str, float]:
    assert pipeline.stdin is not None
    assert pipeline.stdout is not None
    pipeline.stdin.write("\n")
    pipeline.stdin.flush()
    for line in pipeline.stdout:
        if line.startswith("{"):
            return dict(json.loads(line))
    raise SystemExit("the pipeline ended")


def measured(checkout: Path, arguments: argparse.Namespace) -> Taken:
    with tempfile.TemporaryDirectory() as folder, kinesis("--stream", f"{STREAM}:{arguments.shards}") as endpoint:
        client = aws.client("kinesis", endpoint_url=endpoint)
        with held_to_one_core(checkout, endpoint, folder) as pipeline:
            put(client, 0, WARM_UP, plain=arguments.plain)
            take_in(pipeline)
            megabytes = put(client, WARM_UP, arguments.trades, plain=arguments.plain)
            before = cpu_seconds(pipeline.pid)
            told = take_in(pipeline)
            used = cpu_seconds(pipeline.pid) - before
    if told["rows"] != arguments.trades:
        raise SystemExit(f"{checkout}: {told['rows']} rows of {arguments.trades}")
    return Taken(int(told["rows"]), megabytes, told["seconds"], used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trades", type=int, default=400_000, help="of the backlog (default: 400,000)")
    parser.add_argument("--shards", type=int, default=1, help="of the stream (default: 1)")
    parser.add_argument("--rounds", type=int, default=3, help="of each checkout (default: 3)")
    parser.add_argument("--plain", action="store_true", help="a record a trade, not aggregates")
    parser.add_argument("--before", type=Path, help="a checkout to compare with, with its own .venv")
    parser.add_argument("--pipeline", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="us-east-1")
    if arguments.pipeline:
        pipeline_process(*arguments.pipeline)
        return
    checkouts = {"now": HERE} if arguments.before is None else {"before": arguments.before.resolve(), "now": HERE}
    best: dict[str, Taken] = {}
    for number in range(arguments.rounds):
        for name, checkout in checkouts.items():
            taken = measured(checkout, arguments)
            print(f"round {number + 1} {name:6s} {taken.line()}", flush=True)
            if name not in best or taken.cpu_seconds < best[name].cpu_seconds:
                best[name] = taken
    what = f"{arguments.trades:,} trades, {'a record each' if arguments.plain else 'aggregated'}"
    print(f"{what}, {best['now'].megabytes:.0f} MB, {arguments.shards} shard(s), the best of {arguments.rounds}:")
    for name, taken in best.items():
        print(f"  {name:6s} {taken.line()}")
    if "before" in best:
        then, now = best["before"], best["now"]
        print(
            f"  {then.cpu_seconds / now.cpu_seconds:.1f} times as much a CPU second, "
            f"{then.seconds / now.seconds:.1f} times as fast by the clock"
        )


if __name__ == "__main__":
    main()
