"""Columns of Arrow as numbers of numpy: what rows are compared, joined and sorted by."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

_ROOM: Final = 2**62


def ints_of(column: pa.ChunkedArray) -> Ints:
    """Timestamps (µs) and integers, none of them null, as int64."""
    whole: pa.Array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(whole.cast(pa.int64()).to_numpy(zero_copy_only=False))


def ranks_of(column: pa.ChunkedArray) -> Ints:
    """Of each text, none of them null, its number among those that there are, in order."""
    encoded = column.combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    rank = np.empty(len(texts), np.int64)
    rank[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    found: Ints = rank[encoded.indices.to_numpy()]
    return found


def codes_of(rows: pa.Table, names: Sequence[str]) -> Ints:
    """A number for each row: two rows have the same one where all these columns are equal (null equals null)."""
    found, size = np.zeros(rows.num_rows, np.int64), 1
    for name in names:
        column = rows.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
        many = max(len(column.dictionary), 1)
        if size > _ROOM // many:
            values, found = np.unique(found, return_inverse=True)
            size = max(len(values), 1)
        found = found * many + column.indices.to_numpy(zero_copy_only=False)
        size *= many
    return found
