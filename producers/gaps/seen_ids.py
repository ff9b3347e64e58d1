"""Which trade ids of a market were seen, where ids count up by one. Pure."""

from bisect import bisect_right
from typing import Final

RANGES_KEPT: Final = 256
"""Ranges of seen ids a market: each gap splits one in two; the oldest is forgotten first."""


class SeenIds:
    """The numbers seen, kept as ranges: millions of trades without a gap are one range."""

    def __init__(self, limit: int = RANGES_KEPT) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._limit = limit

    @property
    def top(self) -> int | None:
        """The highest number seen; None before the first."""
        return self._ends[-1] if self._ends else None

    @property
    def bottom(self) -> int | None:
        """The lowest number that is remembered; None before the first."""
        return self._starts[0] if self._starts else None

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Both ends inclusive, ascending."""
        return list(zip(self._starts, self._ends, strict=True))

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return at >= 0 and number <= self._ends[at]

    def add(self, number: int) -> None:
        """Take a number that is not yet contained."""
        at = bisect_right(self._starts, number)
        joins_left = at > 0 and self._ends[at - 1] == number - 1
        joins_right = at < len(self._starts) and self._starts[at] == number + 1
        if joins_left and joins_right:
            self._ends[at - 1] = self._ends.pop(at)
            del self._starts[at]
        elif joins_left:
            self._ends[at - 1] = number
        elif joins_right:
            self._starts[at] = number
        else:
            self._starts.insert(at, number)
            self._ends.insert(at, number)
            if len(self._starts) > self._limit:
                del self._starts[0], self._ends[0]
