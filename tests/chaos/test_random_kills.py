"""``make chaos``: SIGKILL to everything at random, and nothing lost, nothing twice.

A producer puts a seeded market into the embedded Kinesis, which fails a third of the records and loses answers; a
refresher runs pass after pass. One after the other of the three is killed at a random moment and started again, KILLS
times (25). Then the producer is told to stop, one undisturbed refresh runs, and everything must be there, once.

``SEED=n make chaos`` throws the same dice again (the moments that they hit depend on the machine).
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from embedded import port as ports
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from producers.run.marks import MarkStore, StreamIdentity
from producers.sink import Mark
from tapehouse.lake import Lake
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Trade
from tests.chaos import producer
from tests.chaos.account import holds_the_stream, read_stream
from tests.chaos.kinesis import KinesisProcess, put_surely
from tests.chaos.processes import Spawned
from tests.chaos.refresher import DRIVER, GROUP
from tests.chaos.tape import GARBAGE
from tests.oracle import Arrived, Silver

STREAM = "trades"
RATE_PER_S = 120.0
FAULTS = (
    {"kind": "fail_records", "share": 0.3},
    {"kind": "lose_answers", "share": 0.05, "operations": ["PutRecords"]},
    {"kind": "fail_answers", "share": 0.03, "operations": ["PutRecords"]},
    {"kind": "throttle_calls", "share": 0.05, "operations": ["PutRecords", "GetRecords"]},
    {"kind": "drop_calls", "share": 0.02, "operations": ["PutRecords", "GetRecords", "GetShardIterator"]},
    {"kind": "empty_reads", "share": 0.1},
)
REFRESHER, PRODUCER, KINESIS = "refresher", "producer", "kinesis"
MOST_STEPS = 40
"""A pass has some 28 points."""
SHARES = {REFRESHER: 6, PRODUCER: 2, KINESIS: 2}


@dataclass
class Stage:
    """The three processes, and who was killed how often."""

    folder: Path
    seed: int
    tell: Callable[[str], None]
    rng: random.Random = field(init=False)
    kinesis: KinesisProcess = field(init=False)
    created_us: int = 0
    running: dict[str, Spawned] = field(default_factory=dict)
    orphans: list[Spawned] = field(default_factory=list)
    """Refreshers whose driver was killed alone."""
    kills: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    passes: int = 0
    starts: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.start_us = time.time_ns() // 1000

    def begin(self) -> None:
        self.kinesis = KinesisProcess(
            self.folder,
            port=ports.choose(0, purpose="the embedded Kinesis"),
            stream=STREAM,
            shards=3,
            seed=self.seed,
            faults=FAULTS,
            environ=os.environ,
        )
        self.created_us = self.kinesis.created_us()
        self.running[KINESIS] = self.kinesis.process
        self.start(PRODUCER)
        self.start(REFRESHER)

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    def start(self, who: str) -> None:
        self.starts += 1
        log = self.folder / f"{who}-{self.starts}.log"
        if who == KINESIS:
            self.running[who] = self.kinesis.start()
        elif who == PRODUCER:
            words = ["--endpoint", self.kinesis.endpoint, "--created-us", str(self.created_us)]
            words += ["--marks", str(self.folder / "marks.json"), "--seed", str(self.seed)]
            words += ["--start-us", str(self.start_us), "--rate", str(RATE_PER_S)]
            self.running[who] = Spawned("tests.chaos.producer", words, log, environ=os.environ)
        else:
            words = ["--endpoint", self.kinesis.endpoint, "--lake", self.lake.uri, "--every", "0.2"]
            self.running[who] = Spawned("tests.chaos.refresher", words, log, environ=os.environ)

    def wait_for_its_moment(self, who: str) -> None:
        """A refresher is let come to some step of its first or second pass: a machine's speed decides nothing."""
        if who == REFRESHER:
            steps = self.rng.randint(0, MOST_STEPS)
            self.until(lambda: len(self.running[REFRESHER].said("at ")) >= steps, 300)
        time.sleep(self.rng.uniform(0, 2 if who == REFRESHER else 5))

    def until(self, done: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            self.check_alive()
            assert time.monotonic() < deadline, self.running[REFRESHER].tail()
            time.sleep(0.1)

    def check_alive(self) -> None:
        """Nothing ends of itself, whatever happened to the others."""
        for process in self.running.values():
            assert process.running, process.tail()

    def kill(self, number: int) -> None:
        """One kill, and the next life of what was killed."""
        who = self.rng.choices(list(SHARES), list(SHARES.values()))[0]
        self.wait_for_its_moment(who)
        self.check_alive()
        whom = self.rng.choice((DRIVER, GROUP)) if who == REFRESHER else GROUP
        self.running[who].kill(alone=whom == DRIVER)
        if whom == DRIVER:
            self.orphans.append(self.running[who])
        self.kills[who] += 1
        where = self.note_death() if who == REFRESHER else ""
        self.tell(f"kill {number}: {who} {where}{' (its JVM dies by itself)' if whom == DRIVER else ''}")
        time.sleep(self.rng.choice((0, self.rng.uniform(0, 3))))
        self.start(who)

    def note_death(self) -> str:
        dead = self.running[REFRESHER]
        self.passes += len(dead.said("passed"))
        point = (dead.said("at ") or ["at the start"])[-1]
        self.points[point.removeprefix("at ").rpartition(":")[0].split()[0] if ":" in point else "start"] += 1
        return f"behind {point.removeprefix('at ')!r}"

    def put_garbage(self) -> None:
        data = [(self.rng.choice(GARBAGE), str(self.rng.random())) for _ in range(3)]
        put_surely(self.kinesis.client(), STREAM, data)

    def drain(self) -> int:
        """Let the producer confirm what it read, then end all but the stream; the stop's exit status."""
        self.running[PRODUCER].terminate()
        status = self.running[PRODUCER].wait(60)
        self.passes += len(self.running[REFRESHER].said("passed"))
        self.running[REFRESHER].kill()
        self.kinesis.end_faults()
        return status

    def end(self) -> None:
        for process in (*self.running.values(), *self.orphans):
            process.kill()


@pytest.fixture
def stage(tmp_path: Path, tell: Callable[[str], None]) -> Iterator[Stage]:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    tell(f"\nseed {seed}, folder {tmp_path}")
    stage = Stage(tmp_path, seed, tell)
    try:
        stage.begin()
        yield stage
    finally:
        stage.end()


@pytest.mark.chaos
@pytest.mark.spark
@pytest.mark.timeout(0)
def test_random_kills_lose_nothing_and_double_nothing(
    stage: Stage, tell: Callable[[str], None], request: pytest.FixtureRequest
) -> None:
    kills, began = int(os.environ.get("KILLS", "25")), time.monotonic()
    for number in range(1, kills + 1):
        if number == kills // 2:
            split(stage.kinesis.client())
        stage.put_garbage()
        stage.kill(number)
    assert stage.drain() == 0, stage.running[PRODUCER].tail()

    assert all(refresher.members_after(30) == [] for refresher in stage.orphans), "a JVM outlived its driver"

    client = stage.kinesis.client()
    spark = request.getfixturevalue("spark")
    while Refresh(spark, stage.lake, pipeline(Options(stream_name=STREAM, client=client))).once().rows:
        pass
    arrived = read_stream(client, STREAM)
    found = holds_the_stream(spark, stage.lake, arrived)
    made = everything_made_is_there(stage, found)
    tell(summary(stage, arrived, found, made, time.monotonic() - began))
    assert sum(stage.kills.values()) == kills
    assert stage.passes, "no pass ever got through: the kills came too fast to prove anything"


def split(client: Any) -> None:
    """Split the first shard in the middle of its hash keys, while everything runs."""
    shard = client.list_shards(StreamName=STREAM)["Shards"][0]
    keys = shard["HashKeyRange"]
    middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
    client.split_shard(StreamName=STREAM, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle))


def everything_made_is_there(stage: Stage, found: Silver) -> int:
    """Every trade that the market made until the marks' end is in silver, as it was made; how many."""
    stream = StreamIdentity(STREAM, stage.created_us)
    marks: Mapping[MarketKey, Mark] = MarkStore(stage.folder / "marks.json", stream).load()
    source = producer.market(seed=stage.seed, start_us=stage.start_us, rate_per_s=RATE_PER_S)
    last_us = max(mark.event_time_us or 0 for mark in marks.values())
    made: set[tuple[str, str, str, str, int]] = set()
    for record in source.records(stage.start_us):
        if isinstance(record, Coverage):
            continue
        if record.event_time_us > last_us:
            break
        if producer.confirmed(record, marks):
            key = (record.exchange, record.symbol, record.source, record.trade_id, record.event_time_us)
            assert same_trade(record, found.trades[key])
            made.add(key)
    assert made == found.trades.keys(), f"{len(found.trades.keys() - made)} trades that were never made"
    return len(made)


def same_trade(made: Trade, found: Mapping[str, Any]) -> bool:
    names = ("side", "event_time_us", "received_time_us", "backfilled", "trader")
    same = all(found[name] == getattr(made, name) for name in names)
    return same and found["price"] == Decimal(made.price) and found["size"] == Decimal(made.size)


def summary(stage: Stage, arrived: list[Arrived], found: Silver, made: int, seconds: float) -> str:
    verdicts = Counter(verdict for verdict, _ in found.rejected.values())
    kills = ", ".join(f"{count} {who}" for who, count in sorted(stage.kills.items()))
    points = ", ".join(f"{name} {count}" for name, count in sorted(stage.points.items()))
    return (
        f"seed {stage.seed}: {sum(stage.kills.values())} kills ({kills}; refreshers at {points}) in {seconds:.0f} s, "
        f"{stage.passes} passes between them; {made:,} trades made = {len(found.trades):,} in silver.trades, "
        f"{len(arrived):,} records in the stream = bronze, of them {verdicts['duplicate']:,} duplicate and "
        f"{verdicts['quarantined']:,} quarantined, {len(found.coverage):,} coverage; gold equals "
        "the oracle, audit clean"
    )
