"""What was put and is not confirmed yet: bounded, counted, and nowhere else.

Every item is in exactly one entry, and every entry in exactly one place: held back (it speaks for items before it that
are not confirmed), open (more of its market may join it), ready, to be sent again (now or later), or in a call.
``_outstanding`` has them all in the order of their first items, so that the lowest can be named and none is lost. No
I/O and no clock: times are arguments, in seconds.

Nothing is looked at twice: an item costs the same however much waits, and a whole aggregate is confirmed in one step.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from producers.sink.config import SinkConfig
from producers.sink.packing import Entry, refusal
from producers.sink.watermark import Lane, Mark
from producers.source import Item, Raw
from tapehouse.kpl import LONG_HEAD_BYTES, SHORT_BYTES, SHORT_HEAD_BYTES, frame_bytes
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, GapClosed, Record, Trade, encode, partition_key

RAW: Final = "raw "
"""Prefix of the names of bytes sent as they are: they have no mark, and are forgotten when all is confirmed."""
Place = Callable[[Entry, int], bool]
"""Finds an entry of so many bytes a shard; False: not now."""


@dataclass(slots=True, eq=False)
class _Channel:
    """One market and source, or one key of raw bytes."""

    name: MarketKey | str
    partition_key: str
    key_bytes: int
    frame_bytes: int
    lane: Lane = field(default_factory=Lane)
    open: Entry | None = None
    held: deque[Entry] = field(default_factory=deque)


class Buffer:
    """The sink's items on their way. ``on_refused`` is told of an item that Kinesis would never take, and why."""

    def __init__(self, config: SinkConfig, on_refused: Callable[[Item, str], None]) -> None:
        self._config, self._on_refused = config, on_refused
        self._aggregate_bytes = min(config.aggregate_bytes, config.max_record_bytes)
        self._linger_s = config.linger_ms / 1000
        self._put = self._count = self._bytes = 0
        self._outstanding: dict[Entry, None] = {}
        self._channels: dict[MarketKey | str, _Channel] = {}
        self._markets: dict[tuple[str, str | None, str], _Channel] = {}
        self._open: dict[Entry, None] = {}
        self._ready: deque[Entry] = deque()
        self._ready_bytes, self._ready_since = 0, float("inf")
        self._again: deque[Entry] = deque()
        self._later: list[tuple[float, int, Sequence[Entry]]] = []
        self._later_order = itertools.count()

    def __len__(self) -> int:
        return self._count

    @property
    def size(self) -> int:
        """Bytes of all items in it, each with its partition key."""
        return self._bytes

    @property
    def put(self) -> int:
        """Items ever accepted."""
        return self._put

    @property
    def idle(self) -> bool:
        """Nothing fresh is to be sent."""
        return not self._ready and not self._open

    @property
    def lowest(self) -> Entry | None:
        """The entry of the first item put that is not confirmed; it is that entry's first."""
        return next(iter(self._outstanding), None)

    def marks(self) -> Mapping[MarketKey, Mark]:
        """The end of each market's confirmed prefix; raw bytes have none."""
        return {name: each.lane.mark() for name, each in self._channels.items() if isinstance(name, MarketKey)}

    # -- taking items in ------------------------------------------------------------------------------------------

    def accept(self, items: Sequence[Item], start: int, now: float) -> int:
        """Take the items from ``start`` on while there is room; the place of the first that was not taken."""
        config, markets, aggregate_bytes = self._config, self._markets, self._aggregate_bytes
        max_record_bytes = config.max_record_bytes
        put, room, room_bytes = self._put, config.buffer_records - self._count, config.buffer_bytes - self._bytes
        first, first_bytes = room, room_bytes
        at, end = start, len(items)
        try:
            while at < end and room:
                item = items[at]
                kind = type(item)
                if isinstance(item, Raw):
                    data = item.data
                    channel = self._raw_channel(item)
                else:
                    data = encode(item)
                    channel = markets.get((item.exchange, item.symbol, item.source)) or self._channel_of(item)
                size = len(data)
                if channel is None or size + channel.key_bytes > max_record_bytes:
                    self._refuse(item, data)
                    at += 1
                    continue
                room_bytes -= size + channel.key_bytes
                if room_bytes < 0:
                    room_bytes += size + channel.key_bytes
                    break
                lane = channel.lane
                ticket = lane.issued
                lane.issued = ticket + 1
                if kind is not Trade and _is_claim(item) and lane.through < ticket:
                    self._hold(channel, self._entry(channel, item, data, (put, ticket), now))
                else:
                    weight = size + (SHORT_HEAD_BYTES if size < SHORT_BYTES else LONG_HEAD_BYTES)
                    entry = channel.open
                    if entry is not None and entry.weight + weight <= aggregate_bytes and kind is not Raw:
                        entry.items.append(item)
                        entry.parts.append(data)
                        entry.weight += weight
                        if kind is not Trade:
                            entry.only_trades = False
                    else:
                        self._begin(channel, self._entry(channel, item, data, (put, ticket), now), weight)
                put += 1
                room -= 1
                at += 1
        finally:  # whatever a callback raised, what was taken is counted
            self._put = put
            self._count += first - room
            self._bytes += first_bytes - room_bytes
        return at

    def _entry(self, channel: _Channel, item: Item, data: bytes, place: tuple[int, int], now: float) -> Entry:
        entry = Entry(channel.name, channel.partition_key, channel.key_bytes, [item], [data])
        entry.only_trades = type(item) is Trade
        (entry.position, entry.ticket), entry.since = place, now
        self._outstanding[entry] = None
        return entry

    def _begin(self, channel: _Channel, entry: Entry, weight: int) -> None:
        """A new entry: others may join it, unless it is raw or leaves no room for them."""
        self._close(channel)
        entry.weight = channel.frame_bytes + weight
        if entry.weight >= self._aggregate_bytes or isinstance(entry.items[0], Raw):
            self._make_ready(entry)
        else:
            channel.open = entry
            self._open[entry] = None

    def _close(self, channel: _Channel) -> None:
        if channel.open is not None:
            del self._open[channel.open]
            self._make_ready(channel.open)
            channel.open = None

    def _make_ready(self, entry: Entry) -> None:
        self._ready.append(entry)
        self._ready_bytes += entry.size
        self._ready_since = min(self._ready_since, entry.since)

    def _hold(self, channel: _Channel, claim: Entry) -> None:
        """A claim waits for what was put before it; what is put after it goes into an entry of its own."""
        self._close(channel)
        channel.held.append(claim)

    def _channel_of(self, record: Record) -> _Channel | None:
        """The record's channel, now known by its market; None where Kinesis takes no such partition key."""
        key = partition_key(record)
        if refusal(b"", key) is not None:
            return None
        market = MarketKey(record.exchange, record.symbol or "", record.source)
        channel = self._markets[(record.exchange, record.symbol, record.source)] = self._named(market, key)
        return channel

    def _raw_channel(self, raw: Raw) -> _Channel | None:
        return None if refusal(b"", raw.partition_key) else self._named(RAW + raw.partition_key, raw.partition_key)

    def _named(self, name: MarketKey | str, key: str) -> _Channel:
        channel = self._channels.get(name)
        if channel is None:
            raw = key.encode("utf-8")
            channel = self._channels[name] = _Channel(name, key, len(raw), frame_bytes(raw) + len(raw))
        return channel

    def _refuse(self, item: Item, data: bytes) -> None:
        key = item.partition_key if isinstance(item, Raw) else partition_key(item)
        reason = refusal(data, key, max_bytes=self._config.max_record_bytes)
        if isinstance(item, Raw):
            self._forget(self._channels.get(RAW + key))
        self._on_refused(item, reason or "it is too large")

    # -- sending --------------------------------------------------------------------------------------------------

    def is_full_call(self) -> bool:
        """Whether what is ready fills a call, so that lingering is of no use."""
        return self._ready_bytes >= self._config.max_call_bytes or len(self._ready) >= self._config.max_call_entries

    def due(self, now: float, *, hurry: bool) -> float | None:
        """When the next call should be made: ``now`` or earlier for at once, None for not before something changes."""
        if self._again or self.is_full_call() or (hurry and not self.idle):
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
            self._channels[entry.lane].open = None

    def send_again(self, entries: Sequence[Entry], due: float) -> None:
        """Keep entries that failed until ``due``."""
        heapq.heappush(self._later, (due, next(self._later_order), entries))

    # -- being confirmed ------------------------------------------------------------------------------------------

    def settle(self, entries: Sequence[Entry]) -> None:
        """Kinesis has these entries: their items are out of the buffer."""
        for entry in entries:
            del self._outstanding[entry]
            self._count -= len(entry.items)
            self._bytes -= entry.held_bytes
            self._advance(entry)

    def _advance(self, entry: Entry) -> None:
        channel = self._channels[entry.lane]
        lane = channel.lane
        if not _confirm(lane, entry):
            return
        while channel.held and channel.held[0].ticket <= lane.through:
            self._make_ready(channel.held.popleft())
        self._forget(channel)

    def _forget(self, channel: _Channel | None) -> None:
        """Keys of raw bytes may be any number of things: none is kept of which nothing is on its way."""
        if channel is None or isinstance(channel.name, MarketKey):
            return
        if channel.lane.through == channel.lane.issued:
            self._channels.pop(channel.name, None)


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


def _is_claim(item: Item) -> bool:
    return item.claim if isinstance(item, Raw) else isinstance(item, Coverage | GapClosed)


def _confirm(lane: Lane, entry: Entry) -> bool:
    """Take the entry's tickets; True when the lane's prefix advanced."""
    items = entry.items
    if entry.only_trades:
        live = next((each for each in reversed(items) if isinstance(each, Trade) and not each.backfilled), None)
        return lane.confirm(entry.ticket, live, len(items))
    advanced = [
        lane.confirm(ticket, None if isinstance(item, Raw) else item) for ticket, item in enumerate(items, entry.ticket)
    ]
    return any(advanced)
