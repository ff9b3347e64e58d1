"""What the numbers of a market's trades prove, where a venue's ids count up by one. Pure."""

from typing import Final

from producers.gaps.seen_ids import SeenIds

LEAP: Final = 10_000_000
"""A number further ahead than this is believed when a second one follows it: no venue trades so much in an outage."""
TURNS: Final = 3
"""Live trades in a row, newer and numbered below all others, that say that the venue numbers anew."""


class Numbering:
    """The numbers of one market: those seen, those known to be missing, and those that are not believed yet."""

    def __init__(self) -> None:
        self.seen = SeenIds()
        self._missing_through = -1
        """The highest number that is known to be missing behind the last one seen."""
        self._newest: int | None = None
        """The newest trade there is, as the venue said last."""
        self._leap: int | None = None
        """A number so far ahead that one trade alone is not believed."""
        self._lower = 0
        """Live trades in a row that are newer and numbered below all that was seen."""

    @property
    def next(self) -> int | None:
        """The number of the first trade that nothing is known of; None before the first trade."""
        top = self.seen.top
        return None if top is None else max(top, self._missing_through) + 1

    def is_leap(self, number: int) -> bool:
        """Whether it is so far ahead that it may be garbage: until another such follows on it."""
        top = self.seen.top
        if top is None or number <= top + LEAP:
            return False
        before, self._leap = self._leap, number
        return before is None or not before < number <= before + LEAP

    def is_lower(self, number: int, *, newer: bool) -> bool:
        """Whether it is the number of a live trade, ``newer`` than all before, and below all that was seen.

        Such numbers are not to be added: they would be the lowest seen themselves.
        """
        bottom = self.seen.bottom
        lower = newer and bottom is not None and number < bottom
        self._lower = self._lower + 1 if lower else 0
        return lower

    def is_renewed(self) -> bool:
        """So many of those came in a row that the venue numbers anew."""
        return self._lower >= TURNS

    def restart(self, number: int) -> None:
        """The venue numbers anew, from about here on."""
        self.seen = SeenIds()
        self.seen.add(number)
        self._lower, self._missing_through, self._newest = 0, -1, None

    def newest(self, number: int | None) -> tuple[int, int] | None:
        """The venue says which trade is its newest: the first and last number that is missing, which it said before.

        Said once alone it proves nothing: it may have overtaken the trade.
        """
        said, self._newest = self._newest, number
        first = self.next
        if said is None or first is None or not first <= said < first + LEAP:
            return None
        return first, said

    def miss(self, last: int) -> None:
        """All up to this number are known to be missing, where they were not seen."""
        self._missing_through = last

    def forget_newest(self) -> None:
        """What the venue said was on a connection that is lost."""
        self._newest = None
