"""Decimals as Python's whole numbers in numpy: exact, and without any bound that a product could pass."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.engine import Flags

Wholes = npt.NDArray[Any]
"""Whole numbers of any size: objects of Python's."""
_LOW: Final = 2**64 - 1


def wholes_of(column: pa.ChunkedArray) -> Wholes:
    """The numbers of a decimal128 column in units of its last digit; those of a null are anything."""
    parts = [np.empty((0, 2), np.int64)]
    for chunk in column.chunks:
        if len(chunk):
            parts.append(np.frombuffer(chunk.buffers()[1], np.int64, 2 * len(chunk), 16 * chunk.offset).reshape(-1, 2))
    limbs = np.concatenate(parts)
    wholes: Wholes = (limbs[:, 1].astype(object) << 64) + limbs[:, 0].view(np.uint64).astype(object)
    return wholes


def decimals_of(wholes: Wholes, is_known: Flags, kind: pa.DataType) -> pa.Array:
    """Numbers of a decimal128 type in units of its last digit; null where they are not known.

    Raises:
        OverflowError: a number has more digits than the type.
    """
    known = np.where(is_known, wholes, 0).astype(object)
    if len(known) and max(known.max(), -known.min()) >= 10**kind.precision:
        raise OverflowError(f"{max(known.max(), -known.min())} has more digits than {kind}")
    limbs = np.empty((len(known), 2), np.int64)
    limbs[:, 0] = (known & _LOW).astype(np.uint64).view(np.int64)
    limbs[:, 1] = (known >> 64).astype(np.int64)
    nulls = pa.array(is_known).buffers()[1] if len(known) else None
    return pa.Array.from_buffers(kind, len(known), [nulls, pa.py_buffer(limbs)])


def half_up(numerator: Any, denominator: Any) -> Any:
    """The quotient rounded half up (away from zero), of whole numbers or arrays of them; the denominator is above 0."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    if isinstance(rounded, np.ndarray):
        return np.where(numerator < 0, -rounded, rounded)
    return -rounded if numerator < 0 else rounded
