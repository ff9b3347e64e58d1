"""Entries to be sent: those that still fill up, those that are ready, and those that failed and wait for another try.

No I/O and no clock: times are arguments, in seconds.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence

from producers.sink.config import SinkConfig
from producers.sink.packing import Entry

Place = Callable[[Entry, int], bool]
"""Finds an entry of so many bytes a shard; False: not now."""


class Outbox:
    """The entries of no call, in the order they go. ``on_sealed`` is told of one taken while it still filled up."""

    def __init__(self, config: SinkConfig, on_sealed: Callable[[Entry], None]) -> None:
        self._config, self._on_sealed = config, on_sealed
        self._linger_s = config.linger_ms / 1000
        self._open: dict[Entry, None] = {}
        self._ready: deque[Entry] = deque()
        self._ready_bytes, self._ready_since = 0, float("inf")
        self._again: deque[Entry] = deque()
        self._later: list[tuple[float, int, Sequence[Entry]]] = []
        self._later_order = itertools.count()

    def open(self, entry: Entry) -> None:
        """More may join this entry, until ``seal`` or until it is taken."""
        self._open[entry] = None

    def seal(self, entry: Entry) -> None:
        """Nothing more joins this entry: it is ready."""
        del self._open[entry]
        self.add(entry)

    def add(self, entry: Entry) -> None:
        """An entry that is ready from its beginning."""
        self._ready.append(entry)
        self._ready_bytes += entry.size
        self._ready_since = min(self._ready_since, entry.since)

    def add_again(self, entries: Sequence[Entry], due: float) -> None:
        """Keep entries that failed until ``due``."""
        heapq.heappush(self._later, (due, next(self._later_order), entries))

    @property
    def idle(self) -> bool:
        """Nothing fresh is to be sent."""
        return not self._ready and not self._open

    def fills_call(self) -> bool:
        """Whether what is ready fills a call, so that lingering is of no use."""
        return self._ready_bytes >= self._config.max_call_bytes or len(self._ready) >= self._config.max_call_entries

    def due(self, now: float, *, hurry: bool) -> float | None:
        """When the next call should be made: ``now`` or earlier for at once, None for not before something changes."""
        if self._again or self.fills_call() or (hurry and not self.idle):
            return now
        times = [self._ready_since + self._linger_s] if self._ready else []
        times += [next(iter(self._open)).since + self._linger_s] if self._open else []
        times += [self._later[0][0]] if self._later else []
        return min(times, default=None)

    @property
    def next_bytes(self) -> int:
        """Bytes of the entry that a call would hold first; 0 where there is none."""
        first = next(itertools.chain(self._again, self._ready, self._open), None)
        return 0 if first is None else first.size

    def take(self, now: float, place: Place, *, hurry: bool) -> list[Entry]:
        """A call's entries: those to be sent again first, since they hold the marks back; none where none is placed.

        Open ones go too where the first has lingered its time, with those that have lingered half of it, or in a hurry.
        """
        while self._later and self._later[0][0] <= now:
            self._again.extend(heapq.heappop(self._later)[2])
        call = _Call(self._config, place)
        while self._again and call.add(self._again[0]):
            self._again.popleft()
        while not self._again and self._ready and call.add(self._ready[0]):
            self._ready_bytes -= self._ready.popleft().size
        if not self._ready:
            self._ready_since = float("inf")
            if not self._again:
                self._take_open(call, now, hurry=hurry)
        for entry in call.entries:
            entry.first_sent = now if entry.first_sent is None else entry.first_sent
        return call.entries

    def _take_open(self, call: "_Call", now: float, *, hurry: bool) -> None:
        if not self._open or not (hurry or next(iter(self._open)).since + self._linger_s <= now):
            return
        while self._open:
            entry = next(iter(self._open))
            if not (hurry or entry.since + self._linger_s / 2 <= now) or not call.add(entry):
                return
            del self._open[entry]
            self._on_sealed(entry)


class _Call:
    """The entries of one call, within its bounds."""

    __slots__ = ("_place", "_room", "_room_bytes", "entries")

    def __init__(self, config: SinkConfig, place: Place) -> None:
        self.entries: list[Entry] = []
        self._room, self._room_bytes, self._place = config.max_call_entries, config.max_call_bytes, place

    def add(self, entry: Entry) -> bool:
        """Take the entry in, if it fits and a shard has room for it."""
        size = entry.size
        if self._room == 0 or size > self._room_bytes or not self._place(entry, size):
            return False
        self._room -= 1
        self._room_bytes -= size
        self.entries.append(entry)
        return True
