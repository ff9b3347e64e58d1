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

from producers.feeds import Feed, RestRequest
from producers.recovery.extent import Extent
from producers.recovery.missing import MissingIds, MissingTime
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, Unparsed, id_number


class GapFilling:
    """What a gap lacks. ``rows`` takes pages in the order of the requests that ``request`` gave."""

    def __init__(self, gap: Gap, feed: Feed, now_us: int) -> None:
        """``now_us``: the venue's newest trades are of this time."""
        self._gap, self._feed, self._extent = gap, feed, Extent.of(gap, feed)
        last = self._extent.last
        self._missing = MissingTime(self._extent) if last is None else MissingIds(self._extent, last)
        self._unread = 0
        """Rows that could not be read."""
        self._kept: set[str] = set()
        """Their hashes: each is kept once."""
        self._low = self._high = 0
        """Going up: the next id to ask for. Going down: the highest id that may still be missing."""
        self._cursor_us = self._latest_us = 0
        """In time: from when on to ask for, and the latest row of any market in this try."""
        self.again(now_us)

    def again(self, now_us: int) -> None:
        """Read on where something is missing. Without ids that count, what came is taken for whole up to its end."""
        self.now_us = now_us
        self._over = False
        """No further page could help now."""
        self._cut = False
        """It is over without having been read to its end."""
        self._cursor_us = self._gap.from_us or 0
        if isinstance(self._missing, MissingTime) and self._feed.traits.paging == "time":
            # A row that could not be read lies behind the cursor, and is not seen again.
            self._cursor_us = max(self._cursor_us, self._missing.through_us)
        else:
            self._unread = 0
        if isinstance(self._missing, MissingIds):
            self._low, self._high = self._missing.low, self._missing.high
        self._latest_us = self._cursor_us

    @property
    def impossible(self) -> str | None:
        """Why the venue cannot fill it, or None."""
        return self._extent.impossible(self.now_us)

    @property
    def whole(self) -> bool:
        """Nothing of it is missing any more."""
        missing = self._missing
        if isinstance(missing, MissingIds) and missing.left is not None:
            return missing.left <= 0
        if self._unread:
            return False  # a row that cannot be read may be one that is missing
        if isinstance(missing, MissingIds):
            return missing.reaches_start
        return self._over and not self._cut and (missing.reaches_end or self._extent.is_settled(self.now_us))

    @property
    def missing(self) -> str:
        """What is, as text."""
        missing = self._missing
        if isinstance(missing, MissingIds) and missing.left is not None:
            return f"{missing.left} of {self._extent.count} trades"
        if self._unread:
            return f"{self._unread} rows that cannot be read"
        in_time = isinstance(missing, MissingTime)
        return "the end of its span" if in_time else f"some of the trades up to {self._gap.to_id}"

    def request(self) -> RestRequest | None:
        """The next page to read; None when there is none that could help."""
        if self._over or self.whole:
            return None
        gap, paging, begins = self._gap, self._feed.traits.paging, self._extent.first is not None
        by_id = paging in ("up", "down")
        low = self._low if begins else max(0, self._high - self._feed.traits.rest.page_rows + 1)
        return self._feed.backfill(
            gap.symbol,
            from_id=self._extent.written(low) if by_id and (begins or paging == "up") else None,
            to_id=self._extent.written(self._high) if by_id else None,
            from_us=self._cursor_us,
            to_us=self.now_us if paging == "recent" or gap.to_us is None else gap.to_us,
        )

    def rows(self, page: Sequence[Record], *, late: bool = False) -> list[Record]:
        """What the gap lacked of a page: its trades, and rows that cannot be read, which may be such trades.

        A page may hold several markets (a vendor's): all of them move it on, its own fill it. ``late``: it was
        answered so long after ``now_us`` that one which reaches back from now may no longer reach over the gap.
        """
        trades = [record for record in page if isinstance(record, Trade)]
        fresh: list[Record] = [trade for trade in trades if self._is_own(trade) and self._take(trade)]
        unread = [record for record in page if isinstance(record, Unparsed)]
        self._unread += len(unread)
        new = [record for record in unread if record.raw_sha256 not in self._kept]
        self._kept.update(record.raw_sha256 for record in new)
        self._advance(trades, late)
        return [*fresh, *new]

    def filled(self, received_us: int) -> list[Record]:
        """What is reported when it is whole: the span it lay in was seen after all, and the gap is no more."""
        gap = self._gap
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

    def _is_own(self, trade: Trade) -> bool:
        gap = self._gap
        return (trade.exchange, trade.symbol, trade.source) == (gap.exchange, gap.symbol, gap.source)

    def _take(self, trade: Trade) -> bool:
        if isinstance(self._missing, MissingIds):
            return self._missing.take(trade)
        return self._missing.take(trade, self.now_us)

    def _advance(self, page: Sequence[Trade], late: bool) -> None:
        paging = self._feed.traits.paging
        if paging == "recent":
            self._over, self._cut = True, late
        elif paging == "time":
            self._advance_in_time(page)
        else:
            self._advance_by_id(page)

    def _advance_in_time(self, page: Sequence[Trade]) -> None:
        latest_us = max((trade.event_time_us for trade in page), default=0)
        is_full = len(page) >= self._feed.traits.rest.page_rows
        moved = latest_us > self._latest_us
        through_us = self._extent.through_us
        self._over = not moved or latest_us > (self.now_us if through_us is None else through_us)
        self._cut = is_full and not moved  # more trades of one instant than a page holds
        self._latest_us = max(self._latest_us, latest_us)
        cursor_us = self._latest_us
        if isinstance(self._missing, MissingTime):
            # A page that is not full ends where the venue's pages end by now: there its markets may be unlike far.
            if not is_full and not self._extent.is_settled(self.now_us):
                cursor_us = self._missing.through_us
            self._missing.forget()
        self._cursor_us = max(self._cursor_us, cursor_us)

    def _advance_by_id(self, page: Sequence[Trade]) -> None:
        numbers = [number for trade in page if (number := id_number(trade.trade_id)) >= 0]
        first, last = self._extent.first, self._extent.last
        if not numbers:
            self._over = True
        elif self._feed.traits.paging == "up" and first is not None:
            self._over = max(numbers) < self._low or last is None or max(numbers) >= last
            self._low = max(numbers) + 1
        else:
            reached = first is None and any(not self._extent.is_after_start(trade) for trade in page)
            self._over = reached or min(numbers) > self._high or min(numbers) <= (first or 0)
            self._high = min(numbers) - 1
