"""What is known of one market's tape: which trades were seen, where the holes are, what span was wholly seen. Pure.

A venue whose ids count up by one proves its own completeness: a jump is a hole with two known ends, and a first trade
after a dropped line that follows on the last one proves that nothing was missed. A venue without such ids proves
nothing, so every drop is a hole in time, unless the venue replays the very trade that was seen last.

Coverage never spans a hole. A span between two coverages becomes whole when its gap is closed.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol

from tapehouse.record import AHEAD_US, EARLIEST_US, Coverage, Gap, Record, Trade, id_number

RANGES_KEPT: Final = 256
"""Ranges of seen ids a market: each hole splits one in two; the oldest is forgotten first."""
RECENT_KEPT: Final = 4096
"""Ids remembered a market where ids do not count up by one: more than any venue replays."""


LEAP: Final = 10_000_000
"""A number further ahead than this is believed when a second one follows it: no venue trades so much in an outage."""
TURNS: Final = 3
"""Live trades in a row, newer and numbered below all others, that say that the venue numbers anew."""


class SafeMark(Protocol):
    """Where a market is known to be safe in the stream: a restarted producer goes on behind it."""

    @property
    def trade_id(self) -> str | None:
        """The last safe trade."""

    @property
    def event_time_us(self) -> int | None:
        """That trade's time."""

    @property
    def covered_through_us(self) -> int | None:
        """The end of the last safe coverage, exclusive."""

    @property
    def gaps(self) -> Sequence[Gap]:
        """Gaps told and not closed."""


class SeenIds:
    """The numbers seen, kept as ranges: millions of trades without a hole are one range."""

    def __init__(self, limit: int = RANGES_KEPT) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._limit = limit

    @property
    def top(self) -> int | None:
        """The highest number seen; None before the first."""
        return self._ends[-1] if self._ends else None

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


class Continuity:
    """One market of one source, through all its connections."""

    def __init__(
        self, *, exchange: str, symbol: str, source: str, contiguous_ids: bool = True, mark: SafeMark | None = None
    ) -> None:
        """``contiguous_ids``: this venue's numeric ids count up by one within a market. ``mark``: seen before."""
        self.exchange, self.symbol, self.source = exchange, symbol, source
        self.last_id: str | None = None
        self.repeats = 0
        self._contiguous_ids = contiguous_ids
        self._seen = SeenIds()
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._last_us: int | None = None
        self._told = -1
        """The highest number that a gap has told as missing at the end of the tape."""
        self._newest: int | None = None
        """The newest trade there is, as the venue said last."""
        self._resuming: str | None = None
        """Why the line was interrupted; None once it is settled what was missed."""
        self._ended_us: int | None = None
        """Where the coverage before the interruption ended."""
        self._began_us: int | None = None
        self._at_us: int | None = None
        """From when on trades may have been seen, before the span that surely was."""
        self._leap: int | None = None
        """A number so far ahead that one trade alone is not believed."""
        self._lower = 0
        """Live trades in a row that are newer and numbered below all that was seen."""
        self._from_us: int | None = None
        """Start of the span that is still to be told; None while the market is not seen."""
        if mark is not None:
            self._restore(mark)

    def _restore(self, mark: SafeMark) -> None:
        known = [us for us in (mark.event_time_us, mark.covered_through_us) if us is not None]
        self._last_us, self._ended_us = mark.event_time_us, max(known, default=None)
        if not self._contiguous_ids and mark.covered_through_us is not None:
            self._ended_us = mark.covered_through_us
        self._resuming = "restarted" if known else None
        if mark.trade_id is not None:
            self._remember(mark.trade_id, self._number(mark.trade_id))
            self.last_id = mark.trade_id

    @property
    def seen_ids(self) -> SeenIds:
        return self._seen

    def begin(self, from_us: int, at_us: int | None = None) -> None:
        """The subscription is confirmed: every trade made from this venue time on will be seen, and some from
        ``at_us`` on may be."""
        if self._from_us is None:
            self._from_us = self._began_us = from_us
            self._at_us = from_us if at_us is None else min(from_us, at_us)

    def end(self, through_us: int, received_time_us: int) -> list[Record]:
        """The line is lost. The span that was seen is told, and the next trade shows whether any were missed."""
        told = self.covered(through_us, received_time_us)
        if self._resuming is None and (self._from_us is not None or self._last_us is not None):
            self._resuming = "disconnected"
            untold = self._from_us is not None and self._from_us == self._began_us
            self._ended_us = self._at_us if untold else self._from_us
        self._from_us = self._began_us = self._newest = None
        return told

    def covered(self, through_us: int, received_time_us: int) -> list[Record]:
        """The coverage from the last one told up to ``through_us`` (exclusive), if that is any time at all.

        None while it is not settled what an interruption hid: a mark must not move past it.
        """
        if self._from_us is None or through_us <= self._from_us or self._resuming is not None:
            return []
        told = self._coverage(self._from_us, through_us, received_time_us)
        self._from_us = through_us
        return told

    def _coverage(self, from_us: int, through_us: int, received_time_us: int) -> list[Record]:
        if not EARLIEST_US <= from_us < through_us:
            return []
        span = Coverage(
            exchange=self.exchange,
            symbol=self.symbol,
            source=self.source,
            from_us=from_us,
            through_us=through_us,
            last_id=self.last_id,
            received_time_us=received_time_us,
        )
        return [span]

    def take(self, trade: Trade, *, replayed: bool, twice: bool = False) -> list[Record]:
        """A trade, and in front of it what it proves: a gap, or that there was none.

        A repeat in a replay is dropped, and ``twice`` says that two lines tell the same for a while. Any other repeat
        is passed on: should it tell another price, that is for the silver layer to judge, not for the wire to hide.
        """
        number = self._number(trade.trade_id)
        event_us = trade.event_time_us
        timely = EARLIEST_US <= event_us <= trade.received_time_us + AHEAD_US
        if number in self._seen if number >= 0 else trade.trade_id in self._recent:
            self.repeats += 1
            proof = self._join(trade.received_time_us) if trade.trade_id == self.last_id else []
            return proof if replayed or twice else [*proof, trade]
        top = self._seen.top
        if number >= 0 and top is not None:
            if number > top + LEAP and not self._believed(number):
                return [trade]
            if self._below(number, event_us, timely and not replayed):
                return [trade] if self._lower < TURNS else self._anew(trade, number)
        told = self._prove(trade, number, top) if timely or (number >= 0 and top is not None) else []
        self._remember(trade.trade_id, number)
        if number < 0 or top is None or number > top:
            self.last_id = trade.trade_id
        if timely:
            bounded_us = min(event_us, trade.received_time_us)  # a time ahead of ours is not let blind the tape
            self._last_us = bounded_us if self._last_us is None else max(self._last_us, bounded_us)
            self._begin_at_trade(event_us, number >= 0 or not replayed)
        return [*told, trade]

    def newest(self, trade_id: str, received_time_us: int) -> list[Record]:
        """The venue says which trade is its newest. If that has not come when it says so again, it was dropped.

        One telling alone proves nothing: it may have overtaken the trade.
        """
        said, self._newest = self._newest, self._number(trade_id)
        top = self._seen.top
        if said is None or top is None or self._resuming is not None:
            return []
        if said <= max(top, self._told) or said > max(top, self._told) + LEAP:
            return []
        first, self._told = max(top, self._told) + 1, said
        told = self.covered(self._last_us, received_time_us) if self._last_us is not None else []
        self._from_us = self._began_us = None
        from_us = self._last_us
        to_us = max(from_us, received_time_us) if from_us is not None else None
        if to_us is not None:
            self._from_us = self._began_us = to_us + 1  # the line is up: what is traded after the hole is seen
        return [*told, self._gap((str(first), str(said)), (from_us, to_us), "dropped", received_time_us)]

    def filled(self, trade: Trade) -> bool:
        """A trade that was read back over REST; False where it had been seen. A later replay of it is a repeat."""
        number = self._number(trade.trade_id)
        if number in self._seen if number >= 0 else trade.trade_id in self._recent:
            return False
        self._remember(trade.trade_id, number)
        return True

    def _believed(self, number: int) -> bool:
        """Whether a number far ahead follows on another such: one alone may be garbage."""
        before, self._leap = self._leap, number
        return before is not None and before < number <= before + LEAP

    def _below(self, number: int, event_us: int, counts: bool) -> bool:
        """Whether it is newer and numbered below all that was seen; several in a row mean that the venue numbers anew.

        They are not remembered meanwhile: they would be the lowest seen themselves.
        """
        newer = self._last_us is None or event_us >= self._last_us
        below = counts and newer and number < self._seen.ranges[0][0]
        self._lower = self._lower + 1 if below else 0
        return below

    def _anew(self, trade: Trade, number: int) -> list[Record]:
        """A hole in time between two numberings: how many trades it holds, no id tells."""
        self._lower, self._told, self._newest = 0, -1, None
        self._seen = SeenIds()
        self._resuming = self._resuming or "renumbered"
        told = self._hole(trade, None, None)
        self._seen.add(number)
        self.last_id, self._last_us = trade.trade_id, min(trade.event_time_us, trade.received_time_us)
        self._begin_at_trade(trade.event_time_us, whole_after=True)
        return [*told, trade]

    def _number(self, trade_id: str) -> int:
        return id_number(trade_id) if self._contiguous_ids else -1

    def _remember(self, trade_id: str, number: int) -> None:
        if number >= 0:
            self._seen.add(number)
            return
        self._recent[trade_id] = None
        if len(self._recent) > RECENT_KEPT:
            self._recent.popitem(last=False)

    def _begin_at_trade(self, event_us: int, whole_after: bool) -> None:
        """What follows a seen trade is seen; others of its own microsecond may not have been."""
        if whole_after and (self._from_us is None or (self._from_us == self._began_us and event_us < self._from_us)):
            self._from_us = self._began_us = event_us + 1

    def _prove(self, trade: Trade, number: int, top: int | None) -> list[Record]:
        if number >= 0 and top is not None:
            top = max(top, self._told)
            if number <= top:
                return []  # a straggler: inside a hole that is told already, or older than all that was seen
            if number == top + 1:
                return self._join(trade.received_time_us)
            return self._hole(trade, top + 1, number - 1)
        if self._resuming is None:
            return []
        if number >= 0 and self._ended_us is not None and trade.event_time_us < self._ended_us:
            return self._join(trade.received_time_us)  # replayed from before the interruption: nothing lies between
        return self._hole(trade, None, number - 1 if number > 0 else None)

    def _join(self, received_time_us: int) -> list[Record]:
        """Nothing was missed: the time without a line is covered too."""
        reason, ended_us = self._resuming, self._ended_us
        self._resuming = self._ended_us = None
        if reason is None or ended_us is None:
            return []
        if self._began_us is None:
            self._from_us = self._began_us = ended_us
            return []
        return self._coverage(ended_us, self._began_us, received_time_us)

    def _hole(self, trade: Trade, first: int | None, last: int | None) -> list[Record]:
        told: list[Record] = []
        from_us = self._last_us
        if from_us is not None:
            if self._resuming is None:
                told = self.covered(from_us, trade.received_time_us)
            elif self._ended_us is not None and self._ended_us < from_us:
                if first is not None:  # its ids prove that up to the last trade everything was seen
                    told = self._coverage(self._ended_us, from_us, trade.received_time_us)
                else:  # trades may come out of order: what was made before the last one may have been on its way
                    from_us = self._ended_us
        if from_us is None:
            from_us = self._ended_us
        reason = self._resuming or "skipped"
        self._resuming = self._ended_us = None
        timely = EARLIEST_US <= trade.event_time_us <= trade.received_time_us + AHEAD_US
        to_us = trade.event_time_us if timely else None
        if from_us is not None and to_us is not None:
            to_us = max(from_us, to_us)
        self._from_us = self._began_us = None
        if first is None and from_us is None:
            return told
        ids = self._written(first, trade), self._written(last, trade)
        return [*told, self._gap(ids, (from_us, to_us), reason, trade.received_time_us)]

    def _gap(
        self, ids: tuple[str | None, str | None], times: tuple[int | None, int | None], reason: str, received_us: int
    ) -> Gap:
        """The same hole found again has the same gap_id."""
        bounds = f"{ids[0]}-{ids[1]}" if ids[0] is not None else f"t{times[0]}-{ids[1] or times[1]}"
        return Gap(
            exchange=self.exchange,
            symbol=self.symbol,
            source=self.source,
            gap_id=f"{self.source}:{self.exchange}:{self.symbol}:{bounds}",
            from_id=ids[0],
            to_id=ids[1],
            from_us=times[0],
            to_us=times[1],
            reason=reason,
            received_time_us=received_us,
        )

    @staticmethod
    def _written(number: int | None, trade: Trade) -> str | None:
        """A number as this venue's ids are written: an aggregate's carry ``a:``."""
        if number is None:
            return None
        return f"a:{number}" if trade.trade_id.startswith("a:") else str(number)
