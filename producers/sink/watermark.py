"""How far each market is confirmed without a hole.

Kinesis confirms in any order: a call of later trades may succeed while an earlier trade is retried. A mark therefore
advances only over a contiguous prefix of what was put, and keeps what was confirmed beyond it as islands, one a hole:
their number is bounded by the number of items in the sink's buffer, however long an item is retried.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade

GAPS_KEPT: Final = 256
"""Open gaps that a mark remembers a market; the oldest is forgotten first, and stays open in the lake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The end of the confirmed prefix of one market and source: reading may resume from here and loses nothing."""

    confirmed: int = 0
    """Items of the prefix in this run."""
    trade_id: str | None = None
    """The last live trade in it. Backfilled trades do not move it: they are older than what surrounds them."""
    event_time_us: int | None = None
    """That trade's time."""
    covered_through_us: int | None = None
    """The end of the last coverage record in it: exclusive."""
    gaps: tuple[Gap, ...] = ()
    """Gaps opened in it and not closed in it: a producer that starts again goes on filling them."""
    closed: frozenset[str] = frozenset()
    """Ids of gaps closed in it that an earlier run had opened."""

    def over(self, earlier: "Mark | None") -> "Mark":
        """This mark, and where it says nothing, what an earlier run's mark said."""
        if earlier is None:
            return self
        known = self if self.trade_id is not None else earlier
        covered = earlier.covered_through_us if self.covered_through_us is None else self.covered_through_us
        gaps = {gap.gap_id: gap for gap in (*earlier.gaps, *self.gaps) if gap.gap_id not in self.closed}
        return Mark(
            confirmed=self.confirmed,
            trade_id=known.trade_id,
            event_time_us=known.event_time_us,
            covered_through_us=covered,
            gaps=tuple(gaps.values())[-GAPS_KEPT:],
        )


@dataclass(slots=True)
class _Stretch:
    """Confirmed items start ≤ ticket < end: the last live trade and the last coverage among them, and the gaps."""

    start: int
    end: int
    trade: Trade | None
    coverage: Coverage | None
    gaps: OrderedDict[str, Gap | None] = field(default_factory=OrderedDict)
    """Gap id → the gap as it was opened, or None where only its closing was seen."""

    def absorb(self, later: "_Stretch") -> None:
        self.end = later.end
        self.trade = later.trade or self.trade
        self.coverage = later.coverage or self.coverage
        self.note(later.gaps)

    def note(self, gaps: Mapping[str, Gap | None]) -> None:
        """Take in what later items open and close."""
        for gap_id, gap in gaps.items():
            if gap is None and self.gaps.get(gap_id) is not None:
                del self.gaps[gap_id]
            else:
                self.gaps[gap_id] = gap
        while len(self.gaps) > GAPS_KEPT:
            self.gaps.popitem(last=False)


def _gaps_of(record: Record | None) -> dict[str, Gap | None]:
    if isinstance(record, Gap):
        return {record.gap_id: record}
    return {record.gap_id: None} if isinstance(record, GapClosed) else {}


class Watermark:
    """How far one market is confirmed, by tickets in the order its items were put. All steps are O(1)."""

    __slots__ = ("_by_end", "_by_start", "_prefix", "issued")

    def __init__(self) -> None:
        self.issued = 0
        self._prefix = _Stretch(0, 0, None, None)
        self._by_start: dict[int, _Stretch] = {}
        self._by_end: dict[int, _Stretch] = {}

    def issue(self) -> int:
        """The ticket of the next item put."""
        self.issued += 1
        return self.issued - 1

    @property
    def through(self) -> int:
        """Every ticket below this is confirmed."""
        return self._prefix.end

    @property
    def islands(self) -> int:
        """Stretches confirmed beyond the first hole."""
        return len(self._by_start)

    def confirm(self, ticket: int, record: Record | None, count: int = 1) -> bool:
        """Take ``count`` confirmed tickets from ``ticket`` on, once; True when the prefix advanced.

        More than one: all are trades, ``record`` is the last live one or None. One step for a whole aggregate.
        """
        trade = record if isinstance(record, Trade) and not record.backfilled else None
        if ticket == self._prefix.end and not self._by_start:  # the way of nearly all
            self._prefix.end += count
            self._prefix.trade = trade or self._prefix.trade
            if isinstance(record, Coverage):
                self._prefix.coverage = record
            elif trade is None:
                self._prefix.note(_gaps_of(record))
            return True
        stretch = _Stretch(ticket, ticket + count, trade, record if isinstance(record, Coverage) else None)
        stretch.note(_gaps_of(record))
        after = self._by_start.pop(stretch.end, None)
        if after is not None:
            del self._by_end[after.end]
            stretch.absorb(after)
        if ticket == self._prefix.end:
            self._prefix.absorb(stretch)
            return True
        before = self._by_end.pop(ticket, None)
        if before is not None:
            before.absorb(stretch)
            stretch = before
        self._by_start[stretch.start] = stretch
        self._by_end[stretch.end] = stretch
        return False

    def mark(self) -> Mark:
        """The end of the prefix, now."""
        trade, coverage, gaps = self._prefix.trade, self._prefix.coverage, self._prefix.gaps
        return Mark(
            confirmed=self._prefix.end,
            trade_id=trade.trade_id if trade else None,
            event_time_us=trade.event_time_us if trade else None,
            covered_through_us=coverage.through_us if coverage else None,
            gaps=tuple(gap for gap in gaps.values() if gap is not None),
            closed=frozenset(gap_id for gap_id, gap in gaps.items() if gap is None),
        )
