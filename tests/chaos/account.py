"""What the lake must hold, told by the stream itself: read by plain boto3, judged by the oracle."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import localcontext
from typing import Any

import pytest

from glue_jobs.audit import audit
from glue_jobs.pipeline import pipeline
from tapehouse import kpl
from tapehouse.lake import Lake
from tapehouse.tables import (
    BRONZE_TRADES,
    GOLD_CANDLES,
    GOLD_DATA_QUALITY,
    GOLD_DATA_QUALITY_REASONS,
    GOLD_MARKET_SUMMARY,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)
from tests import oracle
from tests.oracle import Arrived

TABLES = (
    BRONZE_TRADES, SILVER_TRADES, SILVER_REJECTED, SILVER_GAPS, SILVER_COVERAGE, GOLD_CANDLES, GOLD_MARKET_SUMMARY,
    GOLD_DATA_QUALITY, GOLD_DATA_QUALITY_REASONS,
)  # fmt: skip
LEFT_OUT = frozenset({"ingested_at"})
"""Columns that say when a run was, not what it found."""
_CANDLE = (
    "open", "high", "low", "close", "volume", "quote_volume", "vwap", "trade_count", "buy_volume", "sell_volume",
    "close_time_us", "complete",
)  # fmt: skip
_TRADE = ("price", "size", "side", "event_time_us", "backfilled", "trader", "quote_size")


def read_stream(client: Any, name: str) -> list[Arrived]:
    """Every user record of the stream, shard by shard; closed shards too."""
    arrived = []
    for shard in client.list_shards(StreamName=name)["Shards"]:
        shard_id = shard["ShardId"]
        start = client.get_shard_iterator(StreamName=name, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")
        iterator = start["ShardIterator"]
        while iterator is not None:
            answer = client.get_records(ShardIterator=iterator, Limit=10_000)
            for record in answer["Records"]:
                arrival_us = round(record["ApproximateArrivalTimestamp"].timestamp() * 1000) * 1000
                parts = kpl.deaggregate(record["Data"])
                payloads = [record["Data"]] if parts is None else [part.data for part in parts]
                arrived += [
                    Arrived(payload, arrival_us, (shard_id, int(record["SequenceNumber"]), place))
                    for place, payload in enumerate(payloads)
                ]
            iterator = answer.get("NextShardIterator")
            if not answer["Records"] and answer["MillisBehindLatest"] == 0:
                break
    return arrived


@dataclass
class LakeRows:
    """The rows of a lake, each table read once."""

    spark: Any
    lake: Lake
    _read: dict[str, list[Any]] = field(default_factory=dict)

    def of(self, table: Table) -> list[Any]:
        if table.name not in self._read:
            frame = self.spark.read.format("delta").load(self.lake.table_uri(table.name))
            if table == GOLD_CANDLES:
                frame = frame.selectExpr("*", "unix_micros(window_start) AS start_us")
            self._read[table.name] = frame.collect()
        return self._read[table.name]

    def comparable(self, table: Table) -> list[str]:
        """Its rows as texts in one order, without when they were made; statistics to nine digits."""
        names = [name for name in table.column_names if name not in LEFT_OUT]
        return sorted(repr([_exact(row[name]) for name in names]) for row in self.of(table))


def _exact(value: Any) -> Any:
    return f"{value:.8e}" if isinstance(value, float) else value


def same_lake(spark: Any, one: Lake, other: Lake) -> None:
    """Row by row, every table of one lake is the other's."""
    left, right = LakeRows(spark, one), LakeRows(spark, other)
    for table in TABLES:
        assert left.comparable(table) == right.comparable(table), table.name


def holds_the_stream(spark: Any, lake: Lake, arrived: Sequence[Arrived]) -> oracle.Silver:
    """Bronze is the stream, record for record; silver and gold are the oracle's; the audit is clean."""
    rows = LakeRows(spark, lake)
    turns = _bronze(rows, arrived)
    in_order = sorted(arrived, key=lambda record: (turns[record.coordinates], record.arrival_us, *record.coordinates))
    expected = oracle.silver(in_order)
    _silver(rows, expected)
    _gold(rows, expected)
    report = audit(spark, lake, pipeline())
    assert report.ok, report.lines
    return expected


def _bronze(rows: LakeRows, arrived: Sequence[Arrived]) -> dict[tuple[str, int, int], Any]:
    """Coordinates → when the record's turn was."""
    bronze = rows.of(BRONZE_TRADES)
    found = Counter(_coordinates(row) for row in bronze)
    wanted = Counter(record.coordinates for record in arrived)
    assert found == wanted, f"lost {list((wanted - found).items())[:5]}, too many {list((found - wanted).items())[:5]}"
    payloads = {record.coordinates: record.payload for record in arrived}
    assert all(payloads[_coordinates(row)] == row["payload"] for row in bronze)
    return {_coordinates(row): row["ingested_at"] for row in bronze}


def _coordinates(row: Any) -> tuple[str, int, int]:
    return row["shard_id"], int(row["sequence_number"]), row["sub_sequence_number"]


def _by(rows: Sequence[Any], key: Callable[[Any], Any], value: Callable[[Any], Any]) -> dict[Any, Any]:
    """Rows by a key that no two of them may share."""
    found = {key(row): value(row) for row in rows}
    assert len(found) == len(rows), "a key is there more than once"
    return found


def _silver(rows: LakeRows, expected: oracle.Silver) -> None:
    trades = _by(
        rows.of(SILVER_TRADES),
        lambda row: (row["exchange"], row["symbol"], row["source"], row["trade_id"], row["event_time_us"]),
        lambda row: {name: row[name] for name in _TRADE},
    )
    assert trades == {key: {name: trade[name] for name in _TRADE} for key, trade in expected.trades.items()}
    rejected = _by(rows.of(SILVER_REJECTED), _coordinates, lambda row: (row["verdict"], tuple(row["reasons"])))
    assert rejected == expected.rejected
    gap_key = ("exchange", "symbol", "source", "gap_id", "event")
    gaps = _by(rows.of(SILVER_GAPS), lambda row: tuple(row[name] for name in gap_key), lambda row: True)
    assert gaps.keys() == expected.gaps.keys()
    found = oracle.covered(row.asDict() for row in rows.of(SILVER_COVERAGE))
    assert found == oracle.covered(expected.coverage)


def _gold(rows: LakeRows, expected: oracle.Silver) -> None:
    wanted = oracle.candles(expected, {(key[0], key[1]): key[2] for key in expected.trades})
    candles = _by(
        rows.of(GOLD_CANDLES),
        lambda row: (row["exchange"], row["symbol"], row["interval"], row["start_us"]),
        lambda row: {name: row[name] for name in _CANDLE},
    )
    assert candles.keys() == wanted.keys()
    wrong = [(key, candle, wanted[key]) for key, candle in candles.items() if candle != wanted[key]]
    assert not wrong, f"{len(wrong)} candles differ: {wrong[:3]}"
    with localcontext() as exact:
        exact.prec = 80  # a day's quote volume has more digits than the default's 28
        summary = oracle.summary(wanted)
    found = _by(rows.of(GOLD_MARKET_SUMMARY), lambda row: (row["exchange"], row["symbol"]), lambda row: row)
    assert found.keys() == summary.keys()
    for market, values in summary.items():
        for name, value in values.items():
            close = pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            assert found[market][name] == close, (market, name)
