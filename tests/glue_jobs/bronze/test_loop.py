"""The loop Kinesis → bronze.trades: exactly once, whatever happens between two turns or inside one. Without Spark."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import aws_kinesis_agg.aggregator
import pytest

from embedded.kinesis import Fault, KinesisServer
from glue_jobs.bronze import BronzeLoop, Position, ShardPosition, StreamGap, TurnLimits
from glue_jobs.bronze.position import DELETED, EXPIRED, PAUSED, SHORTENED, TRIMMED
from glue_jobs.bronze.reader import Pace, ShardReading, ShardTask
from glue_jobs.bronze.reading import Share, Staged, read_shards, run_share
from glue_jobs.engine import LostRaceError, Steps, Workspace
from tapehouse import aws
from tapehouse.errors import TerminalError, TransientError
from tapehouse.lake import Lake
from tapehouse.tables import BRONZE_TRADES
from tests.glue_jobs.tables_on_disk import without_spark

Put = Callable[[list[bytes]], None]
HOUR_US = 3_600_000_000
AT_ONCE = TurnLimits(settle_us=0)
"""One clock, and records that can be read as soon as they are taken."""


class Clock:
    """µs UTC that go on by sleeping alone."""

    def __init__(self) -> None:
        self.now_us = 1_760_000_000_000_000

    def __call__(self) -> int:
        return self.now_us

    def sleep(self, seconds: float) -> None:
        self.now_us += round(seconds * 1e6)

    def pass_hours(self, hours: float) -> None:
        self.now_us += round(hours * HOUR_US)


class Bronze:
    """bronze.trades of one lake, and loops that write it."""

    def __init__(self, workspace: Workspace, client: Any, clock: Clock) -> None:
        self.workspace, self.client, self.clock = workspace, client, clock

    def loop(self, limits: TurnLimits = AT_ONCE, **arguments: Any) -> BronzeLoop:
        def here(shares: list[Share]) -> list[Staged]:
            self.spread += 1
            return [run_share(share, self.reading) for share in shares]

        given = {"client": self.client, "now_us": self.clock, "sleep": self.clock.sleep, "spread": here, **arguments}
        return BronzeLoop(self.workspace, "trades", limits=limits, **given)

    spread = 0
    """Turns that gave a backlog to tasks of Spark, which are done here instead."""

    def reading(self, client: Any, task: ShardTask) -> ShardReading:
        pace = Pace(sleep=self.clock.sleep)
        return ShardReading(client, task, pace, now_us=self.clock, sleep=self.clock.sleep)

    def payloads(self) -> list[bytes]:
        state = self.workspace.state(BRONZE_TRADES)
        return sorted(self.workspace.rows(state, state.files, ["payload"])["payload"].to_pylist())

    def coordinates(self) -> set[tuple[Any, ...]]:
        names = ["stream_created_at", "shard_id", "sequence_number", "sub_sequence_number"]
        state = self.workspace.state(BRONZE_TRADES)
        rows = self.workspace.rows(state, state.files, names)
        return set(zip(*(rows[name].to_pylist() for name in names), strict=True))

    def version(self) -> int:
        return self.workspace.state(BRONZE_TRADES).version

    def position(self) -> Position:
        found = self.loop().position()
        assert found is not None
        return found

    def gaps(self) -> list[tuple[str | None, str]]:
        return [(gap.shard_id, gap.reason) for gap in self.position().gaps]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kinesis(clock: Clock) -> Iterator[KinesisServer]:
    """The embedded Kinesis on the test's clock, with a stream named trades of two shards."""
    with KinesisServer(seed=7, clock=clock) as server:
        client_of(server).create_stream(StreamName="trades", ShardCount=2)
        yield server


def client_of(server: KinesisServer) -> Any:
    return aws.client("kinesis", max_attempts=1, endpoint_url=server.endpoint, region="us-east-1")


@pytest.fixture
def client(kinesis: KinesisServer) -> Any:
    return client_of(kinesis)


@pytest.fixture
def bronze(lake: Lake, client: Any, clock: Clock) -> Bronze:
    return Bronze(without_spark(lake, (BRONZE_TRADES,)), client, clock)


def numbered(first: int, last: int) -> list[bytes]:
    return [b"record %06d" % number for number in range(first, last)]


def shards_of(client: Any) -> list[str]:
    return sorted(shard["ShardId"] for shard in client.list_shards(StreamName="trades")["Shards"])


def test_every_record_is_in_bronze_once_with_its_bytes(bronze: Bronze, put: Put) -> None:
    payloads = sorted([*numbered(0, 300), b"\xff\x00 not text", b"{", b"x"])
    put(payloads)
    assert bronze.loop().drain() == len(payloads)
    assert bronze.payloads() == payloads
    version = bronze.version()
    assert bronze.loop().drain() == 0
    assert bronze.version() == version, "an idle turn commits nothing"


def test_a_turn_is_bounded_and_the_next_reads_on(bronze: Bronze, put: Put) -> None:
    put(numbered(0, 100))
    loop = bronze.loop(TurnLimits(max_records=20, settle_us=0))
    turn = loop.turn()
    assert not turn.at_tip
    assert 20 <= turn.rows <= 40
    loop.drain()
    assert bronze.payloads() == numbered(0, 100)


def test_rows_of_a_file_stand_in_the_order_of_arrival(bronze: Bronze, put: Put, clock: Clock) -> None:
    for number in range(5):
        put(numbered(number * 10, number * 10 + 10))
        clock.sleep(0.5)
    bronze.loop().drain()
    state = bronze.workspace.state(BRONZE_TRADES)
    assert len(state.files) == 1
    rows = bronze.workspace.rows(state, state.files, ["arrival_time", "shard_id", "sequence_number"]).to_pylist()
    order = [(row["arrival_time"], row["shard_id"], int(row["sequence_number"])) for row in rows]
    assert order == sorted(order)


def test_a_turn_over_midnight_makes_a_file_of_each_day(bronze: Bronze, put: Put, clock: Clock) -> None:
    put(numbered(0, 10))
    clock.pass_hours(20)
    put(numbered(10, 20))
    bronze.loop().drain()
    files = bronze.workspace.state(BRONZE_TRADES).files
    assert sorted(str(file.partition["arrival_date"]) for file in files) == ["2025-10-09", "2025-10-10"]
    assert bronze.payloads() == numbered(0, 20)


def test_an_aggregate_is_taken_apart_and_never_cut_by_a_bound(bronze: Bronze, client: Any) -> None:
    aggregator = aws_kinesis_agg.aggregator.RecordAggregator()
    for payload in numbered(0, 50):
        aggregator.add_user_record("market", payload)
    _, _, body = aggregator.clear_and_get().get_contents()
    client.put_record(StreamName="trades", Data=body, PartitionKey="market")
    client.put_record(StreamName="trades", Data=b"plain", PartitionKey="market")
    assert bronze.loop(TurnLimits(max_records=1)).turn().rows == 50
    bronze.loop().drain()
    assert bronze.payloads() == sorted([*numbered(0, 50), b"plain"])
    assert len(bronze.coordinates()) == 51


def test_a_stream_that_is_not_there_is_said_plainly(bronze: Bronze, client: Any) -> None:
    loop = BronzeLoop(bronze.workspace, "nothing", client=client)
    with pytest.raises(TerminalError, match=r"'nothing' refused .*: ResourceNotFoundException.* Create the stream"):
        loop.turn()


# --- a stream that never stops


class Steady:
    """A producer that never stops: it puts before every GetRecords that bronze makes."""

    def __init__(self, client: Any, put: Put) -> None:
        self._client, self._put, self._numbers = client, put, count()
        self.meta = client.meta

    def get_records(self, **arguments: Any) -> Any:
        first = next(self._numbers) * 10
        self._put(numbered(first, first + 10))
        return self._client.get_records(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_a_steady_stream_does_not_keep_bronze_from_returning(bronze: Bronze, put: Put) -> None:
    steady = Steady(bronze.client, put)
    loop = bronze.loop(TurnLimits(), client=steady)
    outcome: list[int] = []
    running = threading.Thread(target=lambda: outcome.append(loop.drain()), daemon=True)
    running.start()
    running.join(20)
    assert outcome, "a drain under a steady stream does not return"
    position = bronze.position()
    assert outcome[0] == len(bronze.payloads())
    assert position.newest_us is not None
    assert position.arrived_through_us is not None


def test_what_came_before_a_drain_is_in_bronze_after_it(bronze: Bronze, put: Put, clock: Clock) -> None:
    put(numbered(5_000, 5_200))
    began_us = clock()
    clock.sleep(0.3)
    bronze.loop(TurnLimits(look_records=20, max_records=40), client=Steady(bronze.client, put)).drain()
    assert set(numbered(5_000, 5_200)) <= set(bronze.payloads())
    assert (bronze.position().arrived_through_us or 0) >= began_us


def test_a_drain_waits_until_what_it_read_counts(bronze: Bronze, put: Put, clock: Clock) -> None:
    """On a stream that stopped, so that a refresh of it sees all coverage; and no longer than that."""
    put(numbered(0, 10))
    began_us = clock()
    bronze.loop(TurnLimits()).drain()
    position = bronze.position()
    assert position.arrived_through_us is not None
    assert position.newest_us is not None
    assert position.arrived_through_us >= position.newest_us
    assert clock() - began_us < 2_500_000
    version = bronze.version()
    bronze.loop(TurnLimits()).drain()
    assert bronze.version() == version


def test_the_watermark_is_committed_when_it_passes_the_newest_record_and_not_each_second(
    bronze: Bronze, put: Put, clock: Clock
) -> None:
    loop = bronze.loop(TurnLimits())
    put(numbered(0, 10))
    loop.turn()
    versions = []
    for _ in range(20):
        clock.sleep(0.5)
        loop.turn()
        versions.append(bronze.version())
    assert versions == [versions[0], *[versions[0] + 1] * 19]


def test_a_lagging_shard_holds_the_watermark_back(bronze: Bronze, client: Any, clock: Clock) -> None:
    """Shard 0 is at its tip; of shard 1 each turn takes a part only."""
    first_us = clock()
    keys = {"0": str(2**100), "1": str(2**127 + 1)}

    def put_into(shard: str, payloads: list[bytes]) -> None:
        entries = [{"Data": data, "PartitionKey": "k", "ExplicitHashKey": keys[shard]} for data in payloads]
        client.put_records(StreamName="trades", Records=entries)

    for number in range(10):
        put_into("1", numbered(number * 10, number * 10 + 10))
        clock.sleep(10)
    put_into("0", numbered(100, 105))
    loop = bronze.loop(TurnLimits(look_records=30, max_records=30, settle_us=0))
    turn = loop.turn()
    assert not turn.at_tip
    assert turn.position.arrived_through_us == first_us // 1000 * 1000 + 20_000_000
    assert loop.turn().position.arrived_through_us == first_us // 1000 * 1000 + 50_000_000
    loop.drain()
    assert (bronze.position().arrived_through_us or 0) >= clock() - 1_000_000


def test_a_stream_that_is_asked_live_is_not_described_each_turn(
    bronze: Bronze, put: Put, kinesis: KinesisServer
) -> None:
    loop = bronze.loop()
    for number in range(10):
        put(numbered(number * 10, number * 10 + 10))
        loop.turn(fresh=False)
    calls = kinesis.faults.counters
    assert calls["calls.DescribeStreamSummary"] == 1
    assert calls["calls.GetShardIterator"] == 2, "an iterator is used on from turn to turn"
    assert calls["calls.GetRecords"] == 20
    assert bronze.payloads() == numbered(0, 100)


# --- resharding


def test_shards_that_split_and_merge_while_they_are_read_lose_nothing(bronze: Bronze, put: Put, client: Any) -> None:
    loop = bronze.loop(TurnLimits(max_records=30, settle_us=0))
    put(numbered(0, 100))
    loop.turn(fresh=False)
    first, second = shards_of(client)
    client.split_shard(StreamName="trades", ShardToSplit=first, NewStartingHashKey=str(2**126))
    put(numbered(100, 200))
    loop.turn(fresh=False)
    upper = shards_of(client)[3]
    client.merge_shards(StreamName="trades", ShardToMerge=upper, AdjacentShardToMerge=second)
    put(numbered(200, 300))
    loop.drain()
    assert bronze.payloads() == numbered(0, 300)
    ended = {name for name, shard in bronze.position().shards.items() if shard.ended}
    assert ended == {first, second, upper}


def test_an_ended_shard_is_not_read_again_and_its_children_begin_after_it(
    bronze: Bronze, put: Put, client: Any, kinesis: KinesisServer
) -> None:
    put(numbered(0, 200))
    first, _ = shards_of(client)
    client.split_shard(StreamName="trades", ShardToSplit=first, NewStartingHashKey=str(2**126))
    put(numbered(200, 300))
    asked: list[str] = []
    original = client.get_shard_iterator

    def seen(**arguments: Any) -> Any:
        asked.append(arguments["ShardId"])
        return original(**arguments)

    client.get_shard_iterator = seen
    loop = bronze.loop(TurnLimits(look_records=40, max_records=40, settle_us=0))
    while not loop.turn(fresh=False).at_tip:
        children = set(asked) - set(shards_of(client)[:2])
        assert not children or bronze.position().shards[first].ended
    assert bronze.payloads() == numbered(0, 300)
    asked.clear()
    bronze.loop().drain()
    assert first not in asked
    assert len(asked) == 3


def test_a_stream_that_was_resharded_before_its_first_record_is_read(bronze: Bronze, put: Put, client: Any) -> None:
    client.update_shard_count(StreamName="trades", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    put(numbered(0, 40))
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 40)


def test_a_child_that_no_listing_told_of_yet_holds_the_watermark_back(
    bronze: Bronze, put: Put, client: Any, clock: Clock
) -> None:
    """Split between listing and reading: the end of the parent tells of it, and its records are not in bronze."""
    put(numbered(0, 20))
    loop = bronze.loop()
    loop.turn(fresh=False)
    client.split_shard(StreamName="trades", ShardToSplit=shards_of(client)[0], NewStartingHashKey=str(2**126))
    clock.sleep(10)
    put(numbered(20, 40))
    arrived_us = clock()
    clock.sleep(10)
    turn = loop.turn(fresh=False)
    assert not turn.at_tip
    assert set(numbered(20, 40)) - set(bronze.payloads())
    assert (turn.position.arrived_through_us or 0) < arrived_us
    assert loop.turn(fresh=False).at_tip
    assert bronze.payloads() == numbered(0, 40)
    assert (bronze.position().arrived_through_us or 0) >= arrived_us


def test_a_split_without_new_records_is_passed_on(bronze: Bronze, put: Put, client: Any) -> None:
    """The parent gives no rows any more: that it ended must be kept all the same, or its children would never begin."""
    put(numbered(0, 20))
    bronze.loop().drain()
    client.split_shard(StreamName="trades", ShardToSplit=shards_of(client)[0], NewStartingHashKey=str(2**126))
    bronze.loop().drain()
    put(numbered(20, 40))
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 40)


# --- loss, by records that really expire


def lag(bronze: Bronze, put: Put, clock: Clock, *, until: int = 100) -> None:
    """Records 0 to ``until``, an hour apart by tens; bronze has read a part of each shard."""
    for first in range(0, until, 10):
        put(numbered(first, first + 10))
        clock.pass_hours(1)
    bronze.loop(TurnLimits(look_records=10, max_records=10, settle_us=0)).turn()


def test_a_reader_that_fell_behind_the_trim_horizon_is_told(
    bronze: Bronze, put: Put, clock: Clock, caplog: Any
) -> None:
    lag(bronze, put, clock)
    had = set(bronze.payloads())
    before = bronze.position().shards
    clock.pass_hours(22)
    with caplog.at_level(logging.ERROR):
        bronze.loop().drain()
    gone = set(numbered(0, 100)) - set(bronze.payloads())
    assert gone, "the stream had dropped records before they were read"
    assert had <= set(bronze.payloads())
    gaps = bronze.position().gaps
    lagging = [name for name, shard in sorted(before.items()) if not shard.at_tip]
    assert lagging == shards_of(bronze.client)[1:]
    assert [(gap.shard_id, gap.reason) for gap in gaps] == [(name, TRIMMED) for name in lagging]
    for gap in gaps:
        assert gap.shard_id is not None
        assert gap.from_us == before[gap.shard_id].through_us
        assert clock() - 25 * HOUR_US < gap.to_us < clock() - 23 * HOUR_US
    assert "stream_gap" in caplog.text
    version = bronze.version()
    bronze.loop().drain()
    assert (bronze.position().gaps, bronze.version()) == (gaps, version), "told once"


def test_a_reader_that_lags_but_keeps_up_with_the_retention_has_no_gap(bronze: Bronze, put: Put, clock: Clock) -> None:
    lag(bronze, put, clock)
    clock.pass_hours(10)
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 100)
    assert bronze.gaps() == []


def test_a_pause_longer_than_the_retention_is_told(bronze: Bronze, put: Put, clock: Clock) -> None:
    put(numbered(0, 50))
    bronze.loop().drain()
    seen_us = bronze.position().arrived_through_us
    clock.pass_hours(1)
    put(numbered(50, 100))
    clock.pass_hours(30)
    put(numbered(100, 150))
    bronze.loop().drain()
    assert bronze.payloads() == [*numbered(0, 50), *numbered(100, 150)]
    assert bronze.gaps() == [(name, PAUSED) for name in shards_of(bronze.client)]
    assert bronze.position().gaps[0].from_us == seen_us


def test_a_pause_within_a_longer_retention_loses_nothing(bronze: Bronze, put: Put, client: Any, clock: Clock) -> None:
    client.increase_stream_retention_period(StreamName="trades", RetentionPeriodHours=168)
    put(numbered(0, 50))
    bronze.loop().drain()
    clock.pass_hours(1)
    put(numbered(50, 100))
    clock.pass_hours(100)
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 100)
    assert bronze.gaps() == []


@pytest.mark.parametrize("longer_again", [False, True])
def test_a_retention_that_was_shortened_meanwhile_is_told(
    bronze: Bronze, put: Put, client: Any, clock: Clock, longer_again: bool
) -> None:
    """Also where it is as long as before by the time bronze looks again: what it has trimmed stays trimmed."""
    client.increase_stream_retention_period(StreamName="trades", RetentionPeriodHours=72)
    lag(bronze, put, clock)
    clock.pass_hours(30)
    client.decrease_stream_retention_period(StreamName="trades", RetentionPeriodHours=24)
    if longer_again:
        client.increase_stream_retention_period(StreamName="trades", RetentionPeriodHours=72)
        put(numbered(100, 110))
    bronze.loop().drain()
    assert set(numbered(0, 100)) - set(bronze.payloads())
    assert bronze.gaps() == [(name, SHORTENED) for name in shards_of(client)]


def test_a_closed_shard_that_expired_unread_is_told(bronze: Bronze, put: Put, client: Any, clock: Clock) -> None:
    lag(bronze, put, clock)
    first, second = shards_of(client)
    client.split_shard(StreamName="trades", ShardToSplit=first, NewStartingHashKey=str(2**126))
    through_us = bronze.position().shards[first].through_us
    clock.pass_hours(25)
    put(numbered(200, 300))
    bronze.loop().drain()
    assert first not in shards_of(client)
    assert set(numbered(200, 300)) <= set(bronze.payloads())
    assert (first, EXPIRED) in bronze.gaps()
    assert bronze.position().gaps[0].from_us == through_us
    assert first not in bronze.position().shards
    assert {shard for shard, _ in bronze.gaps()} == {first, second, *shards_of(client)[1:]}


def test_a_shard_that_expires_between_listing_and_reading_costs_a_turn(
    bronze: Bronze, put: Put, client: Any, clock: Clock
) -> None:
    lag(bronze, put, clock)
    client.split_shard(StreamName="trades", ShardToSplit=shards_of(client)[1], NewStartingHashKey=str(2**127 + 2**126))
    loop = bronze.loop(TurnLimits(look_records=10, max_records=10, settle_us=0))
    loop.turn()  # knows the listing
    clock.pass_hours(30)
    put(numbered(200, 300))
    turn = loop.turn(fresh=False)
    assert [type(failure) for failure in turn.failures] == [TransientError]
    loop.drain()
    assert set(numbered(200, 300)) <= set(bronze.payloads())
    assert EXPIRED in [reason for _, reason in bronze.gaps()]


def test_a_stream_made_again_is_another_stream(bronze: Bronze, put: Put, client: Any, clock: Clock) -> None:
    put(numbered(0, 20))
    bronze.loop().drain()
    seen_us = bronze.position().arrived_through_us
    assert seen_us is not None
    clock.sleep(60)
    put(numbered(20, 30))  # nobody will ever read these
    clock.sleep(60)
    client.delete_stream(StreamName="trades")
    client.create_stream(StreamName="trades", ShardCount=2)
    put(numbered(30, 50))
    bronze.loop().drain()
    assert bronze.payloads() == [*numbered(0, 20), *numbered(30, 50)]
    assert len({created for created, *_ in bronze.coordinates()}) == 2
    gap = StreamGap(seen_us, bronze.position().stream_created_at_us, None, DELETED)
    assert bronze.position().gaps == (gap,)
    assert bronze.loop().drain() == 0
    assert bronze.position().gaps == (gap,)


def test_a_live_loop_finds_out_that_the_stream_was_made_again(bronze: Bronze, put: Put, client: Any) -> None:
    put(numbered(0, 20))
    loop = bronze.loop()
    loop.turn(fresh=False)
    client.delete_stream(StreamName="trades")
    client.create_stream(StreamName="trades", ShardCount=2)
    put(numbered(20, 50))
    with pytest.raises(TransientError):
        loop.turn(fresh=False)
    loop.turn(fresh=False)
    assert bronze.payloads() == numbered(0, 50)
    assert len(bronze.coordinates()) == 50


def test_a_quiet_stream_that_is_watched_has_no_gap(bronze: Bronze, put: Put, clock: Clock) -> None:
    put(numbered(0, 5))
    bronze.loop().drain()
    for _ in range(5):
        clock.pass_hours(12)
        bronze.loop().drain()
    put(numbered(5, 8))
    bronze.loop().drain()
    assert bronze.gaps() == []
    assert bronze.payloads() == numbered(0, 8)


# --- faults


FAULTS = {
    "throttled": Fault(kind="throttle_calls", operations=("GetRecords", "GetShardIterator"), share=0.5, calls=60),
    "broken": Fault(kind="fail_calls", share=0.3, calls=60),
    "dropped": Fault(kind="drop_calls", operations=("GetRecords",), share=0.5, calls=40),
    "lost answers": Fault(kind="lose_answers", operations=("GetRecords",), share=0.5, calls=40),
    "empty": Fault(kind="empty_reads", share=0.5, calls=40),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_faults_of_kinesis_only_cost_time(bronze: Bronze, put: Put, kinesis: KinesisServer, fault: Fault) -> None:
    put(numbered(0, 400))
    kinesis.faults.add(fault)
    loop = bronze.loop(TurnLimits(look_records=20, max_records=100, settle_us=0))
    loop.turn()
    kinesis.faults.expire_iterators()
    loop.drain()
    assert bronze.payloads() == numbered(0, 400)
    assert len(bronze.coordinates()) == 400


def test_a_shard_that_cannot_be_read_does_not_hold_up_the_others(bronze: Bronze, put: Put, client: Any) -> None:
    put(numbered(0, 100))
    bad = shards_of(client)[0]
    original = client.get_shard_iterator

    def refused(**arguments: Any) -> Any:
        if arguments["ShardId"] == bad:
            raise client.exceptions.ProvisionedThroughputExceededException(
                {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "no"}}, "GetShardIterator"
            )
        return original(**arguments)

    client.get_shard_iterator = refused
    turn = bronze.loop().turn()
    assert (turn.rows > 0, turn.at_tip, len(turn.failures)) == (True, False, 1)
    with pytest.raises(TransientError, match="ProvisionedThroughputExceeded"):
        bronze.loop().drain()
    client.get_shard_iterator = original
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 100)


def test_a_refusal_that_stays_ends_the_turn_and_commits_nothing(bronze: Bronze, put: Put, client: Any) -> None:
    put(numbered(0, 100))
    original = client.get_records

    def refused(**arguments: Any) -> Any:
        raise client.exceptions.ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetRecords")

    client.get_records = refused
    with pytest.raises(TerminalError, match="AccessDenied"):
        bronze.loop().drain()
    assert bronze.version() == 0
    client.get_records = original
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 100)


# --- a backlog


def test_a_backlog_of_several_shards_is_spread_and_a_small_turn_is_not(bronze: Bronze, put: Put) -> None:
    limits = TurnLimits(look_records=50, settle_us=0)
    put(numbered(0, 80))
    bronze.loop(limits).drain()
    assert bronze.spread == 0
    put(numbered(80, 1_000))
    loop = bronze.loop(limits)
    turn = loop.turn()
    assert (bronze.spread, turn.rows, turn.at_tip) == (1, 920, True)
    assert bronze.payloads() == numbered(0, 1_000)
    assert len(bronze.coordinates()) == 1_000
    put(numbered(1_000, 1_010))
    loop.drain()
    assert bronze.payloads() == numbered(0, 1_010)


def test_fresh_records_do_not_wait_for_another_shard_s_backlog(bronze: Bronze, client: Any) -> None:
    """Of a shard with a backlog a turn takes a look's worth while the other one is at its tip."""
    old = [{"Data": data, "PartitionKey": "k", "ExplicitHashKey": str(2**127 + 1)} for data in numbered(0, 400)]
    new = [{"Data": data, "PartitionKey": "k", "ExplicitHashKey": "1"} for data in numbered(400, 410)]
    client.put_records(StreamName="trades", Records=old)
    client.put_records(StreamName="trades", Records=new)
    turn = bronze.loop(TurnLimits(look_records=50, settle_us=0)).turn()
    assert (turn.rows, bronze.spread) == (60, 0)
    assert set(numbered(400, 410)) <= set(bronze.payloads())


@pytest.mark.parametrize("code", ["throttle_calls", "drop_calls", "fail_calls"])
def test_a_fault_in_a_spread_reading_keeps_what_was_read(
    bronze: Bronze, put: Put, kinesis: KinesisServer, code: str
) -> None:
    """After the driver's look, each shard gives one more answer, and then nothing: what came is kept."""
    put(numbered(0, 2_000))
    limits = TurnLimits(look_records=10, max_records=2_000, settle_us=0)

    def spread(shares: list[Share]) -> list[Staged]:
        kinesis.faults.add(Fault(kind=code, operations=("GetRecords",), calls=10**6))
        try:
            return [run_share(share, bronze.reading) for share in shares]
        finally:
            kinesis.faults.clear()

    turn = bronze.loop(limits, spread=spread).turn()
    assert turn.rows == 20
    assert len(turn.failures) == 2
    assert all(isinstance(failure, TransientError) for failure in turn.failures)
    bronze.loop(limits).drain()
    assert bronze.payloads() == numbered(0, 2_000)


# --- two writers, and a log that was cleaned


def overtaken(bronze: Bronze, at: Callable[[], None]) -> BronzeLoop:
    """A loop that something happens to right before its commit."""

    def on_point(point: str) -> None:
        if point == "bronze.trades:before":
            at()

    workspace = Workspace(None, bronze.workspace.lake, Steps(on_point=on_point))  # type: ignore[arg-type]
    workspace._there.add(BRONZE_TRADES.name)
    arguments = {"client": bronze.client, "limits": AT_ONCE, "now_us": bronze.clock, "sleep": bronze.clock.sleep}
    return BronzeLoop(workspace, "trades", **arguments)


def test_two_overlapping_turns_commit_once(bronze: Bronze, put: Put) -> None:
    put(numbered(0, 40))
    inner: list[int] = []
    with pytest.raises(LostRaceError):
        overtaken(bronze, lambda: inner.append(bronze.loop().turn().rows)).turn()
    assert inner == [40]
    assert bronze.payloads() == numbered(0, 40)


def test_a_drain_that_loses_a_race_goes_on_from_what_is_there(bronze: Bronze, put: Put) -> None:
    put(numbered(0, 40))
    once = iter([True])

    def overtake() -> None:
        if next(once, False):
            bronze.loop().turn()
            put(numbered(40, 60))

    assert overtaken(bronze, overtake).drain() == 20
    assert bronze.payloads() == numbered(0, 60)


def test_a_position_that_the_log_forgot_is_derived_from_the_rows(
    bronze: Bronze, put: Put, lake: Lake, caplog: Any
) -> None:
    put(numbered(0, 30))
    bronze.loop().drain()
    before = bronze.position()
    for commit in Path(lake.table_uri("bronze.trades"), "_delta_log").glob("*.json"):
        commit.write_text(commit.read_text().replace('\\"position\\"', '\\"gone\\"'))
    put(numbered(30, 50))
    bronze.workspace = without_spark_again(lake)
    with caplog.at_level(logging.WARNING):
        assert bronze.loop().drain() == 20
    assert "position_not_in_log" in caplog.text
    assert bronze.payloads() == numbered(0, 50)
    assert set(bronze.position().shards) == set(before.shards)


def without_spark_again(lake: Lake) -> Workspace:
    """Another process' workspace of the same lake."""
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    workspace._there.add(BRONZE_TRADES.name)
    return workspace


# --- AWS' timing


def test_on_aws_timing_a_steady_stream_is_followed_within_the_quotas(lake: Lake) -> None:
    """Real seconds: answers take tens of ms, 5 calls and 2 MB a second a shard, and records that come all the time."""
    with KinesisServer(timing="aws") as server:
        client = client_of(server)
        client.create_stream(StreamName="trades", ShardCount=2)
        loop = BronzeLoop(without_spark(lake, (BRONZE_TRADES,)), "trades", client=client)
        stop, written = threading.Event(), count()

        def produce() -> None:
            while not stop.is_set():
                entries = [{"Data": b"%06d" % next(written) + b"x" * 500, "PartitionKey": str(n)} for n in range(50)]
                client.put_records(StreamName="trades", Records=entries)

        producer = threading.Thread(target=produce)
        producer.start()
        try:
            rows, ended = loop.drain(), time.monotonic() + 3
            turns = [loop.turn(fresh=False)]
            while time.monotonic() < ended:
                turns.append(loop.turn(fresh=False))
        finally:
            stop.set()
            producer.join()
        assert all(turn.at_tip for turn in turns)
        assert turns[-1].position.arrived_through_us is not None
        assert time.time() * 1e6 - turns[-1].position.arrived_through_us < 3_000_000
        rows += sum(turn.rows for turn in turns) + loop.drain()
        assert rows == next(written)
        calls = server.faults.counters
        assert calls["calls.GetRecords"] <= 5 * 2 * 12
        assert calls.get("errors.ProvisionedThroughputExceededException", 0) <= 2
        assert "errors.LimitExceededException" not in calls


def test_what_a_process_holds_is_bounded_whatever_the_number_of_shards(
    bronze: Bronze, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that lag most come first; a shard for which there is no room is the next turn's."""
    monkeypatch.setattr("glue_jobs.bronze.reading.GROUP_BYTES", 2_000)
    monkeypatch.setattr("glue_jobs.bronze.reading._BESIDE", 1)
    bronze.client.create_stream(StreamName="wide", ShardCount=4)
    for key in range(100):
        entries = [{"Data": data, "PartitionKey": str(key)} for data in numbered(0, 40)]
        bronze.client.put_records(StreamName="wide", Records=entries)
    tasks = [
        ShardTask(
            stream_name="wide",
            shard_id=f"shardId-{number:012d}",
            after=ShardPosition(through_us=bronze.clock() - number),
            until_us=bronze.clock(),
            retention_us=24 * HOUR_US,
            retention_before_us=24 * HOUR_US,
            max_records=100,
            max_bytes=10**6,
            settle_us=0,
        )
        for number in range(4)
    ]
    read = read_shards(bronze.client, tasks, bronze.reading)
    assert {name[-1]: each.progress.rows for name, each in read.items()} == {"3": 100, "2": 100, "1": 0, "0": 0}
    assert not any(each.progress.caught_up for each in read.values())


def test_another_stream_that_was_filled_beside_the_first_is_not_taken_as_read(
    bronze: Bronze, client: Any, clock: Clock, put: Callable[..., None]
) -> None:
    client.create_stream(StreamName="other", ShardCount=2)
    clock.sleep(10)

    def put_to_other(key: int, data: bytes) -> None:
        client.put_record(StreamName="other", Data=data, PartitionKey="k", ExplicitHashKey=str(key))

    for number in range(50):
        put_to_other(0, b"trade %d" % number)
    clock.sleep(1)
    coverage_us = clock()
    put_to_other(2**127 + 5, b"the coverage of these trades")
    clock.sleep(60)
    put([b"old"])
    bronze.loop().drain()
    limits = TurnLimits(max_records=10, settle_us=0)
    loop = BronzeLoop(bronze.workspace, "other", client=client, limits=limits, now_us=clock, sleep=clock.sleep)
    turn = loop.turn()
    assert not turn.at_tip
    assert (turn.position.arrived_through_us or 0) < coverage_us
    loop.drain()
    assert (bronze.position().arrived_through_us or 0) >= coverage_us
