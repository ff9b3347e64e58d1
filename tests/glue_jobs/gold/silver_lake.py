"""A lake without Spark whose silver the oracle fills, and the gold job driven over it batch by batch."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from glue_jobs.engine import Workspace
from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.gold.candles import CandlesJob
from tapehouse.lake import Lake
from tapehouse.record import Record, encode, id_number
from tapehouse.tables import (
    GOLD_CANDLES,
    REGISTRY,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_TRADES,
    Table,
)
from tests import oracle
from tests.factories import NOW_US
from tests.glue_jobs.tables_on_disk import rows_of, without_spark
from tests.oracle import Arrived

INPUTS: Final = (SILVER_TRADES, SILVER_COVERAGE, SILVER_GAPS)
TABLES: Final = (*INPUTS, *(table for table in REGISTRY.values() if table.layer == "gold"))
_DAY_US: Final = 86_400_000_000
Key = tuple[str, str, str, int]
VALUES: Final = ("open", "high", "low", "close", "volume", "quote_volume", "vwap", "trade_count", "buy_volume",
                 "sell_volume", "close_time_us", "complete")  # fmt: skip


class SilverLake:
    """Silver as the oracle has it, and gold as the job makes it."""

    def __init__(self, lake: Lake, *, limits: BatchLimits | None = None, seconds_days: int = 0) -> None:
        self.lake = lake
        self.seconds_days = seconds_days
        self.limits = limits or BatchLimits()
        self.workspace: Workspace = without_spark(lake, TABLES)
        self.arrived: list[Arrived] = []
        self._told = oracle.Silver()
        self.begin()

    def begin(self) -> None:
        """As a new process does: nothing is remembered."""
        tables = self.workspace._there
        self.workspace = Workspace(None, self.lake, self.workspace.steps)  # type: ignore[arg-type]
        self.workspace._there.update(tables)
        self.job = CandlesJob(self.workspace, seconds_days=self.seconds_days)
        self.follower = Follower(self.workspace, "gold", INPUTS, self.limits)

    def arrive(
        self, records: Sequence[Record], *, arrival_us: int | None = None, through_us: int | None = None, split: int = 0
    ) -> None:
        """Take records into silver. ``split``: rows of one file of silver.trades; ``through_us``: the watermark."""
        first = len(self.arrived)
        at_us = NOW_US + first * 1000 if arrival_us is None else arrival_us
        self.arrived += [
            Arrived(encode(record), at_us, (f"shardId-{number % 2}", 10**20 + first + number, 0))
            for number, record in enumerate(records)
        ]
        was, now = self._told, oracle.silver(self.arrived)
        self._told = now
        common = {"arrival_time": _instant(at_us), "ingested_time": _instant(at_us), "stream_name": "trades"}
        common |= {"shard_id": "s", "sequence_number": "1", "sub_sequence_number": 0, "stream_created_at": _instant(0)}
        trades = [_trade(key, values) | common for key, values in now.trades.items() if key not in was.trades]
        step = split or max(len(trades), 1)
        self._append(SILVER_TRADES, [trades[at : at + step] for at in range(0, len(trades), step)])
        gaps = [
            dict(zip(SILVER_GAPS.key, key, strict=True))
            | {name: gap.get(name) for name in ("from_id", "to_id", "from_us", "to_us")}
            | {"reason": "told"} | common
            for key, gap in now.gaps.items() if key not in was.gaps
        ]  # fmt: skip
        self._append(SILVER_GAPS, [gaps])
        spans = now.coverage[len(was.coverage) :]
        told = None if through_us is None else {"arrived_through_us": through_us}
        self._append(SILVER_COVERAGE, [[span | common for span in spans]], told, always=through_us is not None)

    def _append(
        self,
        table: Table,
        pieces: Sequence[Sequence[dict[str, Any]]],
        metadata: Mapping[str, Any] | None = None,
        *,
        always: bool = False,
    ) -> None:
        staged = [self.workspace.stage(table, rows_of(table, list(rows))) for rows in pieces if rows]
        if staged or always:
            self.workspace.commit(self.workspace.state(table), add=staged, metadata=metadata)

    def refresh(self, *, pieces: int | None = None) -> None:
        """Every batch, and what is left to do, or at most so many pieces of it."""
        while (batch := self.follower.next()) is not None:
            self.job.write(batch)
            self.follower.done(batch)
        done = 0
        while (pieces is None or done < pieces) and self.job.more():
            done += 1

    def rows(self) -> pa.Table:
        """gold.candles."""
        state = self.workspace.state(GOLD_CANDLES)
        return self.workspace.rows(GOLD_CANDLES, state.files)

    def found(self, rows: pa.Table | None = None) -> dict[Key, dict[str, Any]]:
        rows = self.rows() if rows is None else rows
        start = rows.column("window_start").cast(pa.int64())
        found: dict[Key, dict[str, Any]] = {}
        for at_us, row in zip(start.to_pylist(), rows.to_pylist(), strict=True):
            key = (row["exchange"], row["symbol"], row["interval"], at_us)
            assert key not in found, f"twice: {key}"
            found[key] = {name: row[name] for name in VALUES}
        return found

    def expected(self, sources: Mapping[tuple[str, str], str] | None = None) -> dict[Key, dict[str, Any]]:
        """What the oracle says, of what is kept."""
        layer = oracle.silver(self.arrived)
        markets = sources or {(key[0], key[1]): key[2] for key in layer.trades}
        newest_us = max((trade["event_time_us"] for trade in layer.trades.values()), default=0)
        from_us = (newest_us // _DAY_US - self.seconds_days) * _DAY_US if self.seconds_days else -math.inf
        return {
            key: {name: row[name] for name in VALUES}
            for key, row in oracle.candles(layer, markets).items()
            if oracle.LENGTHS[key[2]] >= 60 or key[3] >= from_us
        }

    def check(self, sources: Mapping[tuple[str, str], str] | None = None) -> None:
        """gold.candles is what the oracle makes of everything that arrived."""
        found, wanted = self.found(), self.expected(sources)
        assert found.keys() == wanted.keys(), _differing(found.keys(), wanted.keys())
        for key, row in found.items():
            assert row == wanted[key], key


def _differing(found: Any, wanted: Any) -> str:
    return f"too many: {sorted(found - wanted)[:5]}; missing: {sorted(wanted - found)[:5]}"


def _instant(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).replace(microsecond=at_us % 1_000_000)


def _trade(key: tuple[Any, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    at_us = values["event_time_us"]
    base, _, quote = key[1].partition("-")
    return {
        **values,
        "base": base,
        "quote": quote,
        "trade_number": id_number(key[3]),
        "event_time": _instant(at_us),
        "received_time": _instant(values["received_time_us"]),
        "event_date": _instant(at_us).date(),
    }
