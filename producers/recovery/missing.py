"""Which trades of a gap have come, and which are still missing: by ids that count up by one, or by time. Pure."""

from producers.gaps import SeenIds
from producers.recovery.extent import Extent
from tapehouse.record import Trade, id_number


class MissingIds:
    """The trades of a gap whose last id is known."""

    def __init__(self, extent: Extent, last: int) -> None:
        self._extent, self._last = extent, last
        self._known = SeenIds(limit=1 << 62)
        """The ids read that lie in it; where its first one is not known, also those before it."""
        self._before = -1
        """The highest id read of a trade that was made before it."""
        self._lowest: int | None = None
        """The lowest id read of its market."""
        self._count = 0

    def take(self, trade: Trade) -> bool:
        """A trade of its market; True where it was missing."""
        number, first = id_number(trade.trade_id), self._extent.first
        if number < 0:
            return False
        self._lowest = number if self._lowest is None else min(self._lowest, number)
        if number > self._last or (first is not None and number < first) or number in self._known:
            return False
        self._known.add(number)
        if first is None and not self._extent.is_after_start(trade):
            self._before = max(self._before, number)
            return False
        self._count += 1
        return True

    @property
    def low(self) -> int:
        """The lowest id that may be missing."""
        first, ranges = self._extent.first, self._known.ranges
        if first is None:
            return 0
        return ranges[0][1] + 1 if ranges and ranges[0][0] == first else first

    @property
    def high(self) -> int:
        """The highest id that may be missing; above it, up to the last one, every one has come."""
        return self._unbroken_from - 1

    @property
    def _unbroken_from(self) -> int:
        ranges = self._known.ranges
        return ranges[-1][0] if ranges and ranges[-1][1] == self._last else self._last + 1

    @property
    def left(self) -> int | None:
        """How many are missing, where its first id is known too."""
        count = self._extent.count
        return None if count is None else count - self._count

    @property
    def reaches_start(self) -> bool:
        """Where its first id is not known: every one down to a trade from before the gap has come."""
        if self._extent.feed.traits.paging == "time":
            return self._lowest == self._unbroken_from
        return self._unbroken_from == 0 or self._before >= self._unbroken_from


class MissingTime:
    """The trades of a gap that is known by its times alone."""

    def __init__(self, extent: Extent) -> None:
        self._extent = extent
        self.through_us = 0
        """The latest row of its own market: a vendor's other markets may be ahead of it."""
        self.reaches_end = False
        """A page held a trade of its market from where it ends."""
        self._came: dict[str, int] = {}
        """Those that another page may hold again → their times."""

    def take(self, trade: Trade, now_us: int) -> bool:
        """A trade of its market; True where it was missing."""
        at_us = trade.event_time_us
        self.through_us = max(self.through_us, at_us)
        self.reaches_end = self.reaches_end or self._extent.is_end(at_us, now_us)
        if not self._extent.is_in_time(trade) or trade.trade_id in self._came:
            return False
        self._came[trade.trade_id] = at_us
        return True

    def forget(self) -> None:
        """Let go of those that no further page holds: pages go on from the latest row."""
        self._came = {each: at_us for each, at_us in self._came.items() if at_us >= self.through_us}
