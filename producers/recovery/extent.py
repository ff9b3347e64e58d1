"""What a gap spans, in ids and in time, by what its feed's pages can show of it. Pure."""

from dataclasses import dataclass
from typing import Final

from producers.feeds import Feed
from tapehouse.record import Gap, Trade, id_number

SECOND_US = 1_000_000
MILLISECOND_US = 1_000
SETTLED_US: Final = 60 * SECOND_US
"""No venue's pages are this far behind: what they lack then does not exist. A gap that a live trade ended is no such
case, since its pages must hold that trade."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The ends of one gap; an id that is not known, or does not count up by one, is None."""

    gap: Gap
    feed: Feed
    first: int | None
    last: int | None

    @classmethod
    def of(cls, gap: Gap, feed: Feed) -> "Extent":
        """As far as the feed's ids count."""
        if not feed.traits.contiguous_ids:
            return cls(gap, feed, None, None)
        return cls(gap, feed, _number(gap.from_id), _number(gap.to_id))

    @property
    def count(self) -> int | None:
        """How many trades it holds, where both its ids are known."""
        return None if self.first is None or self.last is None else self.last - self.first + 1

    @property
    def until_us(self) -> int:
        """When it ended: what it lacks was made before it was found."""
        return self.gap.received_time_us if self.gap.to_us is None else self.gap.to_us

    @property
    def through_us(self) -> int | None:
        """The last instant that is of it. A vendor's live times are in milliseconds, those of its pages finer."""
        until_us = self.gap.to_us
        if until_us is None or self.gap.exchange == self.feed.exchange:
            return until_us
        return until_us // MILLISECOND_US * MILLISECOND_US + MILLISECOND_US - 1

    def impossible(self, now_us: int) -> str | None:
        """Why the venue cannot fill it, or None."""
        traits, began = self.feed.traits, self.gap.from_us
        by_id = traits.paging in ("up", "down")
        reach_s, most = traits.rest.history_s, traits.rest.max_pages * traits.rest.page_rows
        count = self.count or 0
        reasons = (
            (traits.paging is None, "the venue has no past trades to read"),
            (by_id and self.last is None, "it has no ids, and the venue pages by id"),
            (not by_id and began is None, "it has no times, and the venue pages by time"),
            (self.last is not None and self.first is None and began is None, "it has no beginning"),
            (
                reach_s is not None and began is not None and began < now_us - reach_s * SECOND_US,
                f"it began before what the venue keeps ({reach_s} s)",
            ),
            (count > most, f"it has {count} trades, and {most} are filled at most"),
        )
        return next((reason for applies, reason in reasons if applies), None)

    def is_settled(self, now_us: int) -> bool:
        """It ended so long ago that the pages hold all there is, and no live trade is known to stand at its end."""
        found_us = now_us if self.gap.to_us is None else self.gap.received_time_us
        return found_us - self.until_us > SETTLED_US

    def is_after_start(self, trade: Trade) -> bool:
        """Some venues date past trades in whole seconds: one of the first second may be of the gap."""
        return trade.event_time_us >= (self.gap.from_us or 0) // SECOND_US * SECOND_US

    def is_in_time(self, trade: Trade) -> bool:
        """Its time is the gap's."""
        return self.is_after_start(trade) and (self.through_us is None or trade.event_time_us <= self.through_us)

    def is_end(self, at_us: int, now_us: int) -> bool:
        """Whether a row of this time proves that the page reaches to the gap's end, by times as coarse as the venue's.

        One of the very unit does once that is over: the row may be of a missing trade, and the rest of them to come.
        """
        unit_us = SECOND_US if self.feed.traits.paging == "recent" else MILLISECOND_US
        end = self.until_us // unit_us
        return at_us // unit_us > end or (at_us // unit_us == end and now_us // unit_us > end)

    def written(self, number: int) -> str:
        """A number as the gap's ids are written."""
        return f"a:{number}" if (self.gap.to_id or "").startswith("a:") else str(number)


def _number(trade_id: str | None) -> int | None:
    number = id_number(trade_id or "")
    return number if number >= 0 else None
