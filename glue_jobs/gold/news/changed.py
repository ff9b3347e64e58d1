"""Which rows a batch changed of a table whose writer puts whole days' files in the place of others."""

from collections import Counter
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Batch, Workspace
from tapehouse.tables import Table


def changed_values(batch: Batch, table: Table, column: str) -> set[object] | None:
    """The values of a column in rows that came or went; None where what went cannot be told: then all may have.

    Rows that only moved to another file, beside one that changed, are not among them.
    """
    rows = batch.read_removed(table, table.column_names, pc.scalar(True))
    if rows is None:
        return None
    lost, came = _counted(rows, column), _counted(batch.read(table), column)
    return {value for value, _ in (*(came - lost), *(lost - came))}


def days_of_rows(workspace: Workspace, table: Table, column: str) -> set[date]:
    """All days that a table has rows of."""
    rows = workspace.rows(table, workspace.state(table).files, [column])
    return set(rows.column(column).to_pylist())


def _counted(rows: pa.Table, column: str) -> Counter[tuple[object, str]]:
    return Counter((row[column], repr(row)) for row in rows.to_pylist())
