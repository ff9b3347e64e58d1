"""The silver and gold layers of one lake, driven batch by batch and held against the oracle."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine import Batch, BatchJob, DataFile, Steps, Workspace, schema_of
from glue_jobs.engine.follow import BatchLimits, Follower, Reached
from glue_jobs.gold import candles
from glue_jobs.gold.candles import CandlesJob
from glue_jobs.gold.market_summary import MarketSummaryJob
from glue_jobs.pipeline import pipeline
from glue_jobs.silver.trades import TradesJob
from tapehouse.lake import Lake
from tapehouse.record import Trade
from tapehouse.tables import BRONZE_TRADES, GOLD_CANDLES
from tests import factories, oracle
from tests.factories import NOW_US
from tests.oracle import Arrived

CREATED = datetime(2025, 10, 1, tzinfo=UTC)


def trade(number: int, **changes: Any) -> Trade:
    """One of the last hour's trades, a second apart."""
    return factories.trade(number, **{"event_time_us": NOW_US - 3_600_000_000 + number * 1_000_000, **changes})


class Layers:
    """The silver and gold layers of one lake, driven batch by batch."""

    def __init__(self, spark: Any, lake: Lake, *, on_point: Callable[[str], None] = lambda point: None) -> None:
        self.spark = spark
        self.lake = lake
        workspace = self.workspace = Workspace(spark, lake, Steps(on_point=on_point))
        self.silver = TradesJob(workspace)
        self.gold = CandlesJob(workspace)
        self.market_summary = MarketSummaryJob(workspace)
        self.follower = Follower(workspace, "gold", candles.MAKES[GOLD_CANDLES], BatchLimits())
        self.summary_follower = Follower(workspace, "market_summary", (GOLD_CANDLES,), BatchLimits())
        self.others = [
            (query.job(workspace), Follower(workspace, query.name, query.reads, query.limits))
            for query in pipeline()
            if query.reads and query.name not in ("silver", "gold", "market_summary")
        ]
        workspace.ensure(table for query in pipeline() for table in query.writes)
        self.arrived: list[Arrived] = []

    def arrive(self, payloads: Sequence[bytes], *, again: Sequence[Arrived] = ()) -> list[Arrived]:
        """One batch of silver: new payloads, and perhaps rows that were in a batch before."""
        first = len(self.arrived)
        new = [
            Arrived(payload, NOW_US + (first + at) * 1000, (f"shardId-{at % 2}", 10**20 + first + at, 0))
            for at, payload in enumerate(payloads)
        ]
        self.arrived += new
        added = self._staged(new)
        base = self.workspace.state(BRONZE_TRADES)
        self.workspace.commit(base, add=added)
        state = self.workspace.state(base.table)
        files = (*self._staged(again), *added)
        reached = {BRONZE_TRADES: Reached(state.table_id, state.version)}
        self.silver.write(
            Batch(self.workspace, {BRONZE_TRADES: files}, reached, False, {BRONZE_TRADES: state.metadata})
        )
        return new

    def _staged(self, records: Sequence[Arrived]) -> tuple[DataFile, ...]:
        """A file of bronze in which they lie in no order."""
        if not records:
            return ()
        rows = [dict(zip(BRONZE_TRADES.column_names, self._bronze(record), strict=True)) for record in records]
        random.Random(len(rows)).shuffle(rows)
        table = pa.Table.from_pylist(rows, schema=schema_of(BRONZE_TRADES))
        days = {row["arrival_date"] for row in rows}
        return tuple(
            self.workspace.stage(
                BRONZE_TRADES, table.filter(pc.field("arrival_date") == day), partition={"arrival_date": day}
            )
            for day in sorted(days)
        )

    def _bronze(self, record: Arrived) -> tuple[Any, ...]:
        arrival = datetime.fromtimestamp(record.arrival_us / 1e6, UTC)
        shard, sequence, sub = record.coordinates
        ingested = datetime.fromtimestamp(NOW_US / 1e6, UTC)
        return (record.payload, "trades", CREATED, shard, str(sequence), sub, "key", arrival, ingested, arrival.date())

    def refresh_gold(self, *, forget: bool = False) -> None:
        """Gold over all that is new in silver."""
        if forget:
            self.follower.forget()
        while (batch := self.follower.next()) is not None:
            self.gold.write(batch)
            self.follower.done(batch)
        while self.gold.more():
            pass
        self.summary()

    def refresh_others(self) -> None:
        """Every other table of gold."""
        for job, follower in self.others:
            assert isinstance(job, BatchJob)
            job.prepare()
            while (batch := follower.next()) is not None:
                job.write(batch)
                follower.done(batch)
            while job.more():
                pass

    def summary(self) -> None:
        while (batch := self.summary_follower.next()) is not None:
            self.market_summary.write(batch)
            self.summary_follower.done(batch)

    def rows(self, name: str) -> list[Any]:
        rows: list[Any] = self.spark.read.format("delta").load(self.lake.table_uri(name)).collect()
        return rows

    def check(self, sources: dict[tuple[str, str], str] | None = None) -> list[Any]:
        """Silver and gold are what the oracle computes from everything that arrived. Returns gold.candles' rows."""
        expected = oracle.silver(self.arrived)
        self.check_silver(expected)
        markets = sources or {(key[0], key[1]): key[2] for key in expected.trades}
        return self.check_gold(expected, markets)

    def check_silver(self, expected: oracle.Silver) -> None:
        found = {
            (row.exchange, row.symbol, row.source, row.trade_id, row.event_time_us): {
                name: row[name]
                for name in ("price", "size", "side", "event_time_us", "backfilled", "trader", "quote_size")
            }
            for row in self.rows("silver.trades")
        }
        wanted = {
            key: {name: values[name] for name in found.get(key, values) if name in values}
            for key, values in expected.trades.items()
        }
        assert found == wanted
        assert len(self.rows("silver.trades")) == len(found)
        rejected = self.rows("silver.rejected")
        assert {
            (row.shard_id, int(row.sequence_number), row.sub_sequence_number): (row.verdict, tuple(row.reasons))
            for row in rejected
        } == expected.rejected
        assert len(rejected) == len(expected.rejected)
        assert {
            (row.shard_id, int(row.sequence_number), row.sub_sequence_number): (row.exchange, row.symbol, row.source)
            for row in rejected
        } == expected.claimed
        gaps = self.rows("silver.gaps")
        ends = ("from_id", "to_id", "from_us", "to_us")
        assert {
            (row.exchange, row.symbol, row.source, row.gap_id, row.event): [row[name] for name in ends] for row in gaps
        } == {key: [gap.get(name) for name in ends] for key, gap in expected.gaps.items()}
        assert len(gaps) == len(expected.gaps)
        assert oracle.covered(row.asDict() for row in self.rows("silver.coverage")) == oracle.covered(expected.coverage)

    def check_gold(self, expected: oracle.Silver, sources: dict[tuple[str, str], str]) -> list[Any]:
        wanted = oracle.candles(expected, sources)
        frame = self.spark.read.format("delta").load(self.lake.table_uri("gold.candles"))
        columns = ("open", "high", "low", "close", "volume", "quote_volume", "vwap", "trade_count", "buy_volume",
                   "sell_volume", "close_time_us", "complete")  # fmt: skip
        rows = frame.selectExpr(
            "exchange", "symbol", "interval", "unix_micros(window_start) start_us", "unix_micros(window_end) end_us",
            "open_time_us", *columns,
        ).collect()  # fmt: skip
        found = {
            (row.exchange, row.symbol, row.interval, row.start_us): {name: row[name] for name in columns}
            for row in rows
        }
        assert len(rows) == len(found)
        assert found.keys() == wanted.keys()
        for key, row in found.items():
            assert row == wanted[key], key
        opened = self._opened(expected, sources)
        assert {(r.exchange, r.symbol, r.interval, r.start_us): r.open_time_us for r in rows if r.trade_count} == opened
        assert all(row.end_us - row.start_us == oracle.LENGTHS[row.interval] * 1_000_000 for row in rows)
        self._check_summary(oracle.summary(wanted))
        return list(rows)

    def _opened(self, expected: oracle.Silver, sources: dict[tuple[str, str], str]) -> dict[Any, int]:
        """Window → its first trade's time."""
        first: dict[Any, int] = {}
        for trade in expected.trades.values():
            if sources[trade["exchange"], trade["symbol"]] != trade["source"]:
                continue
            at_us = trade["event_time_us"]
            for interval in oracle.LENGTHS:
                for exchange in (trade["exchange"], "ALL"):
                    key = (exchange, trade["symbol"], interval, oracle.window_start(at_us, interval))
                    first[key] = min(at_us, first.get(key, at_us))
        return first

    def _check_summary(self, wanted: dict[tuple[str, str], dict[str, Any]]) -> None:
        rows = self.rows("gold.market_summary")
        assert {(row.exchange, row.symbol) for row in rows} == wanted.keys()
        for row in rows:
            for name, value in wanted[row.exchange, row.symbol].items():
                if isinstance(value, float):
                    assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-9), (row.symbol, name)
                else:
                    assert row[name] == value, (row.symbol, name)
