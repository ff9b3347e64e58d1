#!/usr/bin/env python3
"""What Tapehouse costs a month in us-east-1 at a rate of trades: requests counted, list prices with date and source.

    .venv/bin/python scripts/cost.py                         the page, on stdout
    .venv/bin/python scripts/cost.py --write | --check       docs/cost.md, written or compared
    .venv/bin/python scripts/cost.py --trades-per-s 50 --markets 20 --every 300

What is counted is the code's own: how the sink packs (`producers/sink/config.py`), how many requests a pass makes of S3
(`benchmarks/requests_on_s3.py`). What is assumed is named in `SIZES` and on the page.
"""

import argparse
import math
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from producers.sink import SinkConfig
from tapehouse.kinesis_limits import PUT_UNIT_BYTES, SHARD_BYTES_PER_S, SHARD_RECORDS_PER_S
from tapehouse.record import Trade, encode

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "cost.md"
HOURS: Final = 730
SECONDS: Final = HOURS * 3_600
GB: Final = 1e9


@dataclass(frozen=True)
class Price:
    """A list price of us-east-1, without tax and free tiers."""

    usd: float
    per: str
    as_of: str
    source: str = "AWS price list"


GLUE = Price(0.308, "DPU-hour, Glue 6.0, by the second", "2026-09-25")
STREAM_HOUR = Price(0.040, "hour of an on-demand stream", "2026-09-25")
STREAM_IN = Price(0.08, "GB in, on demand, each record rounded up to 1 KB", "2026-09-25")
STREAM_OUT = Price(0.040, "GB out, on demand", "2026-09-25")
SHARD_HOUR = Price(0.015, "shard-hour, provisioned", "2026-09-25")
PUT_UNITS = Price(0.014, "million PUT units of 25 KB, provisioned", "2026-09-25")
S3_WRITES = Price(0.005, "1,000 PUT, COPY, POST and LIST", "2026-09-25")
S3_READS = Price(0.0004, "1,000 GET and HEAD", "2026-09-25")
S3_MONTH = Price(0.023, "GB-month, S3 Standard", "2026-09-25")
VCPU = Price(0.04048, "vCPU-hour, Fargate x86", "2026-09-23")
MEMORY = Price(0.004445, "GB-hour, Fargate x86", "2026-09-23")
ADDRESS = Price(0.005, "hour of a public IPv4 address", "2026-09-23")
ALARM = Price(0.10, "alarm a month", "2026-09-25")
CALLS = Price(0.20, "million calls of functions", "2026-09-25")
GB_SECONDS = Price(16.6667, "million GB-seconds of functions, x86", "2026-09-25")
QUEUE = Price(0.40, "million requests of a queue", "2026-03-14", "cloudburn.io; AWS' own list was out of reach")
SECRET = Price(0.40, "secret a month", "2026-09-25")
BALANCER = Price(0.0225, "hour of an application load balancer; what passes it comes on top", "2026-09-23")
DATABASE = Price(0.016, "hour of a db.t4g.micro, one zone", "2026-09-26")
DATABASE_MONTH = Price(0.115, "GB-month of the database's disk, gp3", "2026-09-26")
ATHENA = Price(5.0, "TB scanned, at least 10 MB a question", "2026-09-25")
PRICES: Final = (
    *(GLUE, STREAM_HOUR, STREAM_IN, STREAM_OUT, SHARD_HOUR, PUT_UNITS, S3_WRITES, S3_READS, S3_MONTH),
    *(VCPU, MEMORY, ADDRESS, ALARM, CALLS, GB_SECONDS, QUEUE, SECRET, BALANCER, DATABASE, DATABASE_MONTH, ATHENA),
)

WRITES_A_PASS: Final = 46.2
READS_A_PASS: Final = 97.2
"""Requests of S3 by one pass with new trades, all layers: benchmarks/requests_on_s3.py, 2026-11-28, before queries held
leases."""
LAKE_BYTES_A_TRADE: Final = 93.0
"""What a trade leaves in all tables, small files and logs among them: the same."""
ALARMS: Final = 20
"""About as many as the module `monitoring` makes beside those of the functions."""
NEWS_ALARMS: Final = 13
"""Metrics that alarms read of three functions, a queue and two queues of dead letters: an alarm on two is billed as
two."""
POLLS_A_S: Final = 5 / 20
"""Requests of Lambda to an empty queue: it begins with five pollers, and each call waits for up to 20 s (AWS Lambda
developer guide, "Using Lambda with Amazon SQS", and SQS developer guide, "long polling")."""
CRAWLER_ALARMS: Final = 6
"""The same of two functions, a queue and one of dead letters, with a crawler."""
NEWS_CALLS_A_DAY: Final = 4
NEWS_GB_S_A_DAY: Final = 40.0
"""news for 30 s and social for 10 s in 0.5 GB each, enrich twice for 10 s in 1 GB: an assumption, ample for the sources
that want no key."""
METABASE_VCPU, METABASE_GB, METABASE_DISK_GB, METABASE_ALARMS, METABASE_SECRETS = 1, 4, 20, 6, 3
"""By default: its task, its database's disk, metrics under alarm; the third secret is the one that RDS keeps."""
CADENCES_S: Final = (1, 10, 60, 300, 600)


@dataclass(frozen=True, kw_only=True)
class Load:
    """How much comes, and what is taken to carry it."""

    trades_per_s: float
    markets: int
    producers: int
    vcpu: float
    """Of each producer; twice as many GB of memory."""
    dpu: float
    """Of the stream job, all workers together."""
    workers: str


SIZES: Final = (
    Load(trades_per_s=10, markets=10, producers=2, vcpu=0.25, dpu=0.5, workers="2 × G.025X"),
    Load(trades_per_s=1_000, markets=100, producers=4, vcpu=0.25, dpu=0.5, workers="2 × G.025X"),
    Load(trades_per_s=20_000, markets=400, producers=8, vcpu=1.0, dpu=2.0, workers="2 × G.1X"),
)
"""The sizes of workers and producers are assumptions: nothing was measured on AWS."""

_SAMPLE = Trade(
    **{"exchange": "coinbase", "symbol": "BTC-USD", "source": "coinbase", "trade_id": "1036423101", "side": "buy"},
    **{"price": "97123.45", "size": "0.01234567"},
    event_time_us=1_764_345_600_123_456,
    received_time_us=1_764_345_600_223_456,
)
RECORD_BYTES: Final = len(encode(_SAMPLE)) + 8
"""Of one trade inside an aggregate: its JSON, and what the aggregate writes around it."""


@dataclass(frozen=True)
class Aggregates:
    """What the sink makes of a load."""

    per_s: float
    bytes: float

    @classmethod
    def of(cls, load: Load) -> "Aggregates":
        """A market's aggregate begins with a trade, and is sent when ``linger_ms`` passed or it is full."""
        config = SinkConfig(stream="trades")
        rate = load.trades_per_s / load.markets
        held = 1 + rate * config.linger_ms / 1_000
        held = min(held, max(1, config.aggregate_bytes // RECORD_BYTES))
        return cls(load.trades_per_s / held, held * RECORD_BYTES)


def lines(load: Load, every_s: float) -> dict[str, float]:
    """USD a month by what is paid for; ``every_s``: seconds from one pass to the next."""
    sent = Aggregates.of(load)
    billed_gb = sent.per_s * math.ceil(sent.bytes / 1_024) * 1_024 * SECONDS / GB
    out_gb = sent.per_s * sent.bytes * SECONDS / GB
    passes = SECONDS / every_s
    stored_gb = load.trades_per_s * SECONDS * LAKE_BYTES_A_TRADE / GB
    return {
        "Glue: the stream job": load.dpu * HOURS * GLUE.usd,
        "Kinesis on demand": HOURS * STREAM_HOUR.usd + billed_gb * STREAM_IN.usd + out_gb * STREAM_OUT.usd,
        "S3: requests": passes * (WRITES_A_PASS * S3_WRITES.usd + READS_A_PASS * S3_READS.usd) / 1_000,
        "S3: a month's tables": stored_gb * S3_MONTH.usd,
        "Fargate: producers": load.producers
        * HOURS
        * (load.vcpu * VCPU.usd + 2 * load.vcpu * MEMORY.usd + ADDRESS.usd),
        "Lambda and SQS: news and moods": news(),
        "CloudWatch: alarms": (ALARMS + NEWS_ALARMS) * ALARM.usd,
    }


def asked_in_vain() -> float:
    """Requests a month by which Lambda asks one queue for messages."""
    return POLLS_A_S * SECONDS


def news() -> float:
    """USD a month of the functions that fetch and score news, and of their queue; they store next to nothing."""
    days = HOURS / 24
    worked = NEWS_CALLS_A_DAY * CALLS.usd + NEWS_GB_S_A_DAY * GB_SECONDS.usd
    return (days * worked + asked_in_vain() * QUEUE.usd) / 1e6


def metabase() -> float:
    """USD a month of Metabase as it is by default, in private subnets behind a NAT gateway that is there."""
    task = METABASE_VCPU * VCPU.usd + METABASE_GB * MEMORY.usd
    kept = METABASE_DISK_GB * DATABASE_MONTH.usd + METABASE_ALARMS * ALARM.usd + METABASE_SECRETS * SECRET.usd
    return HOURS * (task + BALANCER.usd + DATABASE.usd) + kept


def provisioned(load: Load) -> tuple[int, float]:
    """Shards with half their limits free, and USD a month with them, in place of an on-demand stream."""
    sent = Aggregates.of(load)
    needed = max(sent.per_s * sent.bytes / SHARD_BYTES_PER_S, sent.per_s / SHARD_RECORDS_PER_S)
    shards = max(1, math.ceil(needed * 2))
    units = sent.per_s * math.ceil(sent.bytes / PUT_UNIT_BYTES) * SECONDS
    return shards, shards * HOURS * SHARD_HOUR.usd + units / 1e6 * PUT_UNITS.usd


def scheduled(runs_a_day: float, minutes: float, dpu: float = 2.0) -> float:
    """USD a month of a refresh job by the clock, in place of the stream job."""
    return runs_a_day * HOURS / 24 * minutes / 60 * dpu * GLUE.usd


# -- the page ----------------------------------------------------------------------------------------------------------


def table(loads: Sequence[Load], every_s: float) -> Iterator[str]:
    """A column a load, a row what is paid for."""
    priced = [lines(load, every_s) for load in loads]
    yield "| USD a month | " + " | ".join(f"{load.trades_per_s:,g} trades/s" for load in loads) + " |"
    yield "|---|" + "---:|" * len(loads)
    for name in priced[0]:
        yield f"| {name} | " + " | ".join(f"{each[name]:,.2f}" for each in priced) + " |"
    yield "| **in all** | " + " | ".join(f"**{sum(each.values()):,.2f}**" for each in priced) + " |"
    trades = (load.trades_per_s * SECONDS / 1e6 for load in loads)
    per_million = (sum(each.values()) / count for each, count in zip(priced, trades, strict=True))
    yield "| a million trades | " + " | ".join(f"{each:,.2f}" for each in per_million) + " |"


def dial(load: Load) -> Iterator[str]:
    """A row a cadence."""
    yield "| a pass every | passes a month | S3 requests, USD a month | in all | what one waits for a candle, about |"
    yield "|---|---:|---:|---:|---|"
    for every_s in CADENCES_S:
        priced = lines(load, every_s)
        span = f"{every_s} s" if every_s < 120 else f"{every_s // 60} min"
        waits = "a few seconds" if every_s < 10 else span
        cost, all_of_it = priced["S3: requests"], sum(priced.values())
        yield f"| {span} | {SECONDS / every_s:,.0f} | {cost:,.2f} | {all_of_it:,.2f} | {waits} |"


def text(words: str) -> Iterator[str]:
    """A paragraph and the empty line behind it."""
    yield from textwrap.wrap(" ".join(words.split()), 120, break_on_hyphens=False)
    yield ""


def page() -> str:
    """docs/cost.md."""
    small, middle, _ = SIZES
    shards = [provisioned(load) for load in SIZES]
    parts = [
        "# What it costs",
        "",
        *text(
            """Made by `scripts/cost.py`, which says how each figure comes about; a test holds this page against it.
            List prices of us-east-1 in US dollars, without tax, free tiers and discounts. **Nothing here was measured
            on AWS**: requests are counted on the emulator, and which workers carry which load is an assumption."""
        ),
        "A pass every 60 s:",
        "",
        *table(SIZES, 60),
        "",
        *text(
            f"""Counted: {RECORD_BYTES} bytes a trade in the stream; {WRITES_A_PASS:g} writing and {READS_A_PASS:g}
            reading requests of S3 a pass, leases not among them (`benchmarks/requests_on_s3.py`);
            {LAKE_BYTES_A_TRADE:g} bytes a trade in all
            tables, merged or not. Tables grow: the row is the first month's, and each month adds as much again. A
            rebuild, an audit and each question to Athena come on top; so do logs and the metrics that are read out of
            them, the alarms' key, what a vendor's feed takes, the producers' file system, and a stream's retention
            beyond 24 hours, whose price could not be looked up."""
        ),
        *text(
            f"""News and moods (`news = {{ enabled = false }}` leaves them out) are {NEWS_CALLS_A_DAY} calls and
            {NEWS_GB_S_A_DAY:g} GB-seconds a day by assumption; what is paid for is that Lambda asks their queue
            {asked_in_vain():,.0f} times a month whether anything is there. A crawler's queue is as much again
            ({asked_in_vain() * QUEUE.usd / 1e6:.2f} USD) and {CRAWLER_ALARMS} metrics under alarm; each vendor's key is
            {SECRET.usd:.2f} USD. An endpoint of SageMaker is billed by the hour, and none is made."""
        ),
        *text(
            f"""Metabase is none of these, and there is none unless the variable `metabase` says so: {metabase():.2f}
            USD a month, and {HOURS * ADDRESS.usd:.2f} for each public address: one of the task where no NAT gateway
            stands before it, two of the load balancer where it is not internal. Whoever looks at a dashboard asks
            Athena, at {ATHENA.usd:g} USD a TB."""
        ),
        "Assumed:",
        "",
        "| | markets | producers | stream job | aggregates/s | KB each |",
        "|---|---:|---|---|---:|---:|",
        *(
            f"| {load.trades_per_s:,g} trades/s | {load.markets} | {load.producers} of {load.vcpu:g} vCPU "
            f"| {load.workers} | {Aggregates.of(load).per_s:,.0f} | {Aggregates.of(load).bytes / 1_024:.1f} |"
            for load in SIZES
        ),
        "",
        "## The dial: fresher or cheaper",
        "",
        *text(
            f"""`refresh_every_s` says how often the tables are brought up to the stream. Each pass is some requests of
            S3, however much is new; the rest does not hang on it. At {middle.trades_per_s:,g} trades/s:"""
        ),
        *dial(middle),
        "",
        *text(
            f"""By the clock instead (`mode = "schedule"`): 24 runs a day of 5 minutes on 2 × G.1X are
            {scheduled(24, 5):,.2f} USD a month in place of the stream job's
            {lines(small, 60)["Glue: the stream job"]:,.2f}; 4 runs a day, {scheduled(4, 5):,.2f}."""
        ),
        "## A stream with shards of your own",
        "",
        "`shard_count` takes an on-demand stream's place. Half of each shard's limits left free:",
        "",
        "| | " + " | ".join(f"{load.trades_per_s:,g} trades/s" for load in SIZES) + " |",
        "|---|" + "---:|" * len(SIZES),
        "| shards | " + " | ".join(str(count) for count, _ in shards) + " |",
        "| USD a month | " + " | ".join(f"{usd:,.2f}" for _, usd in shards) + " |",
        "| on demand | " + " | ".join(f"{lines(load, 60)['Kinesis on demand']:,.2f}" for load in SIZES) + " |",
        "",
        "## Prices",
        "",
        "| USD | for | as of | source |",
        "|---:|---|---|---|",
        *(f"| {price.usd:g} | {price.per} | {price.as_of} | {price.source} |" for price in PRICES),
        "",
    ]
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="write docs/cost.md")
    what.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page is not current")
    parser.add_argument("--trades-per-s", type=float, help="another load")
    parser.add_argument("--markets", type=int, default=10)
    parser.add_argument("--producers", type=int, default=1)
    parser.add_argument("--every", type=float, default=60, metavar="S", help="seconds from one pass to the next")
    options = parser.parse_args(arguments)
    if options.trades_per_s:
        load = Load(
            trades_per_s=options.trades_per_s,
            markets=options.markets,
            producers=options.producers,
            **{"vcpu": 0.25, "dpu": 0.5, "workers": "2 × G.025X"},
        )
        sys.stdout.writelines(f"{line}\n" for line in table([load], options.every))
        return 0
    if options.write:
        PAGE.write_text(page(), encoding="utf-8")
    elif options.check:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        if not current:
            sys.stderr.write("docs/cost.md is not current: run `.venv/bin/python scripts/cost.py --write`.\n")
        return 0 if current else 1
    else:
        sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
