"""One hole in a market's tape while it is read back: what is still missing, what to ask for next. Pure.

A venue whose ids count up by one tells when a hole is whole: every id of it has come. Elsewhere it is whole when the
venue's pages have reached over it in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from producers.continuity import SeenIds
from producers.feeds.base import Feed, RestRequest
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, Unparsed, id_number

SECOND_US = 1_000_000


@dataclass(slots=True)
class Hole:
    """What a gap lacks. ``rows`` takes pages in the order of the requests that ``request`` gave."""

    gap: Gap
    feed: Feed
    now_us: int
    """The venue's newest trades are of this time."""
    _first: int = field(init=False, default=-1)
    _last: int = field(init=False, default=-1)
    _seen: SeenIds = field(init=False, default_factory=lambda: SeenIds(limit=1 << 62))
    _came: set[str] = field(init=False, default_factory=set)
    _count: int = field(init=False, default=0)
    _low: int = field(init=False, default=0)
    """Going up, or in time: the next id to ask for. Going down: the lowest id that may still be missing."""
    _high: int = field(init=False, default=0)
    _cursor_us: int = field(init=False, default=0)
    _over: bool = field(init=False, default=False)
    """No further page could help."""
    _unread: int = field(init=False, default=0)
    _reached: bool = field(init=False, default=False)
    """Going down without a first id: a page reached back to the hole's beginning in time, or the market's."""

    def __post_init__(self) -> None:
        if self.feed.traits.contiguous_ids:
            self._first, self._last = id_number(self.gap.from_id or ""), id_number(self.gap.to_id or "")
        self.again(self.now_us)

    def again(self, now_us: int) -> None:
        """Read its pages once more from the start; what has come is kept."""
        self.now_us, self._over, self._unread = now_us, False, 0
        self._low, self._high = max(0, self._first), self._last
        self._cursor_us = self.gap.from_us or 0

    @property
    def by_id(self) -> bool:
        """Its last missing id is known."""
        return self._last >= 0

    @property
    def impossible(self) -> str | None:
        """Why the venue cannot fill it, or None."""
        traits, gap = self.feed.traits, self.gap
        by_id, began = traits.paging in ("up", "down"), gap.from_us
        reach_s, most = traits.rest.history_s, traits.rest.max_pages * traits.rest.page_rows
        count = self._last - self._first + 1 if self._first >= 0 else 0
        reasons = (
            (traits.paging is None, "the venue has no past trades to read"),
            (by_id and not self.by_id, "it has no ids, and the venue pages by id"),
            (not by_id and began is None, "it has no times, and the venue pages by time"),
            (self.by_id and self._first < 0 and began is None, "it has no beginning"),
            (
                reach_s is not None and began is not None and began < self.now_us - reach_s * SECOND_US,
                f"it began before what the venue keeps ({reach_s} s)",
            ),
            (count > most, f"it has {count} trades, and {most} are filled at most"),
        )
        return next((words for applies, words in reasons if applies), None)

    @property
    def whole(self) -> bool:
        """Nothing of it is missing any more."""
        if self._first >= 0 and self.by_id:
            return self._count >= self._last - self._first + 1
        if self._unread:
            return False  # without ids to count, a row that cannot be read may be one that is missing
        return self._reached if self.by_id and self.feed.traits.paging in ("up", "down") else self._over

    @property
    def missing(self) -> str:
        """What is, in words."""
        if self._first >= 0 and self.by_id:
            return f"{self._last - self._first + 1 - self._count} of {self._last - self._first + 1} trades"
        return f"{self._unread} rows that cannot be read" if self._unread else "the end of its span"

    def request(self) -> RestRequest | None:
        """The next page to read; None when there is none that could help."""
        if self._over or self.whole:
            return None
        gap, paging = self.gap, self.feed.traits.paging
        low, high, from_us = self._low, self._high, self._cursor_us
        if paging == "up" and self._first < 0:
            low = max(0, high - self.feed.traits.rest.page_rows + 1)
        known = paging in ("up", "down")
        return self.feed.backfill(
            gap.symbol,
            from_id=self._text(low) if known and (self._first >= 0 or paging == "up") else None,
            to_id=self._text(high) if known else None,
            from_us=from_us,
            to_us=self.now_us if paging == "recent" or gap.to_us is None else gap.to_us,
        )

    def rows(self, page: Sequence[Record]) -> list[Record]:
        """What the hole lacked of a page: its trades, and rows that cannot be read, which may be such trades.

        A page may tell of several markets (a vendor's): all of them move it on, its own fill it.
        """
        trades = [record for record in page if isinstance(record, Trade)]
        mine = [t for t in trades if t.exchange == self.gap.exchange and t.symbol == self.gap.symbol]
        fresh: list[Record] = [trade for trade in mine if self._take(trade)]
        unread = [record for record in page if isinstance(record, Unparsed)]
        self._unread += len(unread)
        told = [record for record in unread if record.raw_sha256 not in self._came]
        self._came.update(record.raw_sha256 for record in told)
        self._advance(trades)
        return [*fresh, *told]

    def filled(self, received_us: int) -> list[Record]:
        """What is told when it is whole: the span it lay in was seen after all, and the gap is no more."""
        gap = self.gap
        told: list[Record] = []
        if gap.from_us is not None and gap.to_us is not None:
            told.append(
                Coverage(
                    exchange=gap.exchange,
                    symbol=gap.symbol,
                    source=gap.source,
                    from_us=gap.from_us,
                    through_us=gap.to_us + 1,
                    last_id=gap.to_id,
                    received_time_us=received_us,
                )
            )
        names = {"exchange": gap.exchange, "symbol": gap.symbol, "source": gap.source, "gap_id": gap.gap_id}
        return [*told, GapClosed(**names, reason="filled", received_time_us=received_us)]

    def _text(self, number: int) -> str:
        return f"a:{number}" if (self.gap.to_id or "").startswith("a:") else str(number)

    def _take(self, trade: Trade) -> bool:
        if trade.source != self.gap.source:
            return False
        number = id_number(trade.trade_id) if self.by_id else -1
        if self.by_id:
            inside = number <= self._last and (number >= self._first if self._first >= 0 else self._after_start(trade))
            if number < 0 or not inside or number in self._seen:
                return False
            self._seen.add(number)
        else:
            until_us = self.gap.to_us
            inside = self._after_start(trade) and (until_us is None or trade.event_time_us <= until_us)
            if not inside or trade.trade_id in self._came:
                return False
            self._came.add(trade.trade_id)
        self._count += 1
        return True

    def _after_start(self, trade: Trade) -> bool:
        """Some venues tell past trades in whole seconds: one of the first second may be of the hole."""
        return trade.event_time_us >= (self.gap.from_us or 0) // SECOND_US * SECOND_US

    def _advance(self, page: Sequence[Trade]) -> None:
        paging = self.feed.traits.paging
        if paging == "recent":
            self._over = True
        elif paging == "time":
            self._advance_in_time(page)
        else:
            self._advance_by_id(page)

    def _advance_in_time(self, page: Sequence[Trade]) -> None:
        latest_us = max((trade.event_time_us for trade in page), default=0)
        until_us = self.now_us if self.gap.to_us is None else self.gap.to_us
        self._over = latest_us <= self._cursor_us or latest_us > until_us
        self._cursor_us = max(self._cursor_us, latest_us)

    def _advance_by_id(self, page: Sequence[Trade]) -> None:
        numbers = [number for trade in page if (number := id_number(trade.trade_id)) >= 0]
        if not numbers:
            self._over = True
        elif self.feed.traits.paging == "up" and self._first >= 0:
            self._over = max(numbers) < self._low or max(numbers) >= self._last
            self._low = max(numbers) + 1
        else:
            if self._first < 0:
                self._reached = min(numbers) == 0 or any(not self._after_start(trade) for trade in page)
            self._over = self._reached or min(numbers) > self._high or min(numbers) <= max(0, self._first)
            self._high = min(numbers) - 1
