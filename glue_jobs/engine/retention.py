"""Rows that a table keeps no longer: those of a time before its floor, which is some days behind its newest row's day.

The floor is a day's beginning, UTC, hangs on the rows alone (a lake that nobody writes to keeps all it has), and never
goes back; it stands among the table's own properties, set by the commit that takes rows out. Files that lie wholly
before it go; those that lie on both sides are written anew without what is older, which happens once a day at most,
since the floor moves once a day, or where rows come late. Such a commit is told apart (``RETENTION``): what was made of
the rows stays. Whoever judges or computes a table anew asks for nothing below the floor of what it is made of.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine.files import read_files
from glue_jobs.engine.table_log import DataFile, TableState, instant_us
from glue_jobs.engine.workspace import Workspace
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.intervals import DAY_US
from tapehouse.tables import Table

log = logs.of(__name__)

MOST_FILES: Final = 2_000
"""Of one commit."""


@dataclass(frozen=True, slots=True)
class Old:
    """What of a table is older than it is kept."""

    floor_us: int
    whole: Sequence[DataFile]
    """Files without a younger row."""
    cut: Sequence[DataFile]
    """Files with some."""

    def __bool__(self) -> bool:
        return bool(self.whole or self.cut)


def old(state: TableState, days: int, *, but: Collection[str] = ()) -> Old | None:
    """What is to go by the files' statistics, but for the paths of ``but``; None while no row has a time."""
    column = state.table.time_column
    newest = [_least_newest(each.high[column]) for each in state.files if column in each.high]
    if not newest:
        return None
    floor_us = floor_us_of(max(newest), days)
    floor_us = max(floor_us, state.floor_us if state.floor_us is not None else floor_us)
    whole: list[DataFile] = []
    cut: list[DataFile] = []
    for each in state.files:
        if column not in each.low or _micros(each.low[column]) >= floor_us or each.path in but:
            continue
        is_whole = not each.nulls.get(column) and _micros(each.high[column]) < floor_us
        (whole if is_whole else cut).append(each)
    return Old(floor_us, whole, cut)


def forget(workspace: Workspace, table: Table, days: int, *, unread: Collection[str], most_bytes: int) -> bool:
    """Take a bounded part of what is older than ``days`` out of the table; False where nothing is.

    ``unread``: files that a query has still before it; they stay.

    Raises:
        LostRaceError: another writer was first; nothing was taken out.
    """
    base = workspace.state(table)
    if base.metadata is None and base.turn:
        return False  # what its commits carry is not known: this one would bury it
    found = old(base, days, but=unread)
    if not found:
        return False
    whole = found.whole[:MOST_FILES]
    cut: list[DataFile] = []
    kept: list[DataFile] = []
    spent = 0
    for each in found.cut if len(whole) == len(found.whole) else ():
        if spent >= most_bytes:
            break
        rows = read_files(base.uri, table, [each])
        times = rows.column(table.time_column)
        rows = rows.filter(pc.fill_null(_since(times, found.floor_us), True))
        cut.append(each)
        kept += [workspace.stage(table, rows, partition=dict(each.partition) or None)] if rows.num_rows else []
        spent += each.size
    with workspace.steps.step(f"{table.name} retention") as step:
        step.rows = sum(each.rows or 0 for each in (*whole, *cut)) - sum(each.rows or 0 for each in kept)
        workspace.forget(base, floor_us=found.floor_us, add=kept, remove=[*whole, *cut])
    log.info("rows_expired", table=table.name, rows=step.rows, floor_us=found.floor_us)
    return True


@dataclass(frozen=True, slots=True)
class Below:
    """The rows of a table below a floor, for whoever computes the rest anew."""

    stay: Sequence[DataFile]
    """Files of the table with no other rows: a commit is not to take them out."""
    written: Sequence[DataFile]
    """Files that no commit has named yet, with such rows of others."""

    @property
    def files(self) -> list[DataFile]:
        return [*self.stay, *self.written]


def below(
    workspace: Workspace, base: TableState, floor_us: int | None, column: str, *, but: Collection[str] = ()
) -> Below:
    """The rows whose ``column`` (µs, or a TIMESTAMP; never null) lies before the floor of what they are made of.

    Of a table that is computed anew since it is declared otherwise, they are cast to what is declared. A table without
    partitions. ``but``: paths of files that are not looked at.

    Raises:
        TerminalError: they cannot be.
    """
    if floor_us is None:
        return Below((), ())
    stay, written = [], []
    for each in base.replaces if base.replaces is not None else base.files:
        low, high = each.low.get(column), each.high.get(column)
        if each.path in but or (low is not None and _micros(low) >= floor_us):
            continue
        if base.replaces is None and high is not None and _micros(high) < floor_us:
            stay.append(each)
            continue
        rows = rows_below(workspace, base.table, [each], floor_us, column)
        if rows.num_rows:
            written.append(workspace.stage(base.table, rows))
    return Below(stay, written)


def rows_below(
    workspace: Workspace, table: Table, files: Sequence[DataFile], floor_us: int | None, column: str
) -> pa.Table:
    """The rows of files of a table whose ``column`` lies before the floor; none without one.

    Raises:
        TerminalError: they cannot be what is declared.
    """
    try:
        rows = read_files(workspace.uri(table), table, files if floor_us is not None else ())
    except pa.ArrowException as error:
        raise TerminalError(
            f"{table.name}: what it was made of is kept no longer, and its older rows cannot be what is declared now "
            f"({str(error).splitlines()[0]}): declare a new column that may be null beside the old one"
        ) from error
    return rows if floor_us is None else rows.filter(pc.invert(_since(rows.column(column), floor_us)))


def _since(times: pa.ChunkedArray, floor_us: int) -> pa.ChunkedArray:
    return pc.greater_equal(times.cast(pa.int64()), floor_us)


def floor_us_of(newest_us: int, days: int) -> int:
    """The beginning of the day that lies so many days before the day of an instant, µs UTC."""
    return newest_us // DAY_US * DAY_US - days * DAY_US


def _least_newest(value: Any) -> int:
    """A bound of a timestamp is whole milliseconds, and up to one too high: it must not make a day of its own."""
    return _micros(value) - 999 if isinstance(value, str) else int(value)


def _micros(value: Any) -> int:
    """A bound of the statistics: whole µs, or an instant as text."""
    return instant_us(value) if isinstance(value, str) else int(value)
