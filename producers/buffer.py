"""What was put and is not confirmed yet: bounded, counted, and nowhere else.

Every item is in exactly one place: held back (it speaks for items before it that are not confirmed), waiting to be
packed, in an entry to be sent again (now or later), or in a call. ``outstanding`` has them all in the order they were
put, so that the lowest can be named and none is lost. No I/O and no clock: times are arguments, in seconds.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Mapping, Sequence

from producers.packing import Entry, Packer, Pending
from producers.sink_config import SinkConfig
from producers.source import Item, Raw
from producers.watermark import Lane, Mark

RAW_LANE = "raw "
"""Prefix of the lanes of bytes sent as they are: they have no mark, and are forgotten when all is confirmed."""


class Buffer:
    """The sink's items on their way."""

    def __init__(self, config: SinkConfig, packer: Packer) -> None:
        self._config, self._packer = config, packer
        self._put = 0
        self._outstanding: dict[int, Pending] = {}
        self._bytes = 0
        self._lanes: dict[str, Lane] = {}
        self._held: dict[str, deque[Pending]] = {}
        self._waiting: deque[Pending] = deque()
        self._waiting_bytes = 0
        self._waiting_since = 0.0
        self._again: deque[Entry] = deque()
        self._later: list[tuple[float, int, Sequence[Entry]]] = []
        self._later_order = itertools.count()

    def __len__(self) -> int:
        return len(self._outstanding)

    @property
    def size(self) -> int:
        """Bytes of all items in it."""
        return self._bytes

    @property
    def put(self) -> int:
        """Items ever accepted."""
        return self._put

    @property
    def waiting(self) -> int:
        """Items that are to be packed: neither held back, nor in an entry."""
        return len(self._waiting)

    @property
    def lowest(self) -> Pending | None:
        """The first item put that is not confirmed."""
        return next(iter(self._outstanding.values()), None)

    def marks(self) -> Mapping[str, Mark]:
        """Lane → the end of its confirmed prefix; lanes of raw bytes have none."""
        return {name: lane.mark() for name, lane in self._lanes.items() if not name.startswith(RAW_LANE)}

    def has_room(self, size: int) -> bool:
        """Whether an item of ``size`` bytes may be accepted now."""
        return len(self._outstanding) < self._config.buffer_records and self._bytes + size <= self._config.buffer_bytes

    def accept(self, pending: Pending, now: float) -> None:
        """Take an item."""
        pending.position = self._put
        self._put += 1
        self._outstanding[pending.position] = pending
        self._bytes += pending.size
        lane = self._lanes.get(pending.lane)
        if lane is None:
            lane = self._lanes[pending.lane] = Lane()
        pending.ticket = lane.issue()
        if pending.claim and lane.through < pending.ticket:
            self._held.setdefault(pending.lane, deque()).append(pending)
        else:
            self._enqueue(pending, now)

    def settle(self, entries: Sequence[Entry], now: float) -> list[Item]:
        """Kinesis has these entries: the items they held, now out of the buffer."""
        items: list[Item] = []
        for entry in entries:
            for pending in entry.items:
                del self._outstanding[pending.position]
                self._bytes -= pending.size
                items.append(pending.item)
                self._advance(pending, now)
        return items

    def send_again(self, entries: Sequence[Entry], due: float) -> None:
        """Keep entries that failed until ``due``."""
        heapq.heappush(self._later, (due, next(self._later_order), entries))

    def is_full_call(self) -> bool:
        """Whether what waits fills a call."""
        return self._packer.fills(
            len(self._waiting),
            self._waiting_bytes,
            max_entries=self._config.max_call_entries,
            max_bytes=self._config.max_call_bytes,
        )

    def due(self, now: float, *, hurry: bool) -> float | None:
        """When the next call should be made: ``now`` or earlier for at once, None for not before something changes."""
        if self._again or (self._waiting and (hurry or self.is_full_call())):
            return now
        times = [self._waiting_since + self._config.linger_ms / 1000] if self._waiting else []
        times += [self._later[0][0]] if self._later else []
        return min(times, default=None)

    def take(self, now: float) -> list[Entry]:
        """A call's entries: those to be sent again first, since they hold the marks back."""
        while self._later and self._later[0][0] <= now:
            self._again.extend(heapq.heappop(self._later)[2])
        entries: list[Entry] = []
        room = self._config.max_call_bytes
        while self._again and len(entries) < self._config.max_call_entries and self._again[0].size <= room:
            entries.append(self._again.popleft())
            room -= entries[-1].size
        max_entries = self._config.max_call_entries - len(entries)
        fresh = self._packer.take(self._waiting, max_entries=max_entries, max_bytes=room)
        for entry in fresh:
            entry.first_sent = now
            self._waiting_bytes -= sum(pending.size for pending in entry.items)
        self._waiting_since = now  # what is left was too much for this call: it may linger for company again
        return entries + fresh

    def _enqueue(self, pending: Pending, now: float) -> None:
        if not self._waiting:
            self._waiting_since = now
        self._waiting.append(pending)
        self._waiting_bytes += pending.size

    def _advance(self, pending: Pending, now: float) -> None:
        lane = self._lanes[pending.lane]
        if not lane.confirm(pending.ticket, None if isinstance(pending.item, Raw) else pending.item):
            return
        held = self._held.get(pending.lane)
        while held and held[0].ticket <= lane.through:
            self._enqueue(held.popleft(), now)
        if held is not None and not held:
            del self._held[pending.lane]
        if lane.through == lane.issued and pending.lane.startswith(RAW_LANE):
            del self._lanes[pending.lane]
