"""Rows put in the place of those with their key, in a table that is kept a file a UTC day.

For tables that grow by few rows a day: a change rewrites the days that it changes and nothing else, however long the
table is. A batch that runs again finds its rows there and writes nothing. Merging (``Compaction``) may put days into
one file; whatever day of it changes then gets a file of its own again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from glue_jobs.engine.columns import Flags, Ints, codes_of
from glue_jobs.engine.files import schema_of
from glue_jobs.engine.table_log import DataFile, TableState, instant_text
from glue_jobs.engine.workspace import Workspace
from tapehouse.intervals import DAY_US

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Files that come, and those that they take the place of."""

    add: Sequence[DataFile] = ()
    remove: Sequence[DataFile] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)

    @property
    def rows(self) -> int:
        """Of the files that come."""
        return sum(each.rows or 0 for each in self.add)


def upsert(
    workspace: Workspace, base: TableState, rows: pa.Table, *, near: str, gone: pa.Table | None = None
) -> Rewrite:
    """Stage what makes ``rows`` stand in the place of those with their key; the caller commits it on top of ``base``.

    ``rows``: all columns of the declaration, no key twice. ``near``: the column of whose UTC day files are kept, part
    of the key, never null: a TIMESTAMP, a DATE, or a BIGINT in µs. ``gone``: keys (the key's columns) whose rows go; a
    key that is in ``rows`` too stays. Days in which nothing changes are left alone. All days that are asked for are in
    memory at once: who has very many brings them in pieces.

    Raises:
        ValueError: a key is in ``rows`` twice.
        TerminalError: a column that may not be null is.
    """
    table, schema = base.table, schema_of(base.table)
    key = list(table.key)
    rows = rows.select(schema.names).cast(schema)
    asked = rows.select(key) if gone is None else pa.concat_tables([rows.select(key), gone.select(key)])
    files = files_of_days(base, near, days_of(asked.column(near)))
    held = [workspace.rows(table, [each]) for each in files]
    there = pa.concat_tables([*held, schema.empty_table()])
    file_of = np.repeat(np.arange(len(files)), [each.num_rows for each in held])

    codes = codes_of(pa.concat_tables([there.select(key), asked]), key)
    old, new, left = np.split(codes, [there.num_rows, there.num_rows + rows.num_rows])
    if len(np.unique(new)) != len(new):
        raise ValueError(f"{table.name}: a key is among the rows twice")
    old_days, new_days = days_of(there.column(near)), days_of(rows.column(near))
    gone_here = np.isin(old, left) & ~np.isin(old, new)
    changed = np.unique(np.concatenate([old_days[gone_here], new_days[_differ(there, old, rows, new)]]))
    if not len(changed):
        return Rewrite()
    out = np.unique(file_of[np.isin(old_days, changed)])
    is_out = np.isin(file_of, out)
    comes = np.isin(new_days, changed)
    stays = is_out & ~gone_here & ~np.isin(old, new[comes])
    result = pa.concat_tables([there.filter(pa.array(stays)), rows.filter(pa.array(comes))])
    days = np.concatenate([old_days[stays], new_days[comes]])
    # The days that did not change, of files that held several, stay together.
    group = np.where(np.isin(days, changed), days, np.iinfo(np.int64).min)
    add = [
        workspace.stage(table, result.filter(pa.array(group == each)).sort_by([(name, "ascending") for name in key]),
                        keep=True)
        for each in np.unique(group).tolist()
    ]  # fmt: skip
    return Rewrite(add, [files[number] for number in out.tolist()])


def days_of(column: pa.ChunkedArray) -> Ints:
    """The UTC day of each instant (TIMESTAMP, or BIGINT in µs) or DATE, none of them null, since the epoch."""
    if pa.types.is_date32(column.type):
        return np.asarray(column.cast(pa.int32()).to_numpy(), np.int64)
    return np.asarray(column.cast(pa.int64()).to_numpy(), np.int64) // DAY_US


def date_of(day: int) -> date:
    """The date of a day since the epoch."""
    return _EPOCH + timedelta(days=day)


def files_of_days(state: TableState, near: str, days: Ints) -> list[DataFile]:
    """The files that may hold a row of one of the days (since the epoch) by a column, by the log's statistics.

    ``near``: a TIMESTAMP, a DATE, or a BIGINT in µs.
    """
    kind = schema_of(state.table).field(near).type
    spans = [(_bound(kind, day, last=False), _bound(kind, day, last=True)) for day in np.unique(days).tolist()]
    return [each for each in state.files if any(each.may_hold(near, low, high) for low, high in spans)]


def _bound(kind: pa.DataType, day: int, *, last: bool) -> Any:
    """A day's first or last value as the log's statistics spell it."""
    if pa.types.is_date32(kind):
        return date_of(day).isoformat()
    at_us = (day + 1) * DAY_US - 1 if last else day * DAY_US
    return instant_text(at_us) if pa.types.is_timestamp(kind) else at_us


def _differ(there: pa.Table, old: Ints, rows: pa.Table, new: Ints) -> Flags:
    """Of each new row, whether it is not there just so. ``old``, ``new``: numbers of the keys."""
    if not len(old):
        return np.ones(len(new), np.bool_)
    order = np.argsort(old, kind="stable")
    at = order[np.minimum(np.searchsorted(old[order], new), len(old) - 1)]
    differs: Flags = old[at] != new
    for name in rows.column_names:
        before, after = there.column(name).take(pa.array(at)), rows.column(name)
        both = pa.table({name: pa.chunked_array([*before.chunks, *after.chunks], type=after.type)})
        numbers = _numbers(both.column(name))
        differs |= numbers[: len(new)] != numbers[len(new) :]
    return differs


def _numbers(column: pa.ChunkedArray) -> Ints:
    """Equal numbers for equal values, null among them."""
    if pa.types.is_nested(column.type):
        values: dict[str, int] = {}
        return np.array([values.setdefault(repr(each), len(values)) for each in column.to_pylist()], np.int64)
    return codes_of(pa.table({"value": column}), ["value"])
