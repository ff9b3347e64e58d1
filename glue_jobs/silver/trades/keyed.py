"""Which files of a table may hold a key: asked of memory, and of a file itself once."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from glue_jobs.engine import DataFile, Workspace, read_files
from glue_jobs.silver.trades.memory import KeyMemory, hashes_of
from tapehouse.tables import Table

_READ_ROWS: Final = 1_000_000
"""Files are read for their keys by so many rows."""


class KeyedFiles:
    """The files of one table by the keys of their rows. Its memory is for the life of the process."""

    def __init__(self, workspace: Workspace, table: Table, key: Sequence[str], memory: KeyMemory | None = None) -> None:
        """``key``: columns of text, the last of which differs from row to row."""
        self._ws, self._table, self._key = workspace, table, tuple(key)
        self._memory = memory if memory is not None else KeyMemory()

    def holding(self, files: Sequence[DataFile], rows: pa.Table) -> list[DataFile]:
        """Those of the files that may hold a key of the rows. Files that are not remembered are read for their keys."""
        hashes = hashes_of(rows, self._key)
        unknown = [file for file in files if file.path not in self._memory]
        found = self._memory.holding([file.path for file in files], hashes)
        for some in _by_rows(unknown):
            read = read_files(self._ws.uri(self._table), self._table, some, self._key)
            theirs = hashes_of(read, self._key)
            if any(file.rows is None for file in some) or sum(file.rows or 0 for file in some) != len(theirs):
                found |= {file.path for file in some}  # the log does not say whose row is whose
                continue
            parts = np.split(theirs, np.cumsum([file.rows or 0 for file in some])[:-1])
            found |= {file.path for file, part in zip(some, parts, strict=True) if np.isin(part, hashes).any()}
            self._memory.put({file.path: part for file, part in zip(some, parts, strict=True)})
        return [file for file in files if file.path in found]

    def keep(self, files: Sequence[DataFile]) -> None:
        """Of what is remembered, let go what is of other files than these, the table's."""
        self._memory.keep({file.path for file in files})

    def remember(self, file: DataFile, rows: pa.Table) -> None:
        """Learn a file's keys from the rows that were written into it, in their order."""
        self._memory.put({file.path: hashes_of(rows, self._key)})


def _by_rows(files: Sequence[DataFile]) -> Iterable[list[DataFile]]:
    some: list[DataFile] = []
    rows = 0
    for file in files:
        if some and rows + (file.rows or 0) > _READ_ROWS:
            yield some
            some, rows = [], 0
        some.append(file)
        rows += file.rows or 0
    if some:
        yield some
