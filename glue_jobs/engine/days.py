"""Tables that are kept by whole days of a DATE column: read by days, put in the place of others, computed anew."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine.table_log import DataFile, TableState
from glue_jobs.engine.upsert import days_of, files_of_days, upsert
from glue_jobs.engine.workspace import Workspace
from tapehouse.tables import Table


def rows_of_days(
    workspace: Workspace, state: TableState, near: str, days: Collection[date], columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows of some days, of all columns or of some. ``near``: the DATE column."""
    asked = pa.array(sorted(days), pa.date32())
    files = files_of_days(state, near, days_of(pa.chunked_array([asked])))
    return workspace.rows(state.table, files, columns, pc.field(near).isin(asked))


def put(workspace: Workspace, base: TableState, rows: pa.Table, *, near: str, gone: pa.Table | None = None) -> int:
    """What ``upsert`` stages, committed on top of ``base``; nothing where all is there. The rows that were written.

    Raises:
        LostRaceError: somebody else committed since ``base`` was read; nothing was written.
    """
    rewrite = upsert(workspace, base, rows, near=near, gone=gone)
    if rewrite:
        workspace.commit(base, add=rewrite.add, remove=rewrite.remove)
    return rewrite.rows


def put_days(workspace: Workspace, base: TableState, rows: pa.Table, *, near: str, days: Collection[date]) -> int:
    """These rows in the place of all of these days; the rows that were written. Raises LostRaceError as ``put``."""
    there = rows_of_days(workspace, base, near, days, base.table.key)
    return put(workspace, base, rows, near=near, gone=there)


def put_all(
    workspace: Workspace,
    tables: Collection[Table],
    pieces: Iterable[tuple[Table, pa.Table]],
    *,
    near: Mapping[Table, str],
) -> None:
    """All rows of these tables computed anew, in a commit each. ``pieces``: their rows; a day is in one piece alone.

    Raises:
        LostRaceError: somebody else committed meanwhile; run it again, and those that are done are done again.
    """
    bases = {table: workspace.state(table) for table in tables}
    add: dict[Table, list[DataFile]] = {table: [] for table in tables}
    for table, rows in pieces:
        with workspace.steps.step(f"{table.name} rebuild") as step:
            rewrite = upsert(workspace, replace(bases[table], files=()), rows, near=near[table])
            step.rows = rewrite.rows
            add[table] += rewrite.add
    for table, base in bases.items():
        workspace.commit(base, add=add[table], remove=base.files)


def days_there(workspace: Workspace, table: Table, near: str) -> set[date]:
    """All days that a table has rows of."""
    rows = workspace.rows(table, workspace.state(table).files, [near])
    return set(rows.column(near).to_pylist())
