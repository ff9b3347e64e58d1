"""Which rows a batch changed of a table whose writer puts whole days' files in the place of others."""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Batch
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


def _counted(rows: pa.Table, column: str) -> Counter[tuple[object, str]]:
    return Counter((row[column], repr(row)) for row in rows.to_pylist())
