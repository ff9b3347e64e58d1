"""Decimals as whole numbers of their last digit, in numpy: sums, bounds and differences of many groups at once, exact.

A decimal128 is two limbs of 64 bits. Where every number of a column fits one, one is enough, and that is proven before
it is relied on: for each column, and again for each sum. What does not fit is added up in limbs of 32 bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tapehouse.errors import TerminalError

Ints = npt.NDArray[np.int64]
Unsigned = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

_HALF: Final = np.uint64(32)
_LOW_HALF: Final = np.uint64(0xFFFF_FFFF)
_ONE_LIMB: Final = 2**63
_DIGITS_38: Final = 10**38 >> 64
"""A number whose high limb reaches it may have more digits than any column."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Numbers of one column, in units of its last digit; those of a null are anything."""

    low: Ints
    """The low limbs' bits, and the numbers themselves where ``high`` is None."""
    high: Ints | None
    """Signed."""

    @classmethod
    def of(cls, column: pa.ChunkedArray | pa.Array) -> "Units":
        """The numbers of a decimal128 column."""
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        low, high = np.empty(len(column), np.int64), np.empty(len(column), np.int64)
        at = 0
        for chunk in chunks:
            limbs = np.frombuffer(chunk.buffers()[1], np.int64, 2 * len(chunk), 16 * chunk.offset) if len(chunk) else ()
            low[at : at + len(chunk)], high[at : at + len(chunk)] = limbs[::2], limbs[1::2]
            at += len(chunk)
        return cls.narrowed(low, high)

    @classmethod
    def narrowed(cls, low: Ints, high: Ints) -> "Units":
        """From both limbs; without the high ones where no number needs them."""
        return cls(low, None if np.array_equal(high, low >> 63) else high)

    @classmethod
    def joined(cls, parts: Sequence["Units"]) -> "Units":
        """One behind the other."""
        low = np.concatenate([part.low for part in parts])
        if all(part.high is None for part in parts):
            return cls(low, None)
        return cls(low, np.concatenate([part.limbs()[1] for part in parts]))

    def limbs(self) -> tuple[Unsigned, Ints]:
        """Low and high limb of each."""
        return self.low.view(np.uint64), self.low >> 63 if self.high is None else self.high

    def take(self, rows: Ints | slice) -> "Units":
        return Units(self.low[rows], None if self.high is None else self.high[rows])

    def only(self, kept: Flags) -> "Units":
        """Zero where it is not kept."""
        return Units(self.low * kept, None if self.high is None else self.high * kept)

    def minus(self, less: "Units") -> "Units":
        """The differences; neither these nor the numbers may be negative, so nothing overflows."""
        if self.high is None and less.high is None:
            return Units(self.low - less.low, None)
        (low, high), (less_low, less_high) = self.limbs(), less.limbs()
        return Units((low - less_low).view(np.int64), high - less_high - (low < less_low))

    def sums(self, firsts: Ints) -> "Units":
        """The sum of each group; ``firsts``: the row where each begins, ascending from 0; there is at least one.

        The numbers may not be negative.

        Raises:
            TerminalError: a sum has more than 38 digits.
        """
        longest = int(np.diff(firsts, append=len(self.low)).max())
        if self.high is None and int(np.max(self.low)) * longest < _ONE_LIMB:
            return Units(np.add.reduceat(self.low, firsts), None)
        low, high = self.limbs()
        least = np.add.reduceat(low & _LOW_HALF, firsts)
        if (int(np.max(high)) + 1) * 2**32 * longest < _ONE_LIMB:
            middle = np.add.reduceat((high << 32) | (low >> _HALF).view(np.int64), firsts)
            most = np.zeros_like(middle)
        else:
            middle = np.add.reduceat(low >> _HALF, firsts).view(np.int64)
            most = np.add.reduceat(high, firsts)
            # In floating point it does not go round.
            if np.max(np.add.reduceat(high.astype(np.float64), firsts)) >= _DIGITS_38:
                raise TerminalError("a volume of a candle or bar has more than 38 digits, and no column holds it")
        middle = middle + (least >> _HALF).view(np.int64)
        most = most + (middle >> 32)
        return Units.narrowed((middle << 32) | (least & _LOW_HALF).view(np.int64), most)

    def greatest(self, firsts: Ints) -> "Units":
        """The greatest number of each group; for ``firsts`` see ``sums``."""
        if self.high is None:
            return Units(np.maximum.reduceat(self.low, firsts), None)
        low, high = self.limbs()
        most = np.maximum.reduceat(high, firsts)
        rivals = low * (high == _spread(most, firsts, len(high)))
        return Units(np.maximum.reduceat(rivals, firsts).view(np.int64), most)

    def least(self, firsts: Ints) -> "Units":
        """The least number of each group; for ``firsts`` see ``sums``."""
        if self.high is None:
            return Units(np.minimum.reduceat(self.low, firsts), None)
        low, high = self.limbs()
        most = np.minimum.reduceat(high, firsts)
        rivals = np.where(high == _spread(most, firsts, len(high)), low, np.iinfo(np.uint64).max)
        return Units(np.minimum.reduceat(rivals, firsts).view(np.int64), most)

    def column(self, kind: pa.Decimal128Type) -> pa.Array:
        """The decimals, without nulls."""
        limbs = np.empty((len(self.low), 2), np.int64)
        limbs[:, 0] = self.low
        limbs[:, 1] = self.low >> 63 if self.high is None else self.high
        return pa.Array.from_buffers(kind, len(limbs), [None, pa.py_buffer(limbs)])


def _spread(values: Ints, firsts: Ints, rows: int) -> Ints:
    """Each group's value, for each of its rows."""
    return np.repeat(values, np.diff(firsts, append=rows))
