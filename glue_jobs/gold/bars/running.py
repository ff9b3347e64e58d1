"""Running totals of decimals, exact, and where they reach a number: what bars are cut by.

A total is a whole number of the column's last digit below 2^127, in two limbs of 64 bits where one does not hold the
last of them. 10^8 rows of the greatest price times size that a record may have are below that, and so are 10^9 of the
greatest size.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from glue_jobs.gold.candles.units import Ints, Units, Unsigned
from tapehouse.errors import TerminalError

_HALF: Final = np.uint64(32)
_LOW_HALF: Final = np.uint64(0xFFFF_FFFF)
_ONE_LIMB: Final = 2**63
_DIGITS_38: Final = 10**38 >> 64
"""A number whose high limb reaches it may have more digits than any column."""
_TOO_LONG: Final = "gold.bars: a volume has more than 38 digits, and no column holds it"


class Totals(Protocol):
    """Totals of the first rows of a column: of none, of the first, of the first two, …"""

    def at(self, rows: int) -> int:
        """That of so many rows."""

    def reached(self, total: int) -> int:
        """The least number of rows that together reach it; one more than there are where all of them do not."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Of a column of ones: totals are numbers of rows."""

    rows: int

    def at(self, rows: int) -> int:
        return rows

    def reached(self, total: int) -> int:
        return min(total, self.rows + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """Of a column of numbers that are not negative."""

    low: Ints
    """The low limbs' bits, and the totals themselves where ``high`` is None."""
    high: Ints | None
    top: Ints
    """The totals without their last ``shift`` bits: they fit one limb, and ascend as the totals do."""
    shift: int

    @classmethod
    def of(cls, numbers: Units) -> "Running":
        """Raises TerminalError: together they may reach 2^127."""
        rows = len(numbers.low)
        low, high = np.zeros(rows + 1, np.int64), None
        if not rows:
            return cls(low, None, low, 0)
        if numbers.high is None and int(np.max(numbers.low)) * rows < _ONE_LIMB:
            np.cumsum(numbers.low, out=low[1:])
            return cls(low, None, low, 0)
        limbs, high = numbers.limbs(), np.zeros(rows + 1, np.int64)
        if rows >= _ONE_LIMB >> 32 or (int(np.max(limbs[1])) + 1) * rows >= _ONE_LIMB:
            raise TerminalError(_TOO_LONG)
        least = np.cumsum(limbs[0] & _LOW_HALF)
        middle = np.cumsum(limbs[0] >> _HALF) + (least >> _HALF)
        low[1:] = ((middle << _HALF) | (least & _LOW_HALF)).view(np.int64)
        high[1:] = np.cumsum(limbs[1]) + (middle >> _HALF).view(np.int64)
        total = _whole(low[-1], high[-1])
        shift = max(total.bit_length() - 63, 0)
        return cls(low, high, _without(low.view(np.uint64), high, shift), shift)

    def at(self, rows: int) -> int:
        return int(self.low[rows]) if self.high is None else _whole(self.low[rows], self.high[rows])

    def reached(self, total: int) -> int:
        wanted = total >> self.shift
        if wanted > self.top[-1]:
            return len(self.top)
        first = int(self.top.searchsorted(wanted))
        if not self.shift or self.top[first] > wanted:
            return first
        # Of those that differ only in the last bits, the whole ones decide.
        behind = int(self.top.searchsorted(wanted, "right"))
        return bisect_left(range(behind), total, first, key=self.at)

    def between(self, firsts: Ints, ends: Ints) -> Units:
        """The sum of the rows from each of ``firsts`` up to, and without, each of ``ends``.

        Raises:
            TerminalError: a sum has more than 38 digits.
        """
        if self.high is None:
            return Units(self.low[ends] - self.low[firsts], None)
        found = Units(self.low[ends], self.high[ends]).minus(Units(self.low[firsts], self.high[firsts]))
        high = found.limbs()[1]
        if len(high) and np.max(high) >= _DIGITS_38:
            raise TerminalError(_TOO_LONG)
        return Units.narrowed(found.low, high)


def _whole(low: np.int64, high: np.int64) -> int:
    return int(high) << 64 | int(low) & (2**64 - 1)


def _without(low: Unsigned, high: Ints, bits: int) -> Ints:
    """The numbers without their last bits, at most 64: what is left fits one limb."""
    if bits == 64:
        return high
    if not bits:
        return low.view(np.int64)
    return (high << (64 - bits)) | (low >> np.uint64(bits)).view(np.int64)
