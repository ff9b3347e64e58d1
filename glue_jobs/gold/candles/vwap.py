"""The volume-weighted average price of many candles at once: one exact division of decimals, rounded half up.

A quotient in floating point is off by a part in 2^50 or so; what it is off by is found exactly, in whole numbers of 128
bits, and put right. What does not fit 128 bits (a quote volume of 8e13 and more, an average of 1e15 and more) is
divided by Python's whole numbers, one by one.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.engine import arrow_type
from glue_jobs.gold.candles.units import Flags, Ints, Units, Unsigned
from tapehouse.tables import GOLD_CANDLES

KIND: Final = arrow_type(next(column.type for column in GOLD_CANDLES.columns if column.name == "vwap"))
GREATEST: Final = 10**28 - 1
"""The greatest decimal(28,12), and so the greatest price, in units of its last digit."""
_SCALE: Final = 10**6
"""A quote volume has 18 digits behind the point and a volume 12, as the quotient is to have: 12 = 18 + 6 - 12."""
_MOST_QUOTE: Final = 2**126 // _SCALE >> 64
"""High limb below which a quote volume times ``_SCALE`` fits 126 bits."""
_MOST_QUOTIENT: Final = 2.0**90
_LIMB: Final = 2.0**64
_BLOCK_ROWS: Final = 8_192
"""So many stay in a processor's cache from step to step."""
_HALF: Final = np.uint64(32)
_LOW_HALF: Final = np.uint64(0xFFFF_FFFF)


def vwap(quote_volumes: pa.ChunkedArray | pa.Array, volumes: pa.ChunkedArray | pa.Array) -> pa.Array:
    """quote_volume / volume, rounded half up to 12 decimals, once; null without volume.

    In: decimals of 18 and of 12 digits behind the point, without nulls, not negative. Where quote sizes were rounded up
    over tiny sizes, the quotient may be above every price: it is kept to the column's end.
    """
    quotes, sizes = Units.of(quote_volumes), Units.of(volumes)
    limbs = np.empty((len(quotes.low), 2), np.int64)
    is_null = np.empty(len(limbs), np.bool_)
    with np.errstate(over="ignore"):
        for first in range(0, len(limbs), _BLOCK_ROWS):
            rows = slice(first, first + _BLOCK_ROWS)
            limbs[rows, 0], limbs[rows, 1], is_null[rows] = _averages(quotes.take(rows), sizes.take(rows))
    valid = pa.array(~is_null).buffers()[1] if is_null.any() else None
    return pa.Array.from_buffers(KIND, len(limbs), [valid, pa.py_buffer(limbs)])


def _averages(quotes: Units, sizes: Units) -> tuple[Ints, Ints, Flags]:
    """Low and high limb of the averages, and where there is none."""
    (quote_low, quote_high), (size_low, size_high) = quotes.limbs(), sizes.limbs()
    is_null = (size_low == 0) & (size_high == 0)
    size_low = size_low + is_null  # divided by one, and then thrown away
    low, high, is_exact = _divided(quote_low, quote_high, size_low, size_high)
    for row in np.flatnonzero(~is_exact & ~is_null):
        quote = int(quote_high[row]) << 64 | int(quote_low[row])
        size = int(size_high[row]) << 64 | int(size_low[row])
        quotient = min((2 * quote * _SCALE + size) // (2 * size), GREATEST)
        low[row], high[row] = quotient & (2**64 - 1), quotient >> 64
    return low.view(np.int64), high, is_null


def _divided(quote_low: Unsigned, quote_high: Ints, low: Unsigned, high: Ints) -> tuple[Unsigned, Ints, Flags]:
    """The rounded quotients' limbs, and where they are right. All is counted modulo 2^128, and no rest reaches half."""
    above_low, above_high = _product(quote_low, np.uint64(_SCALE))
    above_high += quote_high.view(np.uint64) * np.uint64(_SCALE)
    size = _float(low, high)
    estimate = np.floor(_float(above_low, above_high.view(np.int64)) / size)
    is_exact = (quote_high < _MOST_QUOTE) & (estimate < _MOST_QUOTIENT)
    estimate = np.where(is_exact, estimate, 0.0)
    most = np.floor(estimate / _LIMB)
    found_high = most.astype(np.int64)
    found_low = (estimate - most * _LIMB).astype(np.uint64)

    back_low, back_high = _product(found_low, low)
    back_high = back_high + found_high.view(np.uint64) * low + found_low * high.view(np.uint64)
    rest_low, rest_high = _minus(above_low, above_high.view(np.int64), back_low, back_high.view(np.int64))

    off = np.where(is_exact, np.floor(_float(rest_low, rest_high) / size), 0.0).astype(np.int64)
    found_low, found_high = _plus(found_low, found_high, off)
    bits = off.view(np.uint64)
    back_low, back_high = _product(bits, low)
    back_high = back_high - low * (off < 0) + bits * high.view(np.uint64)
    rest_low, rest_high = _minus(rest_low, rest_high, back_low, back_high.view(np.int64))

    # The rest is now at most a divisor off.
    is_below = (rest_high < 0).astype(np.int64)
    found_low, found_high = _plus(found_low, found_high, -is_below)
    added_low = rest_low + low * is_below.view(np.uint64)
    rest_low, rest_high = added_low, rest_high + high * is_below + (added_low < rest_low)
    reaches = _at_least(rest_low, rest_high, low, high).astype(np.int64)
    found_low, found_high = _plus(found_low, found_high, reaches)
    bits = reaches.view(np.uint64)
    rest_low, rest_high = _minus(rest_low, rest_high, low * bits, high * reaches)

    # Half up: the rest is not less than what it lacks to another divisor.
    lack_low, lack_high = _minus(low, high, rest_low, rest_high)
    up = _at_least(rest_low, rest_high, lack_low, lack_high)
    found_low, found_high = _plus(found_low, found_high, up.astype(np.int64))
    return found_low, found_high, is_exact


def _float(low: Unsigned, high: Ints) -> npt.NDArray[np.float64]:
    # Of a small number below zero the low limb is near 2^64, which rounds: its complement, one off, does not.
    sign = high >> 63
    size = (high ^ sign) * _LIMB + (low ^ sign.view(np.uint64))
    return np.where(sign, -size, size)


def _product(left: Unsigned, right: Unsigned | np.uint64) -> tuple[Unsigned, Unsigned]:
    """Low and high limb of the products of unsigned limbs."""
    left_low, left_high = left & _LOW_HALF, left >> _HALF
    right_low, right_high = right & _LOW_HALF, right >> _HALF
    middle = left_high * right_low + (left_low * right_low >> _HALF)
    other = left_low * right_high + (middle & _LOW_HALF)
    return left * right, left_high * right_high + (middle >> _HALF) + (other >> _HALF)


def _plus(low: Unsigned, high: Ints, more: Ints) -> tuple[Unsigned, Ints]:
    total = low + more.view(np.uint64)
    return total, high + (more >> 63) + (total < low)


def _minus(low: Unsigned, high: Ints, less_low: Unsigned, less_high: Ints) -> tuple[Unsigned, Ints]:
    return low - less_low, high - less_high - (low < less_low)


def _at_least(low: Unsigned, high: Ints, other_low: Unsigned, other_high: Ints) -> Flags:
    found: Flags = (high > other_high) | ((high == other_high) & (low >= other_low))
    return found
