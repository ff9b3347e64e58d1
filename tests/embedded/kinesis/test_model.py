"""Any order of puts, reshards, time and restarts, against a plain list of what was accepted."""

import json
import random
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from embedded.kinesis import Faults
from embedded.kinesis.context import Context
from embedded.kinesis.cursor import Tokens
from embedded.kinesis.journal import DiskJournal
from embedded.kinesis.operations import Operations
from embedded.kinesis.store import Store
from embedded.kinesis.timing import Timing

HOUR_US = 3_600_000_000
START_US = 1_790_000_000_000_000


class StreamMachine(RuleBasedStateMachine):
    """One stream on a small journal; ``accepted`` is the truth."""

    positions = Bundle("positions")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now_us = START_US
        self.accepted: list[tuple[str, int, str, int]] = []
        """(shard, sequence number, data, stored at)"""
        self.counter = 0
        self.open()
        self.call("CreateStream", StreamName="s", ShardCount=2)

    def open(self) -> None:
        self.journal = DiskJournal(Path(self.folder.name), segment_bytes=400)
        rng = random.Random(3)
        self.store = Store(self.journal, clock=lambda: self.now_us, rng=rng, salt="x")
        faults = Faults(clock=lambda: self.now_us, rng=rng)
        context = Context(
            store=self.store,
            clock=lambda: self.now_us,
            rng=rng,
            faults=faults,
            tokens=Tokens(self.store.identity),
            limits=False,
            timing=Timing("immediate", rng),
        )
        self.operations = Operations(context)

    def call(self, operation: str, **arguments: Any) -> Any:
        answer = self.operations.call(f"Kinesis_20131202.{operation}", json.dumps(arguments).encode())
        assert answer.status == 200, answer.body
        return json.loads(answer.body or b"{}")

    def shards(self, kind: str = "FROM_TRIM_HORIZON") -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.call("ListShards", StreamName="s", ShardFilter={"Type": kind})["Shards"]
        return sorted(listed, key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))

    def kept(self, shard: str) -> list[tuple[int, str]]:
        horizon_ms = (self.now_us - 24 * HOUR_US) // 1000
        return [(n, data) for s, n, data, at_us in self.accepted if s == shard and at_us // 1000 > horizon_ms]

    def read(self, shard: str, limit: int, **start: Any) -> tuple[list[tuple[int, str]], bool]:
        """(records, whether the shard's end was reached)"""
        iterator = self.call("GetShardIterator", StreamName="s", ShardId=shard, **start)["ShardIterator"]
        found: list[tuple[int, str]] = []
        while True:
            page = self.call("GetRecords", ShardIterator=iterator, Limit=limit)
            assert len(page["Records"]) <= limit
            found += [(int(one["SequenceNumber"]), b64decode(one["Data"]).decode()) for one in page["Records"]]
            iterator = page["NextShardIterator"]
            if iterator is None or page["MillisBehindLatest"] == 0:
                return found, iterator is None

    @rule(target=positions, hashes=st.lists(st.integers(0, 15), min_size=1, max_size=6), size=st.integers(0, 300))
    def put(self, hashes: list[int], size: int) -> tuple[str, int]:
        records = []
        for part in hashes:
            self.counter += 1
            data = f"{self.counter}".ljust(size, "x")
            key = {"PartitionKey": "k", "ExplicitHashKey": str(2**124 * part)}
            records.append({"Data": b64encode(data.encode()).decode(), **key})
        answers = self.call("PutRecords", StreamName="s", Records=records)["Records"]
        for record, answer in zip(records, answers, strict=True):
            data = b64decode(record["Data"]).decode()
            self.accepted.append((answer["ShardId"], int(answer["SequenceNumber"]), data, self.now_us))
        return answers[-1]["ShardId"], int(answers[-1]["SequenceNumber"])

    @rule(which=st.integers(0, 99))
    def split(self, which: int) -> None:
        shards = self.shards("AT_LATEST")
        shard = shards[which % len(shards)]
        start, end = (int(shard["HashKeyRange"][name]) for name in ("StartingHashKey", "EndingHashKey"))
        middle = str((start + end) // 2)
        self.call("SplitShard", StreamName="s", ShardToSplit=shard["ShardId"], NewStartingHashKey=middle)

    @precondition(lambda self: len(self.shards("AT_LATEST")) > 1)
    @rule(which=st.integers(0, 99))
    def merge(self, which: int) -> None:
        shards = self.shards("AT_LATEST")
        at = which % (len(shards) - 1)
        pair = {"ShardToMerge": shards[at]["ShardId"], "AdjacentShardToMerge": shards[at + 1]["ShardId"]}
        self.call("MergeShards", StreamName="s", **pair)

    @rule(hours=st.sampled_from([0.001, 1, 7, 24]))
    def wait(self, hours: float) -> None:
        self.now_us += int(hours * HOUR_US)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.open()

    @rule(position=positions, limit=st.integers(1, 9))
    def read_after(self, position: tuple[str, int], limit: int) -> None:
        shard, number = position
        if shard not in [listed["ShardId"] for listed in self.shards()]:
            return
        start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": str(number)}
        found, _ended = self.read(shard, limit, **start)
        assert found == [one for one in self.kept(shard) if one[0] > number]

    @invariant()
    def every_kept_record_is_read_once_in_order(self) -> None:
        open_ids = {shard["ShardId"] for shard in self.shards("AT_LATEST")}
        listed = {shard["ShardId"] for shard in self.shards()}
        for shard in listed:
            found, ended = self.read(shard, 7, ShardIteratorType="TRIM_HORIZON")
            assert found == self.kept(shard)
            assert ended == (shard not in open_ids)
        assert all(not self.kept(shard) for shard, *_ in self.accepted if shard not in listed)

    @invariant()
    def open_shards_cover_all_keys(self) -> None:
        ranges = [shard["HashKeyRange"] for shard in self.shards("AT_LATEST")]
        ends = [-1, *[int(one["EndingHashKey"]) for one in ranges]]
        assert [int(one["StartingHashKey"]) for one in ranges] == [end + 1 for end in ends[:-1]]
        assert ends[-1] == 2**128 - 1

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestStream = StreamMachine.TestCase
TestStream.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
