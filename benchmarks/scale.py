"""What a refresh costs on lakes of different sizes: seconds, bytes read and bytes written.

``python benchmarks/scale.py [--lakes 1000000:12:1,30000000:1000:7] [--passes 3]``. Each lake is given as
trades:markets:days, and holds so many trades of so many markets over so many days, ending an hour ago, with gold built
from them. Then the same is done to each: +10,000 trades over 12 markets and over all of them (the median of
``--passes``), one trade of the first day, and a month's backfill of one market while fresh trades go on: how long those
had to wait for their candles. Prints the seconds of each, and the ratio of each lake to the first.

Bytes read are what the processes of the pipeline asked the system for (Linux tells it), the stream's among them; bytes
written are the files that the tables' commits added. The lakes are made by the project's own writer, and the making is
not counted.
"""

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import candles  # type: ignore[import-not-found] # beside this script
import pyarrow as pa
from harness.processes import family  # type: ignore[import-not-found]
from latency import Made, Reader, put  # type: ignore[import-not-found] # beside this script

from embedded.kinesis import KinesisServer
from glue_jobs.engine import Steps, Workspace, build_session, schema_of
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse import aws
from tapehouse.lake import Lake
from tapehouse.record import Trade
from tapehouse.tables import BRONZE_TRADES, SILVER_COVERAGE, SILVER_GAPS, SILVER_TRADES

ADDED = 10_000
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MONTH_DAYS = 30
FRESH_A_SECOND = 20
FRESH_S = 15.0
"""Fresh trades go on for so long at least."""
BACKFILL_ENDS_S = 600.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A lake as the benchmark makes it."""

    trades: int
    markets: int
    days: float

    @classmethod
    def of(cls, text: str) -> "Stored":
        trades, markets, days = text.split(":")
        return cls(int(trades), int(markets), float(days))

    def __str__(self) -> str:
        return f"{self.trades:,} trades, {self.markets:,} markets, {self.days:g} days"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one refresh."""

    seconds: float
    read: int
    written: int


class Bench:
    """A lake with its history, and what is done to it."""

    def __init__(self, folder: Path, spark: Any, endpoint: str, stored: Stored) -> None:
        self._client = aws.client("kinesis", endpoint_url=endpoint)
        self._stream = f"trades-{stored.trades}-{stored.markets}"
        self._client.create_stream(StreamName=self._stream, ShardCount=2)
        self._lake = Lake(str(folder))
        self._workspace = Workspace(spark, self._lake, Steps())
        self.ends_us = time.time_ns() // 1000 - HOUR_US
        self.starts_us = self.ends_us - int(stored.days * DAY_US)
        self._markets = candles.markets(stored.markets, stored.trades)
        self._next_id = 10**15
        self._make(stored)
        options = Options(client=self._client, stream_name=self._stream)
        self._refresh = Refresh(spark, self._lake, pipeline(options))

    def _make(self, stored: Stored) -> None:
        candles.START_US = self.starts_us
        workspace = self._workspace
        workspace.ensure([BRONZE_TRADES, SILVER_TRADES, SILVER_COVERAGE, SILVER_GAPS])
        files = [workspace.stage(SILVER_TRADES, rows) for rows in candles.pieces(self._markets, stored.days)]
        workspace.commit(workspace.state(SILVER_TRADES), add=files)
        seen = workspace.stage(SILVER_COVERAGE, self._covered())
        workspace.commit(workspace.state(SILVER_COVERAGE), add=[seen])

    def _covered(self) -> pa.Table:
        """Every market is wholly seen: one span each."""
        schema = schema_of(SILVER_COVERAGE)
        same: dict[str, Any] = {"from_us": self.starts_us, "through_us": self.ends_us, "arrival_time": self.ends_us}
        same |= {"stream_name": self._stream, "stream_created_at": self.starts_us, "shard_id": "shardId-000000000000"}
        rows = [
            {
                **{name: same.get(name) for name in schema.names},
                **({"records": 1} if "records" in schema.names else {}),
                "exchange": market.exchange,
                "symbol": f"{market.base}-USD",
                "source": market.exchange,
                "sequence_number": str(number),
                "sub_sequence_number": 0,
            }
            for number, market in enumerate(self._markets)
        ]
        return pa.table(
            [pa.array([row[name] for row in rows], schema.field(name).type) for name in schema.names], schema=schema
        )

    def build(self) -> float:
        """Gold from silver: seconds. What comes first in a process (code, memory of what is live) is done after it."""
        began = time.monotonic()
        self._refresh.rebuild("gold.candles")
        seconds = time.monotonic() - began
        for _ in range(2):
            self.add(self.trades(100, len(self._markets)))
        return seconds

    def trades(self, count: int, markets: int, at_us: int | None = None, span_us: int = 1_000_000) -> list[Trade]:
        """New trades of some markets, over a span that ends now, or from ``at_us`` on."""
        from_us = time.time_ns() // 1000 - span_us if at_us is None else at_us
        return [self._trade(number % markets, from_us + number * span_us // count) for number in range(count)]

    def _trade(self, market: int, at_us: int) -> Trade:
        self._next_id += 1
        of = self._markets[market]
        return Trade(
            exchange=of.exchange,
            symbol=f"{of.base}-USD",
            source=of.exchange,
            trade_id=str(self._next_id),
            price="100.25",
            size="0.0125",
            side="buy",
            event_time_us=at_us,
            received_time_us=at_us,
        )

    def add(self, trades: list[Trade]) -> Cost:
        """Into the stream, and a refresh."""
        put(self._client, trades, self._stream)
        versions = {table: self._workspace.state(table).version for table in self._tables()}
        read = read_so_far()
        report = self._refresh.once()
        written = sum(self._added(table, version) for table, version in versions.items())
        return Cost(report.seconds, read_so_far() - read, written)

    def _tables(self) -> list[Any]:
        return [table for query in pipeline() for table in query.writes]

    def _added(self, table: Any, after: int) -> int:
        state = self._workspace.state(table)
        commits = self._workspace.log(table).commits(after, state.version) or []
        return sum(file.size for commit in commits for file in commit.added)

    def backfill(self, count: int) -> tuple[float, float, float]:
        """A month of one market while fresh trades go on: p50 and the greatest wait of these, and seconds until every
        trade of the month was in its candle."""
        made, reader = Made(), Reader(Path(self._lake.table_uri("gold.candles")), first=self._gold_version() + 1)
        late = self.trades(count, 1, self.starts_us - MONTH_DAYS * DAY_US, MONTH_DAYS * DAY_US)
        put(self._client, late, self._stream)
        began, done = time.monotonic(), 0.0
        with self._refresh.live(every_s=0.5) as live:
            for trade in late:
                made.add(trade)
            while not done or time.monotonic() - began < FRESH_S:
                live.check()
                fresh = self.trades(FRESH_A_SECOND, min(12, len(self._markets)), span_us=100_000)
                for trade in fresh:
                    made.add(trade)
                put(self._client, fresh, self._stream)
                time.sleep(1.0)
                reader.look(made)
                if not done and sum(event_us < self.starts_us for event_us, _ in made.delays) >= count:
                    done = time.monotonic()
                if time.monotonic() - began > BACKFILL_ENDS_S:
                    raise SystemExit(f"The backfill was not in gold after {BACKFILL_ENDS_S} s")
        delays = sorted(delay for event_us, delay in made.delays if event_us >= self.starts_us)
        return statistics.median(delays), delays[-1], done - began

    def _gold_version(self) -> int:
        return self._workspace.state(next(t for t in self._tables() if t.name == "gold.candles")).version


def read_so_far() -> int:
    """Bytes that this process and those that it started have asked the system for."""
    return sum(map(_read_by, family()))


def _read_by(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


def measure(stored: Stored, spark: Any, passes: int, backfill: int) -> dict[str, float]:
    """Prints what each deed cost; gives the seconds of each."""
    found: dict[str, float] = {}

    def tell(name: str, costs: list[Cost]) -> None:
        seconds = found[name] = statistics.median(cost.seconds for cost in costs)
        read, written = (
            statistics.median(getattr(cost, which) for cost in costs) / 1e6 for which in ("read", "written")
        )
        print(f"  {name:32}{seconds:8.2f} s {read:10.1f} MB read {written:8.1f} MB written", flush=True)

    print(f"{stored}:", flush=True)
    with tempfile.TemporaryDirectory() as folder, KinesisServer() as server:
        bench = Bench(Path(folder), spark, server.endpoint, stored)
        print(f"  {'full build of gold':32}{bench.build():8.2f} s", flush=True)
        few = min(12, stored.markets)
        tell(f"+{ADDED:,} over {few} markets", [bench.add(bench.trades(ADDED, few)) for _ in range(passes)])
        every = [bench.add(bench.trades(ADDED, stored.markets)) for _ in range(passes)]
        tell("+10,000 over all markets", every)
        day_one = [bench.add(bench.trades(1, 1, bench.starts_us + HOUR_US + n * 1000)) for n in range(passes)]
        tell("one trade of the first day", day_one)
        if backfill:
            p50, most, seconds = bench.backfill(backfill)
            print(
                f"  a month's backfill of {backfill:,} trades: done in {seconds:.0f} s; fresh trades waited "
                f"{p50:.1f} s (p50), {most:.1f} s at most",
                flush=True,
            )
            found["fresh beside a backfill (p50)"] = p50
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lakes", default="100000:12:1,400000:200:2", help="trades:markets:days of each, by commas")
    parser.add_argument("--passes", type=int, default=3, help="(default: 3)")
    parser.add_argument("--backfill", type=int, default=20_000, help="trades of the backfill; 0: none (20,000)")
    options = parser.parse_args()
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="us-east-1")
    spark = build_session(app_name="tapehouse-benchmark")
    first: dict[str, float] = {}
    for stored in map(Stored.of, options.lakes.split(",")):
        found = measure(stored, spark, options.passes, options.backfill)
        same = {name.replace(f"{min(12, stored.markets)} markets", "few markets"): at for name, at in found.items()}
        if not first:
            first = same
            continue
        for name, seconds in same.items():
            if name in first:
                print(f"  {name:32}{seconds / first[name]:8.2f} times the first lake's", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
