"""How long a trade takes from being made to being in a candle, seen from outside, at a steady rate.

``python benchmarks/latency.py [--rate 1000] [--seconds 120] [--markets 12] [--timing aws] [--before DIR]``. Three
processes: the embedded Kinesis, the pipeline (live), and this one, which makes trades, puts them ten times a second,
and reads the log of gold.candles as any reader would. A trade is seen when a committed candle of one second counts it.
The first third of the time warms the pipeline up. Prints the rate that was really put, p50, p95 and the greatest delay;
with ``--before`` (a checkout with its own .venv) the same of that one, and the ratio. With ``--beside bars,forecast``
(or ``every``) the named queries run behind candles, and then none, ``--rounds`` times by turns: what they cost candles.
"""

import argparse
import bisect
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq
from harness.checkout import HERE, command, environment, kinesis  # type: ignore[import-not-found] # beside this script

from tapehouse import aws
from tapehouse.record import Coverage, Trade, encode, partition_key

STREAM = "trades"
PUTS_A_SECOND = 10
COVERED_EVERY_S = 10


CANDLES = ("bronze", "silver", "gold")
"""The queries that a candle needs."""


def pipeline_process(endpoint: str, lake: str, beside: str) -> None:
    """The pipeline, live, as the checkout that this runs in has it; until a signal.

    ``beside``: the queries that run behind candles: names, every, or none.
    """
    from glue_jobs.engine import build_session
    from glue_jobs.pipeline import Options, pipeline
    from glue_jobs.refresh import Refresh
    from tapehouse.errors import TransientError
    from tapehouse.lake import Lake

    stop = threading.Event()
    client = aws.client("kinesis", endpoint_url=endpoint)
    queries = pipeline(Options(client=client))
    if beside != "every":
        asked = {*CANDLES, *beside.split(",")}
        queries = tuple(query for query in queries if query.name in asked)
    refresh = Refresh(build_session(app_name="latency"), Lake(lake), queries)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    refresh.once()
    print("ready", flush=True)
    if hasattr(refresh, "live"):
        with refresh.live(every_s=1.0) as live:
            while not stop.wait(0.5):
                live.check()
    else:
        while not stop.is_set():
            try:
                refresh.once()
            except TransientError as error:
                print(error, file=sys.stderr)


@contextmanager
def running(checkout: Path, folder: Path, endpoint: str, lake: str, beside: str) -> Iterator[None]:
    errors = (folder / "pipeline.log").open("w")
    started = subprocess.Popen(
        command(checkout, __file__, ["--serve", endpoint, lake, beside]),
        cwd=checkout,
        env=environment(checkout),
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        start_new_session=True,
    )
    try:
        assert started.stdout is not None
        if started.stdout.readline().strip() != "ready":
            raise SystemExit(f"The pipeline did not start: {(folder / 'pipeline.log').read_text()[-2000:]}")
        yield
    finally:
        started.terminate()
        try:
            started.wait(90)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)


class Made:
    """The trades that were made: (market as exchange:symbol, second) → event times, in order."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, int], list[int]] = defaultdict(list)
        self.seen: dict[tuple[str, int], int] = defaultdict(int)
        self.delays: list[tuple[int, float]] = []
        """Event time (µs), seconds until it was seen."""
        self.put = 0

    def add(self, trade: Trade) -> None:
        self.times[f"{trade.exchange}:{trade.symbol}", trade.event_time_us // 1_000_000].append(trade.event_time_us)

    def count(self, market: str, second: int, trades: int, now_us: int) -> None:
        """A candle of one second says so many trades."""
        key = market, second
        for event_us in self.times[key][self.seen[key] : trades]:
            self.delays.append((event_us, (now_us - event_us) / 1e6))
        self.seen[key] = max(self.seen[key], trades)


class Reader:
    """Follows the log of gold.candles, without any of the pipeline's code."""

    def __init__(self, table: Path, first: int = 0) -> None:
        self._table, self._version = table, first

    def look(self, made: Made) -> None:
        while (commit := self._table / "_delta_log" / f"{self._version:020d}.json").exists():
            now_us = time.time_ns() // 1000
            for line in commit.read_text().splitlines():
                if (added := json.loads(line).get("add")) is not None and added["dataChange"]:
                    self._read(added, made, now_us)
            self._version += 1

    def _read(self, added: dict[str, object], made: Made, now_us: int) -> None:
        interval = dict(added["partitionValues"]).get("interval")  # type: ignore[call-overload]
        if interval not in (None, "1s"):
            return
        path = self._table / unquote(str(added["path"]))
        names = ["exchange", "symbol", "window_start", "trade_count"] + (["interval"] if interval is None else [])
        try:
            rows = pq.ParquetFile(path).read(columns=names).to_pylist()
        except FileNotFoundError:
            return  # replaced and cleaned up already: what came after it says more
        for row in rows:
            if row["exchange"] != "ALL" and row.get("interval", "1s") == "1s":
                market = f"{row['exchange']}:{row['symbol']}"
                made.count(market, int(row["window_start"].timestamp()), row["trade_count"], now_us)


def measure(checkout: Path, options: argparse.Namespace, beside: str = "every") -> dict[str, float]:
    """One run of one checkout's pipeline: rate (trades/s), p50, p95, greatest delay (s), part that was seen."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lake = str(folder / "lake")
        with kinesis(*(("--timing", options.timing) if options.timing else ())) as endpoint:
            client = aws.client("kinesis", endpoint_url=endpoint)
            client.create_stream(StreamName=STREAM, ShardCount=2)
            with running(checkout, folder, endpoint, lake, beside):
                return drive(client, Reader(Path(lake) / "gold" / "candles"), options)


def drive(client: object, reader: Reader, options: argparse.Namespace) -> dict[str, float]:
    made = Made()
    began = time.monotonic()
    ends = began + options.seconds
    steady_us = time.time_ns() // 1000 + int(options.seconds / 3 * 1e6)
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.05):
            reader.look(made)

    watching = threading.Thread(target=watch)
    watching.start()
    number, covered_us = 0, time.time_ns() // 1000
    a_put = max(1, options.rate // PUTS_A_SECOND)
    while (now := time.monotonic()) < ends:
        records: list[Trade | Coverage] = []
        for _ in range(a_put):
            trade = new_trade(number, options.markets)
            made.add(trade)
            records.append(trade)
            number += 1
        put(client, records)
        now_us = time.time_ns() // 1000
        if now_us - covered_us > COVERED_EVERY_S * 1_000_000:
            put(client, [coverage(market, covered_us, now_us) for market in range(options.markets)])
            covered_us = now_us
        due = began + (number / a_put) / PUTS_A_SECOND
        time.sleep(max(0.0, due - now))
    rate = number / (time.monotonic() - began)
    time.sleep(options.settle)
    stop.set()
    watching.join()
    delays = sorted(delay for event_us, delay in made.delays if event_us >= steady_us)
    asked = sum(len(times) - bisect.bisect_left(times, steady_us) for times in made.times.values())
    if not delays:
        raise SystemExit("No trade of the steady time was seen in a candle: give it more --seconds or --settle")
    return {
        "rate": rate,
        "p50": statistics.median(delays),
        "p95": delays[int(len(delays) * 0.95)],
        "most": delays[-1],
        "seen": len(delays) / asked,
    }


def new_trade(number: int, markets: int) -> Trade:
    now_us = time.time_ns() // 1000
    return Trade(
        exchange="synthetic",
        symbol=f"C{number % markets}-USD",
        source="synthetic",
        trade_id=str(number // markets + 1),
        price=f"{60_000 + number % 997}.25",
        size="0.0125",
        side="buy" if number % 2 else "sell",
        event_time_us=now_us,
        received_time_us=now_us,
    )


def coverage(market: int, from_us: int, through_us: int) -> Coverage:
    return Coverage(
        exchange="synthetic",
        symbol=f"C{market}-USD",
        source="synthetic",
        from_us=from_us,
        through_us=through_us,
        last_id=None,
        received_time_us=through_us,
    )


def put(client: object, records: Sequence[Trade | Coverage], stream: str = STREAM) -> None:
    entries = [{"Data": encode(record), "PartitionKey": partition_key(record)} for record in records]
    for at in range(0, len(entries), 500):
        left = entries[at : at + 500]
        while left:
            answer = client.put_records(StreamName=stream, Records=left)  # type: ignore[attr-defined]
            left = [entry for entry, said in zip(left, answer["Records"], strict=True) if "ErrorCode" in said]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1000, help="trades a second (default: 1,000)")
    parser.add_argument("--seconds", type=float, default=90, help="of trades (default: 90)")
    parser.add_argument("--settle", type=float, default=20, help="seconds to wait for the last ones (default: 20)")
    parser.add_argument("--markets", type=int, default=12, help="(default: 12)")
    parser.add_argument("--timing", help="of the embedded Kinesis: aws (default: it answers at once)")
    parser.add_argument("--before", type=Path, help="a checkout to compare with, with its own .venv")
    parser.add_argument("--beside", metavar="NAMES", help="queries behind candles, or every: what do they cost?")
    parser.add_argument("--rounds", type=int, default=2, help="of --beside and without, by turns (default: 2)")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="us-east-1")
    if options.serve:
        pipeline_process(*options.serve)
        return
    print(f"{'':8}{'trades/s':>10}{'p50 s':>8}{'p95 s':>8}{'most s':>8}{'seen':>8}")
    if options.beside:
        p95: dict[str, list[float]] = {"beside": [], "alone": []}
        for name in ("beside", "alone") * options.rounds:
            one = measure(HERE, options, options.beside if name == "beside" else "none")
            tell(name, one)
            p95[name].append(one["p95"])
        with_them, alone = (statistics.median(p95[name]) for name in ("beside", "alone"))
        print(f"p95 with {options.beside} beside candles: {with_them / alone:.2f} times that of candles alone")
        return
    now = measure(HERE, options)
    tell("now", now)
    if options.before is not None:
        before = measure(options.before.resolve(), options)
        tell("before", before)
        print(f"p95: {before['p95'] / now['p95']:.1f} times sooner")


def tell(name: str, one: dict[str, float]) -> None:
    shown = f"{name:8}{one['rate']:>10,.0f}{one['p50']:>8.2f}{one['p95']:>8.2f}{one['most']:>8.2f}{one['seen']:>8.1%}"
    print(shown, flush=True)


if __name__ == "__main__":
    main()
