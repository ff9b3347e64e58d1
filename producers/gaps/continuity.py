"""What is known of one market's trades: which were seen, where the gaps are, what span was wholly seen. Pure.

A venue whose ids count up by one proves its own completeness: a jump is a gap with two known ends, and a first trade
after a lost connection that follows on the last one proves that nothing was missed. A venue without such ids proves
nothing, so every lost connection is a gap in time, unless the venue replays the very trade that was seen last.

Coverage never spans a gap. A span between two coverages becomes whole when its gap is closed.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol

from producers.gaps.numbering import Numbering
from producers.gaps.seen_ids import SeenIds
from producers.gaps.states import (
    Covering,
    Interrupted,
    Outage,
    Resumed,
    Span,
    State,
    Unseen,
    doubted,
    lost,
    outage_of,
    seen,
    settled,
    span_of,
)
from tapehouse.market import MarketKey
from tapehouse.record import AHEAD_US, EARLIEST_US, Coverage, Gap, Record, Trade, id_number

RECENT_KEPT: Final = 4096
"""Ids remembered a market where ids do not count up by one: more than any venue replays."""


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
        """Gaps reported and not closed."""


class Continuity:
    """One market of one source, through all its connections."""

    def __init__(self, key: MarketKey, *, contiguous_ids: bool = True, mark: SafeMark | None = None) -> None:
        """``contiguous_ids``: this venue's numeric ids count up by one within a market. ``mark``: seen before."""
        self.key = key
        self.last_id: str | None = None
        self.repeats = 0
        self._contiguous_ids = contiguous_ids
        self._numbering = Numbering()
        self._recent: OrderedDict[str, None] = OrderedDict()
        """Ids without a number that counts."""
        self._last_us: int | None = None
        """The time of the newest trade seen."""
        self._state: State = Unseen()
        if mark is not None:
            self._restore(mark)

    def _restore(self, mark: SafeMark) -> None:
        self._last_us = mark.event_time_us
        known = [us for us in (mark.event_time_us, mark.covered_through_us) if us is not None]
        if known:
            since_us = max(known)
            if mark.covered_through_us is not None and not self._contiguous_ids:
                since_us = mark.covered_through_us  # trades may come out of order
            self._state = Interrupted(Outage("restarted", Span.at(since_us)))
        if mark.trade_id is not None:
            self._remember(mark.trade_id, self._number(mark.trade_id))
            self.last_id = mark.trade_id

    @property
    def seen_ids(self) -> SeenIds:
        return self._numbering.seen

    # -- the connection -----------------------------------------------------------------------------------------------

    def begin(self, from_us: int, at_us: int | None = None) -> None:
        """The subscription is confirmed: every trade made from this venue time on will be seen, and some from
        ``at_us`` on may be."""
        if span_of(self._state) is None:
            self._state = seen(self._state, Span.at(from_us, at_us))

    def end(self, through_us: int, received_time_us: int) -> list[Record]:
        """The connection is lost: the coverage of what was seen. The next trade shows whether any were missed."""
        records = self.covered(through_us, received_time_us)
        span = span_of(self._state)
        if span is not None or self._last_us is not None:
            self._state = lost(self._state, Outage("disconnected", span))
        self._numbering.forget_newest()
        return records

    def covered(self, through_us: int, received_time_us: int) -> list[Record]:
        """The coverage from the last one reported up to ``through_us`` (exclusive), if that is any time at all.

        None while it is not known what an interruption hid: a mark must not move past it.
        """
        if not isinstance(self._state, Covering) or through_us <= self._state.span.from_us:
            return []
        span = self._state.span
        self._state = Covering(span.reported(through_us))
        return self._coverage(span.from_us, through_us, received_time_us)

    # -- its trades ---------------------------------------------------------------------------------------------------

    def take(self, trade: Trade, *, replayed: bool, twice: bool = False) -> list[Record]:
        """A trade, and in front of it what it proves: a gap, or that there was none.

        A repeat in a replay is dropped, and ``twice`` says that two connections bring the same for a while. Any other
        repeat is passed on: should it have another price, that is for the silver layer to judge, and not to be hidden.
        """
        number = self._number(trade.trade_id)
        timely = _is_timely(trade)
        if self._is_known(trade.trade_id, number):
            self.repeats += 1
            proof = self._join(trade.received_time_us) if trade.trade_id == self.last_id else []
            return proof if replayed or twice else [*proof, trade]
        following = self._numbering.next
        if number is None or following is None:
            records = self._proof_of_time(trade, number) if timely else []
        elif self._numbering.is_leap(number):
            return [trade]
        elif self._numbering.is_lower(number, newer=timely and not replayed and self._is_newest(trade)):
            return self._renumbered(trade, number) if self._numbering.is_renewed() else [trade]
        else:
            records = self._proof_of_number(trade, number, following)
        top = self._numbering.seen.top
        self._remember(trade.trade_id, number)
        if number is None or top is None or number > top:
            self.last_id = trade.trade_id
        if timely:
            at_us = min(trade.event_time_us, trade.received_time_us)  # a time ahead of ours must not blind us
            self._last_us = at_us if self._last_us is None else max(self._last_us, at_us)
            if number is not None or not replayed:
                self._seen_behind(trade.event_time_us)
        return [*records, trade]

    def newest(self, trade_id: str, received_time_us: int) -> list[Record]:
        """The venue says which trade is its newest. If that has not come when it says so again, it was dropped."""
        missing = self._numbering.newest(self._number(trade_id))
        if missing is None or outage_of(self._state) is not None:
            return []
        first, last = missing
        self._numbering.miss(last)
        if self._last_us is None:
            self._state = Unseen()
            return [self._gap((str(first), str(last)), (None, None), "dropped", received_time_us)]
        records = self.covered(self._last_us, received_time_us)
        to_us = max(self._last_us, received_time_us)
        self._state = Covering(Span.at(to_us + 1))  # it is connected: what is traded after the gap is seen
        return [*records, self._gap((str(first), str(last)), (self._last_us, to_us), "dropped", received_time_us)]

    def filled(self, trade: Trade) -> bool:
        """A trade that was read back over REST; False where it had been seen. A later replay of it is a repeat."""
        number = self._number(trade.trade_id)
        if self._is_known(trade.trade_id, number):
            return False
        self._remember(trade.trade_id, number)
        return True

    def _number(self, trade_id: str) -> int | None:
        """Its number, where numbers count up by one."""
        number = id_number(trade_id) if self._contiguous_ids else -1
        return number if number >= 0 else None

    def _is_known(self, trade_id: str, number: int | None) -> bool:
        return trade_id in self._recent if number is None else number in self._numbering.seen

    def _remember(self, trade_id: str, number: int | None) -> None:
        if number is not None:
            self._numbering.seen.add(number)
            return
        self._recent[trade_id] = None
        if len(self._recent) > RECENT_KEPT:
            self._recent.popitem(last=False)

    def _is_newest(self, trade: Trade) -> bool:
        return self._last_us is None or trade.event_time_us >= self._last_us

    def _seen_behind(self, event_us: int) -> None:
        """What follows a seen trade is seen; others of its own microsecond may not have been."""
        span = span_of(self._state)
        if span is None or (span.is_unreported and event_us < span.from_us):
            self._state = seen(self._state, Span.at(event_us + 1, None if span is None else span.maybe_us))

    # -- what a trade proves ------------------------------------------------------------------------------------------

    def _proof_of_number(self, trade: Trade, number: int, following: int) -> list[Record]:
        if number < following:
            return []  # a straggler: inside a gap that is reported already, or older than all that was seen
        if number == following:
            return self._join(trade.received_time_us)
        return self._missed(trade, following, number - 1)

    def _proof_of_time(self, trade: Trade, number: int | None) -> list[Record]:
        outage = outage_of(self._state)
        if outage is None:
            return []
        if number is not None and outage.before is not None and trade.event_time_us < outage.before.maybe_us:
            return self._join(trade.received_time_us)  # replayed from before the outage: nothing lies between
        return self._missed(trade, None, number - 1 if number else None)

    def _join(self, received_time_us: int) -> list[Record]:
        """Nothing was missed: the time without a connection is covered too."""
        before, self._state = self._state, settled(self._state)
        match before:
            case Resumed(outage=Outage(before=Span(from_us=from_us)), span=span):
                return self._coverage(from_us, span.began_us, received_time_us)
            case _:
                return []

    def _renumbered(self, trade: Trade, number: int) -> list[Record]:
        """A gap in time between two numberings: how many trades it holds, no id shows."""
        self._state = doubted(self._state, Outage("renumbered", None))
        records = self._missed(trade, None, None)
        self._numbering.restart(number)
        self.last_id, self._last_us = trade.trade_id, min(trade.event_time_us, trade.received_time_us)
        self._seen_behind(trade.event_time_us)
        return [*records, trade]

    def _missed(self, trade: Trade, first: int | None, last: int | None) -> list[Record]:
        """The gap before a trade, from the number ``first`` to ``last`` where they are known, and coverage up to it."""
        records: list[Record] = []
        outage, from_us = outage_of(self._state), self._last_us
        if outage is None:
            records = self.covered(from_us, trade.received_time_us) if from_us is not None else []
        elif from_us is None:
            from_us = outage.before.maybe_us if outage.before is not None else None
        elif outage.before is not None:
            if first is not None:  # its ids prove that up to the last trade everything was seen
                records = self._coverage(outage.before.from_us, from_us, trade.received_time_us)
            else:  # trades may come out of order: what was made before the last one may have been on its way
                from_us = min(from_us, outage.before.maybe_us)
        self._state = Unseen()
        if first is None and from_us is None:
            return records
        to_us = trade.event_time_us if _is_timely(trade) else None
        if from_us is not None and to_us is not None:
            to_us = max(from_us, to_us)
        ids = _written(first, trade), _written(last, trade)
        reason = "skipped" if outage is None else outage.reason
        return [*records, self._gap(ids, (from_us, to_us), reason, trade.received_time_us)]

    # -- the records --------------------------------------------------------------------------------------------------

    def _coverage(self, from_us: int, through_us: int, received_time_us: int) -> list[Record]:
        if not EARLIEST_US <= from_us < through_us:
            return []
        span = Coverage(
            **self.key._asdict(),
            from_us=from_us,
            through_us=through_us,
            last_id=self.last_id,
            received_time_us=received_time_us,
        )
        return [span]

    def _gap(
        self, ids: tuple[str | None, str | None], times: tuple[int | None, int | None], reason: str, received_us: int
    ) -> Gap:
        """The same gap found again has the same gap_id."""
        exchange, symbol, source = self.key
        bounds = f"{ids[0]}-{ids[1]}" if ids[0] is not None else f"t{times[0]}-{ids[1] or times[1]}"
        return Gap(
            **self.key._asdict(),
            gap_id=f"{source}:{exchange}:{symbol}:{bounds}",
            from_id=ids[0],
            to_id=ids[1],
            from_us=times[0],
            to_us=times[1],
            reason=reason,
            received_time_us=received_us,
        )


def _is_timely(trade: Trade) -> bool:
    """Its time can be: it is neither before all trading nor far ahead of ours."""
    return EARLIEST_US <= trade.event_time_us <= trade.received_time_us + AHEAD_US


def _written(number: int | None, trade: Trade) -> str | None:
    """A number as this venue's ids are written: an aggregate's carry ``a:``."""
    if number is None:
        return None
    return f"a:{number}" if trade.trade_id.startswith("a:") else str(number)
