"""Whatever the venues, the lines, Kinesis and kill -9 do: each trade made is in silver once, or in a recorded gap.

Five venues trade without a pause. Their producers, the very command that people run, are killed in full flow, with
trades in retry, while lines are cut in mid-message, ids skipped, repeated and reordered, subscriptions refused, lines
silent, and REST answers 429, 500 or half a body; Kinesis fails 30 % of the records and loses answers. Then it calms
down, one refresh runs, and the venues' own account is compared with silver's.

CI plays a short piece; ``make chaos`` plays KILLS kills.
"""

import json
import os
import random
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cli.command import target
from embedded.venues import Simulator
from glue_jobs.audit import audit
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse import aws
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tapehouse.record import id_number
from tapehouse.settings import Settings
from tests.chaos.processes import Spawned
from tests.chaos.venues import Venues

PLAYED = ("coinbase", "kraken", "binance", "bitstamp", "okx")
MARKETS = {
    "coinbase": ("BTC-USD", "ETH-USD"),
    "kraken": ("BTC-USD", "ETH-USD"),
    "binance": ("BTC-USDT", "ETH-USDT"),
    "bitstamp": ("BTC-USD", "ETH-USD"),
    "okx": ("BTC-USDT", "ETH-USDT"),
}
TRADES_PER_S = 30.0
FAULTS = (
    {"kind": "fail_records", "share": 0.3},
    {"kind": "lose_answers", "share": 0.05, "operations": ["PutRecords"]},
    {"kind": "throttle_calls", "share": 0.05, "operations": ["PutRecords"]},
)
COUNTED = "coinbase,kraken,binance,okx"
"""Where ids count up by one. A trade that Bitstamp leaves out of an unbroken line is beyond anybody's knowledge."""
QUICK = {
    "stale_after_s": 1, "quiet_after_s": 3, "backoff_base_s": 0.05, "backoff_cap_s": 0.3, "ack_timeout_s": 1,
    "coverage_every_s": 0.5, "coverage_margin_s": 0.2, "connection_age_s": 4, "rest.calls_per_s": 50,
    "rest.burst": 50, "rest.backoff_base_s": 0.05, "rest.backoff_cap_s": 0.2, "rest.attempts": 20,
}  # fmt: skip
"""Minutes of a venue's habits in seconds."""


@dataclass
class Stage:
    """The venues and their producers."""

    folder: Path
    venues: Venues
    endpoint: str
    tell: Callable[[str], None]
    running: dict[str, Spawned] = field(default_factory=dict)
    starts: int = 0
    kills: int = 0

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    def environ(self) -> dict[str, str]:
        limits = ",".join(f"{feed}.{name}={value}" for feed in PLAYED for name, value in QUICK.items())
        return {**os.environ, "TAPEHOUSE_FEED_LIMITS": limits}

    def start(self, feed: str) -> None:
        self.starts += 1
        urls = self.venues.do(lambda venues: (venues.url(feed), venues.rest_url(feed)))
        words = ["produce", "--lake", self.lake.uri, "--feed", feed, "--url", urls[0], "--rest-url", urls[1]]
        words += ["--symbols", ",".join(MARKETS[feed])]
        log = self.folder / f"{feed}-{self.starts}.log"
        self.running[feed] = Spawned("cli.main", words, log, environ=self.environ())

    def kinesis_faults(self, faults: Any) -> None:
        request = urllib.request.Request(
            f"{self.endpoint}/_tapehouse/faults",
            data=json.dumps(faults).encode() if faults else None,
            method="POST" if faults else "DELETE",
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200

    def until(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            for feed, process in self.running.items():
                assert process.running, f"{feed} ended\n{process.tail()}"
            tails = "\n".join(f"{feed}\n{process.tail()}" for feed, process in self.running.items())
            assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s\n{tails}"
            time.sleep(0.1)

    def all_subscribed(self) -> bool:
        return self.venues.do(lambda venues: venues.subscribed_feeds) >= set(PLAYED)

    def kill(self, rng: random.Random) -> None:
        feed = rng.choice(PLAYED)
        self.running[feed].kill()
        self.kills += 1
        self.tell(f"kill {self.kills}: {feed}")
        self.start(feed)


def disturbances(rng: random.Random) -> dict[str, Callable[[Simulator], object]]:
    """What venues and lines do, by name."""
    symbol = rng.choice(("ETH-USD", "ETH-USDT"))
    return {
        "lines cut in mid-message": lambda venues: venues.cut(),
        "ids skipped": lambda venues: venues.faults.set({"skip": str(rng.randint(1, 40)), "skip_at": COUNTED}),
        "trades repeated": lambda venues: venues.faults.set({"repeat": str(rng.randint(1, 40))}),
        "trades reordered": lambda venues: venues.faults.set({"reorder": str(rng.randint(1, 20))}),
        "subscriptions refused": lambda venues: (venues.faults.set({"refuse": symbol}), venues.cut()),
        "confirmations withheld": lambda venues: (venues.faults.set({"withhold_acks": "1"}), venues.cut()),
        "lines silent, pongs withheld": lambda venues: venues.silence(),
        "REST 429": lambda venues: venues.faults.set({"rest_status": "429", "rest_times": "6"}),
        "REST 500": lambda venues: venues.faults.set({"rest_status": "500", "rest_times": "6"}),
        "REST half a body": lambda venues: venues.faults.set({"rest_half_body": "4"}),
    }


def calm(venues: Simulator) -> None:
    """No more of it; switches that hold by themselves go back."""
    venues.faults.set({"refuse": "", "withhold_acks": "0", "skip": "0"})
    venues.silence(False)


def play(stage: Stage, *, kills: int, rng: random.Random) -> None:
    """Kills and disturbances, in turns."""
    names = [name for _ in range(1 + kills // 5) for name in rng.sample(sorted(disturbances(rng)), 10)]
    each = max(1, len(names) // kills)
    for _ in range(kills):
        for name in names[:each]:
            stage.tell(name)
            stage.venues.do(disturbances(rng)[name])
            time.sleep(rng.uniform(0.2, 1.5))
        del names[:each]
        stage.kill(rng)
        time.sleep(rng.uniform(0.1, 1.0))
        stage.venues.do(calm)
    for name in names:
        stage.tell(name)
        stage.venues.do(disturbances(rng)[name])
        time.sleep(rng.uniform(0.5, 1.5))
    stage.venues.do(calm)


def run(stage: Stage, *, kills: int, rng: random.Random) -> None:
    """From the first subscription to the last confirmed record."""
    for feed in PLAYED:
        stage.start(feed)
    stage.until(stage.all_subscribed, 60, "subscriptions")
    time.sleep(1.5)  # a venue that takes one market a message has them all now
    stage.kinesis_faults(FAULTS)
    stage.venues.trade(True)
    time.sleep(1)
    play(stage, kills=kills, rng=rng)
    stage.kinesis_faults(())
    stage.until(stage.all_subscribed, 60, "subscriptions after it")
    time.sleep(3)  # trades after the last drop show what it hid; what then is still missing must be a gap
    stage.venues.trade(False)
    time.sleep(5)
    for process in stage.running.values():
        process.terminate()
    for feed, process in stage.running.items():
        assert process.wait(60) == 0, f"{feed}\n{process.tail()}"


def refreshed(stage: Stage, spark: Any) -> DuckdbPort:
    """One refresh and the audit."""
    queries = pipeline(Options(client=aws.client("kinesis", endpoint_url=stage.endpoint, region="us-east-1")))
    Refresh(spark, stage.lake, queries).once()
    report = audit(spark, stage.lake, queries)
    assert report.ok, report.lines
    return DuckdbPort(stage.lake)


def account(stage: Stage, spark: Any) -> Mapping[str, int]:
    """The venues' truth against silver; how many trades were made, filled, and lie in open gaps."""
    port = refreshed(stage, spark)
    found: dict[Any, Any] = {}
    backfilled = 0
    columns = "exchange, symbol, source, trade_id, price, size, side, backfilled"
    for *market, trade_id, price, size, side, filled in port.run(f"SELECT {columns} FROM silver.trades").rows:
        key = (*market, trade_id)
        assert key not in found, f"twice in silver: {key}"
        found[key] = (price, size, side)
        backfilled += filled
    gaps = port.run(
        "SELECT exchange, symbol, source, from_id, to_id, from_us, to_us FROM silver.gaps o WHERE event = 'opened' "
        "AND NOT EXISTS (SELECT 1 FROM silver.gaps c WHERE c.event <> 'opened' AND c.gap_id = o.gap_id "
        "AND c.exchange = o.exchange AND c.symbol = o.symbol AND c.source = o.source)"
    ).rows
    wrong = port.run("SELECT verdict, count(*) FROM silver.rejected WHERE verdict <> 'duplicate' GROUP BY verdict").rows
    assert wrong == []
    made = in_gaps = 0
    for feed in PLAYED:
        for trade in stage.venues.truth(feed):
            made += 1
            key = (trade.exchange, trade.symbol, trade.source, trade.trade_id)
            if key in found:
                price, size, side = found.pop(key)
                assert (f"{price:f}", f"{size:f}", side) == (_twelve(trade.price), _twelve(trade.size), trade.side), key
                continue
            assert any(_holds(gap, trade) for gap in gaps), f"lost, and in no open gap: {trade}"
            in_gaps += 1
    assert found == {}, f"in silver, and never made: {list(found)[:5]}"
    return {"made": made, "backfilled": backfilled, "in open gaps": in_gaps, "open gaps": len(gaps)}


def _twelve(text: str) -> str:
    whole, _, part = text.partition(".")
    return f"{whole}.{part:0<12}"


def _holds(gap: Any, trade: Any) -> bool:
    exchange, symbol, source, from_id, to_id, from_us, to_us = gap
    if (exchange, symbol, source) != (trade.exchange, trade.symbol, trade.source):
        return False
    if from_id is not None and to_id is not None:
        return id_number(from_id) <= id_number(trade.trade_id) <= id_number(to_id)
    return from_us <= trade.event_time_us and (to_us is None or trade.event_time_us <= to_us)


def _play_and_account(
    folder: Path, spark: Any, *, kills: int, seed: int, tell: Callable[[str], None]
) -> Mapping[str, int]:
    here = target(Settings(lake=str(folder / "lake")))
    here.stack.up(wanted={"kinesis": 0, "aws": 0})
    here.stack.ensure_stream("trades", 3)
    endpoint = here.stack.endpoint("kinesis")
    stage = Stage(folder, Venues(MARKETS, seed=seed, trades_per_s=TRADES_PER_S), endpoint, tell)
    try:
        with stage.venues.open():
            run(stage, kills=kills, rng=random.Random(seed))
            return account(stage, spark)
    finally:
        for process in stage.running.values():
            process.kill()
        here.stack.down()


@pytest.mark.e2e
@pytest.mark.spark
@pytest.mark.timeout(600)
def test_every_trade_of_five_venues_is_in_silver_once_or_in_a_recorded_gap(tmp_path: Path, spark: Any) -> None:
    told = _play_and_account(tmp_path, spark, kills=2, seed=20_261_124, tell=lambda _: None)
    assert told["made"] > 1000
    assert told["backfilled"] > 0


@pytest.mark.chaos
def test_the_same_holds_over_many_kills(tmp_path: Path, spark: Any, tell: Callable[[str], None]) -> None:
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    tell(f"\nseed {seed}, folder {tmp_path}")
    told = _play_and_account(tmp_path, spark, kills=int(os.environ.get("KILLS") or 25), seed=seed, tell=tell)
    tell(", ".join(f"{count:,} {name}" for name, count in told.items()))
