"""One gap of a market while it is read back: what is still missing, what to ask for next. Pure.

The venue's pages are often behind its stream, so that a page which ends proves nothing by ending. What does:

==================================  ===================================================================
what is known of the gap            it is whole when
==================================  ===================================================================
its first and its last id           as many ids have come
its last id, and when it began      every id from the last one back to a trade before the gap has come;
                                    where pages go by time, back to the first one of them
its times alone                     a page held a trade of its market from where the gap ends, or the
                                    gap had been over for ``SETTLED_US`` when it was named
==================================  ===================================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from producers.feeds import Feed, RestRequest
from producers.gaps import SeenIds
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, Unparsed, id_number

SECOND_US = 1_000_000
MILLISECOND_US = 1_000
SETTLED_US: Final = 60 * SECOND_US
"""No venue's pages are this far behind: what they lack then does not exist. A gap that a live trade ended is no such
case, since its pages must hold that trade."""


@dataclass(slots=True)
class GapFilling:
    """What a gap lacks. ``rows`` takes pages in the order of the requests that ``request`` gave."""

    gap: Gap
    feed: Feed
    now_us: int
    """The venue's newest trades are of this time."""
    _first: int = field(init=False, default=-1)
    _last: int = field(init=False, default=-1)
    _known: SeenIds = field(init=False, default_factory=lambda: SeenIds(limit=1 << 62))
    """The ids read that lie in it; where its first one is not known, also those before it."""
    _before: int = field(init=False, default=-1)
    """The highest id read of a trade that was made before it."""
    _lowest: int | None = field(init=False, default=None)
    """The lowest id read of its market."""
    _came: dict[str, int] = field(init=False, default_factory=dict)
    """Without ids that count: those that another page may hold again → their times."""
    _kept: set[str] = field(init=False, default_factory=set)
    _count: int = field(init=False, default=0)
    _low: int = field(init=False, default=0)
    """Going up: the next id to ask for."""
    _high: int = field(init=False, default=0)
    """Going down: the highest id that may still be missing."""
    _cursor_us: int = field(init=False, default=0)
    """In time: from when on to ask for."""
    _latest_us: int = field(init=False, default=0)
    """In time: the latest row of any market in this try."""
    _own_us: int = field(init=False, default=0)
    """The latest row of its own market in all tries: a vendor's other markets may be ahead of it."""
    _over: bool = field(init=False, default=False)
    """No further page could help now."""
    _cut: bool = field(init=False, default=False)
    """It is over without having been read to its end."""
    _ended: bool = field(init=False, default=False)
    """A page held a trade of its market from where it ends."""
    _unread: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.feed.traits.contiguous_ids:
            self._first, self._last = id_number(self.gap.from_id or ""), id_number(self.gap.to_id or "")
        self.again(self.now_us)

    def again(self, now_us: int) -> None:
        """Read on where something is missing. Without ids that count, what came is taken for whole up to its end."""
        self.now_us, self._over, self._cut = now_us, False, False
        ranges = self._known.ranges
        began = self._first >= 0 and ranges and ranges[0][0] == self._first
        self._low = ranges[0][1] + 1 if began else max(0, self._first)
        self._high = self._unbroken_from - 1
        resumes = self.feed.traits.paging == "time" and not self.by_id
        self._cursor_us = max(self.gap.from_us or 0, self._own_us if resumes else 0)
        self._latest_us = self._cursor_us
        if not resumes:  # else the row that could not be read lies behind the cursor, and is not seen again
            self._unread = 0

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
        return next((reason for applies, reason in reasons if applies), None)

    @property
    def whole(self) -> bool:
        """Nothing of it is missing any more."""
        if self._first >= 0 and self.by_id:
            return self._count >= self._last - self._first + 1
        if self._unread:
            return False  # a row that cannot be read may be one that is missing
        if not self.by_id:
            return self._over and not self._cut and (self._ended or self._settled)
        unbroken_from = self._unbroken_from
        if self.feed.traits.paging == "time":
            return self._lowest == unbroken_from
        return unbroken_from == 0 or self._before >= unbroken_from

    @property
    def missing(self) -> str:
        """What is, as text."""
        if self._first >= 0 and self.by_id:
            return f"{self._last - self._first + 1 - self._count} of {self._last - self._first + 1} trades"
        if self._unread:
            return f"{self._unread} rows that cannot be read"
        return f"some of the trades up to {self.gap.to_id}" if self.by_id else "the end of its span"

    @property
    def _unbroken_from(self) -> int:
        """The id from which on, up to its last one, every one has come; behind its last one where that has not."""
        ranges = self._known.ranges
        return ranges[-1][0] if ranges and ranges[-1][1] == self._last else self._last + 1

    @property
    def _until_us(self) -> int:
        """When it ended: what it lacks was made before it was found."""
        return self.gap.received_time_us if self.gap.to_us is None else self.gap.to_us

    @property
    def _settled(self) -> bool:
        """It ended so long ago that the pages hold all there is, and no live trade is known to stand at its end."""
        found_us = self.now_us if self.gap.to_us is None else self.gap.received_time_us
        return found_us - self._until_us > SETTLED_US

    @property
    def _through_us(self) -> int | None:
        """The last instant that is of it. A vendor's live times are in milliseconds, those of its pages finer."""
        until_us = self.gap.to_us
        if until_us is None or self.gap.exchange == self.feed.exchange:
            return until_us
        return until_us // MILLISECOND_US * MILLISECOND_US + MILLISECOND_US - 1

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

    def rows(self, page: Sequence[Record], *, late: bool = False) -> list[Record]:
        """What the gap lacked of a page: its trades, and rows that cannot be read, which may be such trades.

        A page may hold several markets (a vendor's): all of them move it on, its own fill it. ``late``: it was
        answered so long after ``now_us`` that one which reaches back from now may no longer reach over the gap.
        """
        trades = [record for record in page if isinstance(record, Trade)]
        mine = [t for t in trades if t.exchange == self.gap.exchange and t.symbol == self.gap.symbol]
        fresh: list[Record] = [trade for trade in mine if self._take(trade)]
        unread = [record for record in page if isinstance(record, Unparsed)]
        self._unread += len(unread)
        new = [record for record in unread if record.raw_sha256 not in self._kept]
        self._kept.update(record.raw_sha256 for record in new)
        self._advance(trades, late)
        return [*fresh, *new]

    def filled(self, received_us: int) -> list[Record]:
        """What is reported when it is whole: the span it lay in was seen after all, and the gap is no more."""
        gap = self.gap
        records: list[Record] = []
        if gap.from_us is not None and gap.to_us is not None:
            records.append(
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
        return [*records, GapClosed(**names, reason="filled", received_time_us=received_us)]

    def _text(self, number: int) -> str:
        return f"a:{number}" if (self.gap.to_id or "").startswith("a:") else str(number)

    def _take(self, trade: Trade) -> bool:
        if trade.source != self.gap.source:
            return False
        if self.by_id:
            return self._take_number(id_number(trade.trade_id), self._after_start(trade))
        at_us, through_us = trade.event_time_us, self._through_us
        self._own_us = max(self._own_us, at_us)
        self._ended = self._ended or self._is_end(at_us)
        inside = self._after_start(trade) and (through_us is None or at_us <= through_us)
        if not inside or trade.trade_id in self._came:
            return False
        self._came[trade.trade_id] = at_us
        return True

    def _take_number(self, number: int, after_start: bool) -> bool:
        if number < 0:
            return False
        self._lowest = number if self._lowest is None else min(self._lowest, number)
        if not self._first <= number <= self._last or number in self._known:
            return False
        self._known.add(number)
        if self._first < 0 and not after_start:
            self._before = max(self._before, number)
            return False
        self._count += 1
        return True

    def _is_end(self, at_us: int) -> bool:
        """Whether a row of this time proves that the page reaches to the gap's end, by times as coarse as the venue's.

        One of the very unit does once that is over: the row may be of a missing trade, and the rest of them to come.
        """
        unit_us = SECOND_US if self.feed.traits.paging == "recent" else MILLISECOND_US
        end = self._until_us // unit_us
        return at_us // unit_us > end or (at_us // unit_us == end and self.now_us // unit_us > end)

    def _after_start(self, trade: Trade) -> bool:
        """Some venues date past trades in whole seconds: one of the first second may be of the gap."""
        return trade.event_time_us >= (self.gap.from_us or 0) // SECOND_US * SECOND_US

    def _advance(self, page: Sequence[Trade], late: bool) -> None:
        paging = self.feed.traits.paging
        if paging == "recent":
            self._over, self._cut = True, late
        elif paging == "time":
            self._advance_in_time(page)
        else:
            self._advance_by_id(page)

    def _advance_in_time(self, page: Sequence[Trade]) -> None:
        latest_us = max((trade.event_time_us for trade in page), default=0)
        is_full = len(page) >= self.feed.traits.rest.page_rows
        moved = latest_us > self._latest_us
        self._over = not moved or latest_us > (self.now_us if self._through_us is None else self._through_us)
        self._cut = is_full and not moved  # more trades of one instant than a page holds
        self._latest_us = max(self._latest_us, latest_us)
        # A page that is not full ends where the venue's pages end by now: there its markets may be unlike far.
        to_latest = is_full or self.by_id or self._settled
        self._cursor_us = max(self._cursor_us, self._latest_us if to_latest else self._own_us)
        self._came = {each: at_us for each, at_us in self._came.items() if at_us >= self._own_us}

    def _advance_by_id(self, page: Sequence[Trade]) -> None:
        numbers = [number for trade in page if (number := id_number(trade.trade_id)) >= 0]
        if not numbers:
            self._over = True
        elif self.feed.traits.paging == "up" and self._first >= 0:
            self._over = max(numbers) < self._low or max(numbers) >= self._last
            self._low = max(numbers) + 1
        else:
            reached = self._first < 0 and any(not self._after_start(trade) for trade in page)
            self._over = reached or min(numbers) > self._high or min(numbers) <= max(0, self._first)
            self._high = min(numbers) - 1
