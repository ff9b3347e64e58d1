"""What each file of an input counts for, by hour of arrival and source: one module that knows the tables' columns.

Only the columns that are counted by are read, and of bronze as a rule none: its files' statistics say it.
"""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Counts, DataFile, Key, Workspace, instant_us, read_once
from tapehouse.intervals import HOUR_US, floor_us
from tapehouse.tables import (
    BRONZE_TRADES,
    CLOSED,
    EVERYWHERE,
    FILLED,
    LATE_US,
    OPENED,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    UNKNOWN_SOURCE,
)

_VERDICTS: Final = ("duplicate", "conflict", "quarantined")


def arrived(workspace: Workspace, file: DataFile) -> Counts:
    """bronze.trades: records by hour. What is not counted as anything else by ``_placed`` is coverage."""
    low, high = (bounds.get("arrival_time") for bounds in (file.low, file.high))
    if file.rows is not None and isinstance(low, str) and isinstance(high, str):
        hours = {floor_us(instant_us(text), HOUR_US) for text in (low, high)}
        if len(hours) == 1:
            return _of_bronze({hours.pop(): file.rows})
    rows = read_once(workspace, BRONZE_TRADES, file, ["arrival_time"])
    found = pc.value_counts(_hours(rows))
    return _of_bronze({each["values"]: each["counts"] for each in found.to_pylist()})


def _of_bronze(records: Mapping[int, int]) -> Counts:
    return {(hour, EVERYWHERE): {"received": number, "coverage_records": number} for hour, number in records.items()}


def accepted(workspace: Workspace, file: DataFile) -> Counts:
    """silver.trades."""
    rows = read_once(workspace, SILVER_TRADES, file, ["source", "arrival_time", "event_time_us", "backfilled"])
    behind_us = pc.subtract(rows.column("arrival_time").cast(pa.int64()), rows.column("event_time_us"))
    is_backfilled = rows.column("backfilled")
    is_late = pc.and_not(pc.greater(behind_us, LATE_US), is_backfilled)
    return _placed(
        _added_up(
            [rows.column("source")],
            _hours(rows),
            {
                "accepted": _ones(rows),
                "late": is_late.cast(pa.int64()),
                "backfilled": is_backfilled.cast(pa.int64()),
            },
        ),
        "accepted",
    )


def rejected(workspace: Workspace, file: DataFile) -> Counts:
    """silver.rejected by verdict."""
    rows = read_once(workspace, SILVER_REJECTED, file, ["source", "arrival_time", "verdict"])
    verdicts = {name: pc.equal(rows.column("verdict"), name).cast(pa.int64()) for name in _VERDICTS}
    return _placed(_added_up([_source(rows)], _hours(rows), verdicts), *_VERDICTS)


def gaps(workspace: Workspace, file: DataFile) -> Counts:
    """silver.gaps. Rows without coordinates are no records: of the stream's own gaps, and of those that ids filled."""
    rows = read_once(workspace, SILVER_GAPS, file, ["source", "arrival_time", "event", "shard_id"])
    events = {"gaps_opened": OPENED, "gaps_closed": CLOSED, "gaps_filled": FILLED}
    numbers = {name: pc.equal(rows.column("event"), event).cast(pa.int64()) for name, event in events.items()}
    numbers["gap_records"] = pc.is_valid(rows.column("shard_id")).cast(pa.int64())
    return _placed(_added_up([rows.column("source")], _hours(rows), numbers), "gap_records")


def reasons(workspace: Workspace, file: DataFile) -> Counts:
    """silver.rejected by reason, of the rows that are quarantined."""
    rows = read_once(workspace, SILVER_REJECTED, file, ["source", "arrival_time", "verdict", "reasons"])
    rows = rows.filter(pc.field("verdict") == "quarantined").combine_chunks()
    of = pc.list_parent_indices(rows.column("reasons"))
    rows, each = rows.take(of), pc.list_flatten(rows.column("reasons"))
    return _added_up([_source(rows), each], _hours(rows), {"records": _ones(rows)})


def _placed(counts: Counts, *records: str) -> Counts:
    """With ``received``, the sum of these columns; and less coverage, which is what bronze has more than all others."""
    found: dict[Key, dict[str, int]] = {}
    for (hour, *rest), values in counts.items():
        number = sum(values[name] for name in records)
        found[hour, *rest] = {**values, "received": number}
        others = found.setdefault((hour, EVERYWHERE), {})
        for name in ("received", "coverage_records"):
            others[name] = others.get(name, 0) - number
    return found


def _hours(rows: pa.Table) -> pa.ChunkedArray:
    """Where the hour of each row's arrival begins, µs UTC."""
    return pc.floor_temporal(rows.column("arrival_time"), unit="hour").cast(pa.int64())


def _source(rows: pa.Table) -> pa.ChunkedArray:
    return pc.fill_null(rows.column("source"), UNKNOWN_SOURCE)


def _ones(rows: pa.Table) -> pa.Array:
    return pa.repeat(pa.scalar(1, pa.int64()), rows.num_rows)


def _added_up(
    others: list[pa.ChunkedArray], hours: pa.ChunkedArray, numbers: Mapping[str, pa.ChunkedArray]
) -> dict[Key, dict[str, int]]:
    key = ["hour", *(str(at) for at in range(len(others)))]
    rows = pa.table([hours, *others, *numbers.values()], [*key, *numbers])
    sums = rows.group_by(key, use_threads=False).aggregate([(name, "sum") for name in numbers])
    return {
        tuple(row[name] for name in key): {name: row[f"{name}_sum"] for name in numbers} for row in sums.to_pylist()
    }
