"""Small files of tables, kept as Arrow: a file never changes, so what was read once is right for ever."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeAlias

import pyarrow as pa

FileKey: TypeAlias = tuple[str, str, tuple[str, ...]]
"""Table's place, file's path below it, columns."""

MOST_BYTES: Final = 256 * 1024 * 1024
"""What is kept at most, as Arrow counts the buffers."""
MOST_FILE_BYTES: Final = 4 * 1024 * 1024
"""A larger file (Parquet, compressed) is read with its own statistics' help each time."""

_MOST_SLACK: Final = 2


class FileCache:
    """The least recently used go first. Safe for several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[FileKey, pa.Table] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: FileKey, read: Callable[[], pa.Table]) -> pa.Table:
        """The rows of a file, read where they are not kept."""
        with self._lock:
            if (found := self._held.get(key)) is not None:
                self._held.move_to_end(key)
                return found
        return self.put(key, read())

    def put(self, key: FileKey, rows: pa.Table) -> pa.Table:
        """Keep the rows of a file; gives them back."""
        rows = _on_their_own(rows)
        with self._lock:
            if key not in self._held:
                self._held[key] = rows
                self._bytes += rows.get_total_buffer_size()
                while self._bytes > self._most_bytes:
                    self._bytes -= self._held.popitem(last=False)[1].get_total_buffer_size()
        return rows


def _on_their_own(rows: pa.Table) -> pa.Table:
    """Copied where they are a small part of larger buffers: a kept slice would keep all of what it was cut from."""
    if rows.get_total_buffer_size() <= _MOST_SLACK * rows.nbytes:
        return rows
    return rows.take(pa.array(range(rows.num_rows), pa.int64()))
