"""The silver layer of one lake without Spark: bronze by turns, the job batch by batch, all held against the oracle."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine import BatchLimits, DataFile, Steps, TableState, schema_of
from glue_jobs.engine.follow import Follower
from glue_jobs.silver.trades import LIMITS, MAKES, TradesJob
from tapehouse.lake import Lake
from tapehouse.record import Record, encode
from tapehouse.tables import (
    BRONZE_TRADES,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)
from tests import oracle
from tests.factories import NOW_US
from tests.glue_jobs.tables_on_disk import without_spark
from tests.oracle import Arrived

CREATED = datetime(2025, 10, 1, tzinfo=UTC)
TABLES = (SILVER_TRADES, SILVER_REJECTED, SILVER_GAPS, SILVER_COVERAGE)


@contextmanager
def stricter() -> Iterator[None]:
    """A rule that is to be mended: what says that it happened within an hour of its arrival is refused."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("tapehouse.record", "glue_jobs.silver.trades.ordinary"):
            patch.setattr(f"{module}.AHEAD_US", -3_600_000_000)
        yield


class SilverLake:
    """Bronze and silver. ``job`` is a process's: ``restart`` makes another."""

    def __init__(self, lake: Lake, limits: BatchLimits | None = None) -> None:
        self.on_point: Callable[[str], None] = lambda point: None
        self.workspace = replace(without_spark(lake, (BRONZE_TRADES, *MAKES)), steps=Steps(on_point=self._reached))
        self._limits = limits or LIMITS
        self._arrived: list[tuple[int, Arrived]] = []
        self._turn = 0
        self.restart()

    def _reached(self, point: str) -> None:
        self.on_point(point)

    def restart(self) -> None:
        """Another process: it remembers nothing but what is in the lake."""
        self.job = TradesJob(self.workspace)
        self._follower = Follower(self.workspace, "silver", (BRONZE_TRADES,), self._limits)

    def forget(self) -> None:
        """The progress is lost."""
        self._follower.forget()
        self.restart()

    def arrive(
        self,
        records: Sequence[Record | bytes],
        *,
        shards: int = 2,
        metadata: Mapping[str, Any] | None = None,
        arrival_us: Callable[[int], int] = lambda number: NOW_US + number * 1000,
    ) -> TableState:
        """One turn of bronze: a file a shard. ``arrival_us``: of a record's number, from 0."""
        self._turn += 1
        first = len(self._arrived)
        new = [
            Arrived(
                record if isinstance(record, bytes) else encode(record),
                arrival_us(first + at),
                (f"shardId-{at % shards}", 10**20 + first + at, 0),
            )
            for at, record in enumerate(records)
        ]
        self._arrived += [(self._turn, each) for each in new]
        by_shard: dict[str, list[Arrived]] = {}
        for each in new:
            by_shard.setdefault(each.coordinates[0], []).append(each)
        files = [file for some in by_shard.values() for file in self._staged(some)]
        self.workspace.commit(self.workspace.state(BRONZE_TRADES), add=files, metadata=metadata)
        return self.workspace.state(BRONZE_TRADES)

    def _staged(self, records: Sequence[Arrived]) -> list[DataFile]:
        rows = [self._bronze(each) for each in records]
        table = pa.Table.from_pylist(rows, schema=schema_of(BRONZE_TRADES))
        return [
            self.workspace.stage(
                BRONZE_TRADES, table.filter(pc.field("arrival_date") == day), partition={"arrival_date": day}
            )
            for day in sorted({row["arrival_date"] for row in rows})
        ]

    def _bronze(self, record: Arrived) -> dict[str, Any]:
        shard, sequence, sub = record.coordinates
        arrival = datetime.fromtimestamp(record.arrival_us / 1e6, UTC)
        return {
            "payload": record.payload,
            "stream_name": "trades",
            "stream_created_at": CREATED,
            "shard_id": shard,
            "sequence_number": str(sequence),
            "sub_sequence_number": sub,
            "partition_key": "key",
            "arrival_time": arrival,
            "ingested_at": datetime.fromtimestamp(NOW_US / 1e6 + self._turn, UTC),
            "arrival_date": arrival.date(),
        }

    def refresh(self) -> int:
        """All that is new, batch by batch; how many there were."""
        batches = 0
        self.job.prepare()
        while (batch := self._follower.next()) is not None:
            self.job.write(batch)
            self._follower.done(batch)
            batches += 1
        while self.job.more():
            pass
        return batches

    def rebuild(self) -> None:
        self.job.rebuild(TABLES)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        state = self.workspace.state(table)
        found: list[dict[str, Any]] = self.workspace.rows(state, state.files).to_pylist()
        return found

    def told(self, table: Table) -> Mapping[str, Any]:
        """What the table's newest commit says."""
        return self.workspace.state(table).metadata or {}

    def contents(self) -> dict[str, list[str]]:
        """All rows of all tables, in one order; coverage as what it covers."""
        found = {table.name: sorted(repr(row) for row in self.rows(table)) for table in TABLES}
        covered = oracle.covered(self.rows(SILVER_COVERAGE))
        return {**found, SILVER_COVERAGE.name: sorted(repr(item) for item in covered.items())}

    @property
    def arrived(self) -> list[Arrived]:
        """All that arrived, in the order in which it counts."""
        in_order = sorted(self._arrived, key=lambda each: (each[0], each[1].arrival_us, *each[1].coordinates))
        return [each for _, each in in_order]

    def check(self) -> oracle.Silver:
        """Every table is what the oracle makes of all that arrived."""
        expected = oracle.silver(self.arrived)
        trades = self.rows(SILVER_TRADES)
        names = ("price", "size", "side", "event_time_us", "backfilled", "trader", "quote_size")
        key = (*SILVER_TRADES.key[:4], "event_time_us")
        found = {tuple(row[name] for name in key): {name: row[name] for name in names} for row in trades}
        assert len(found) == len(trades)
        assert found == {
            key: {name: trade[name] for name in names if name in trade} for key, trade in expected.trades.items()
        }
        rejected = self.rows(SILVER_REJECTED)
        assert {
            (row["shard_id"], int(row["sequence_number"]), row["sub_sequence_number"]): (
                row["verdict"],
                tuple(row["reasons"]),
            )
            for row in rejected
        } == expected.rejected
        assert len(rejected) == len(expected.rejected)
        assert {
            (row["shard_id"], int(row["sequence_number"]), row["sub_sequence_number"]): (
                row["exchange"],
                row["symbol"],
                row["source"],
            )
            for row in rejected
        } == expected.claimed
        gaps = self.rows(SILVER_GAPS)
        ends = ("from_id", "to_id", "from_us", "to_us")
        assert {tuple(row[name] for name in SILVER_GAPS.key): [row[name] for name in ends] for row in gaps} == {
            key: [gap.get(name) for name in ends] for key, gap in expected.gaps.items()
        }
        assert len(gaps) == len(expected.gaps)
        assert oracle.covered(self.rows(SILVER_COVERAGE)) == oracle.covered(expected.coverage)
        return expected
