"""How fast trades go from the stream to gold, and where the time of a small refresh goes.

``--before`` (a checkout with its own .venv) runs the same there, first that one and then this, and prints the ratios.

Real Spark and real Delta, and the embedded Kinesis as a process of its own. First a backlog (``--backlog`` trades) is
taken to gold in one pass, then ``--passes`` small refreshes of ``--small`` trades each: the first of them warm the code
up and are not counted. Prints trades/s of the backlog and, of a small refresh, the median seconds of each step with its
share (steps overlap: a query holds its batch's steps, and tables of one layer are written side by side).
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.checkout import kinesis, outcome_of  # type: ignore[import-not-found] # beside this script

from glue_jobs.engine import build_session
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse import aws
from tapehouse.lake import Lake
from tapehouse.record import Trade, encode, partition_key

MARKETS = (("coinbase", "BTC-USD"), ("coinbase", "ETH-USD"), ("kraken", "BTC-USD"), ("binance", "BTC-USDT"))
WARM_UP = 3


def trades(first: int, count: int, start_us: int) -> Iterator[Trade]:
    """Trades of four markets in turn, a millisecond apart."""
    for number in range(first, first + count):
        exchange, symbol = MARKETS[number % len(MARKETS)]
        yield Trade(
            exchange=exchange,
            symbol=symbol,
            source=exchange,
            trade_id=str(number),
            price=f"{60_000 + number % 997}.25",
            size="0.0125",
            side="buy" if number % 2 else "sell",
            event_time_us=start_us + number * 1_000,
            received_time_us=start_us,
        )


def put(client: Any, records: Iterator[Trade]) -> None:
    entries = [{"Data": encode(record), "PartitionKey": partition_key(record)} for record in records]
    for at in range(0, len(entries), 500):
        client.put_records(StreamName="trades", Records=entries[at : at + 500])


def measure(backlog: int, small: int, passes: int) -> dict[str, float]:
    """Trades/s of the backlog, and the median seconds of a small refresh, of the code that this runs with."""
    start_us = time.time_ns() // 1000 - 86_400_000_000
    with tempfile.TemporaryDirectory() as folder, kinesis() as endpoint:
        client = aws.client("kinesis", endpoint_url=endpoint)
        client.create_stream(StreamName="trades", ShardCount=2)
        spark = build_session(app_name="tapehouse-benchmark")
        refresh = Refresh(spark, Lake(folder), pipeline(Options(client=client)))
        put(client, trades(0, backlog, start_us))
        began = time.monotonic()
        first = refresh.once()
        seconds = time.monotonic() - began
        print(f"backlog: {first.rows:,} trades to gold in {seconds:.1f} s = {first.rows / seconds:,.0f} trades/s")
        for step in first.steps:
            print(f"  {step.name:24s} {step.seconds:7.2f} s {step.rows if step.rows is not None else '':>10}")
        taken: dict[str, list[float]] = {}
        totals = []
        for number in range(WARM_UP + passes):
            put(client, trades(backlog + number * small, small, start_us))
            report = refresh.once()
            if number >= WARM_UP:
                totals.append(report.seconds)
                for step in report.steps:
                    taken.setdefault(step.name, []).append(step.seconds)
        total = statistics.median(totals)
        print(f"small refresh: {small} trades, median of {passes}: {total:.2f} s")
        for name, times in taken.items():
            median = statistics.median(times)
            print(f"  {name:24s} {median:7.2f} s {median / total:7.0%}")
        spark.stop()
    return {"trades_per_s": first.rows / seconds, "small_s": total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backlog", type=int, default=200_000, help="trades of the first pass (default: 200,000)")
    parser.add_argument("--small", type=int, default=400, help="trades of each small refresh (default: 400)")
    parser.add_argument("--passes", type=int, default=6, help="small refreshes that count (default: 6)")
    parser.add_argument("--before", type=Path, help="a checkout to compare with, with its own .venv")
    parser.add_argument("--outcome", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="us-east-1")
    counts = {name: getattr(arguments, name) for name in ("backlog", "small", "passes")}
    before = None
    if arguments.before is not None:
        print(f"before, {arguments.before}:")
        words = [word for name, value in counts.items() for word in (f"--{name}", str(value))]
        before = outcome_of(arguments.before.resolve(), __file__, words)
        print("now:")
    now = measure(**counts)
    if arguments.outcome is not None:
        arguments.outcome.write_text(json.dumps(now))
    if before is not None:
        print(
            f"backlog {now['trades_per_s'] / before['trades_per_s']:.1f} times as fast, "
            f"a small refresh in {now['small_s'] / before['small_s']:.2f} of the time"
        )


if __name__ == "__main__":
    main()
