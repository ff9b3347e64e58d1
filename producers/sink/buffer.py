"""What was put and is not confirmed yet: bounded, counted, and nowhere else.

Every item is in exactly one entry, and every entry in exactly one place: held back (a barrier: items before it are not
confirmed), in the ``outbox``, or in a call. ``_outstanding`` has them all in the order of their first items, so that
the lowest can be named and none is lost. No I/O and no clock: times are arguments, in seconds.

Nothing is looked at twice: an item costs the same however much waits, and a whole aggregate is confirmed in one step.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from producers.sink.config import SinkConfig
from producers.sink.errors import UnconfirmedError
from producers.sink.outbox import Outbox
from producers.sink.packing import Entry, EntryKey, RawKey, refusal
from producers.sink.watermark import Mark, Watermark
from producers.source import Item, Raw
from tapehouse.kpl import LONG_HEAD_BYTES, SHORT_BYTES, SHORT_HEAD_BYTES, frame_bytes
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, GapClosed, Record, Trade, encode, partition_key


@dataclass(slots=True, eq=False)
class _Channel:
    """The items of one market, or of one key of raw bytes, that are not confirmed."""

    key: EntryKey
    partition_key: str
    key_bytes: int
    frame_bytes: int
    watermark: Watermark = field(default_factory=Watermark)
    open: Entry | None = None
    """What the next item may join."""
    held: deque[Entry] = field(default_factory=deque)
    """Barriers: each goes when all before it is confirmed."""


class Buffer:
    """The sink's items on their way. ``on_refused`` is told of an item that Kinesis would never take, and why."""

    def __init__(self, config: SinkConfig, on_refused: Callable[[Item, str], None]) -> None:
        self._config, self._on_refused = config, on_refused
        self._aggregate_bytes = min(config.aggregate_bytes, config.max_record_bytes)
        self._put = self._count = self._bytes = 0
        self._outstanding: dict[Entry, None] = {}
        self._channels: dict[EntryKey, _Channel] = {}
        self._markets: dict[tuple[str, str | None, str], _Channel] = {}
        """The channels of records, by what a record says: found without making a key of it."""
        self.outbox = Outbox(config, self._sealed)

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
    def lowest(self) -> Entry | None:
        """The entry of the first item put that is not confirmed; it is that entry's first."""
        return next(iter(self._outstanding), None)

    def marks(self) -> Mapping[MarketKey, Mark]:
        """The end of each market's confirmed prefix; raw bytes have none."""
        return {key: each.watermark.mark() for key, each in self._channels.items() if isinstance(key, MarketKey)}

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
                watermark = channel.watermark
                ticket = watermark.issued
                watermark.issued = ticket + 1
                if kind is not Trade and _is_barrier(item) and watermark.through < ticket:
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
        entry = Entry(channel.key, channel.partition_key, channel.key_bytes, [item], [data])
        entry.only_trades = type(item) is Trade
        (entry.position, entry.ticket), entry.since = place, now
        self._outstanding[entry] = None
        return entry

    def _begin(self, channel: _Channel, entry: Entry, weight: int) -> None:
        """A new entry: others may join it, unless it is raw or leaves no room for them."""
        self._seal(channel)
        entry.weight = channel.frame_bytes + weight
        if entry.weight >= self._aggregate_bytes or isinstance(entry.items[0], Raw):
            self.outbox.add(entry)
        else:
            channel.open = entry
            self.outbox.open(entry)

    def _seal(self, channel: _Channel) -> None:
        if channel.open is not None:
            self.outbox.seal(channel.open)
            channel.open = None

    def _sealed(self, entry: Entry) -> None:
        self._channels[entry.key].open = None

    def _hold(self, channel: _Channel, barrier: Entry) -> None:
        """A barrier waits for what was put before it; what is put after it goes into an entry of its own."""
        self._seal(channel)
        channel.held.append(barrier)

    def _channel_of(self, record: Record) -> _Channel | None:
        """The record's channel, now known by its market; None where Kinesis takes no such partition key."""
        key = partition_key(record)
        if refusal(b"", key) is not None:
            return None
        market = MarketKey(record.exchange, record.symbol or "", record.source)
        channel = self._markets[(record.exchange, record.symbol, record.source)] = self._channel(market, key)
        return channel

    def _raw_channel(self, raw: Raw) -> _Channel | None:
        key = raw.partition_key
        return None if refusal(b"", key) else self._channel(RawKey(key), key)

    def _channel(self, key: EntryKey, partition_key: str) -> _Channel:
        channel = self._channels.get(key)
        if channel is None:
            raw = partition_key.encode("utf-8")
            channel = self._channels[key] = _Channel(key, partition_key, len(raw), frame_bytes(raw) + len(raw))
        return channel

    def _refuse(self, item: Item, data: bytes) -> None:
        key = item.partition_key if isinstance(item, Raw) else partition_key(item)
        reason = refusal(data, key, max_bytes=self._config.max_record_bytes)
        if isinstance(item, Raw):
            self._forget(self._channels.get(RawKey(key)))
        self._on_refused(item, reason or "it is too large")

    def unconfirmed(self, reason: str) -> UnconfirmedError:
        """What is to be said where the sink ends before all is confirmed."""
        lowest = self.lowest
        first = "none" if lowest is None else f"{lowest.key}{_identity(lowest.items[0])}"
        position = -1 if lowest is None else lowest.position
        return UnconfirmedError(self._config.stream, len(self), position, first, reason)

    # -- being confirmed ------------------------------------------------------------------------------------------

    def settle(self, entries: Sequence[Entry]) -> None:
        """Kinesis has these entries: their items are out of the buffer."""
        for entry in entries:
            del self._outstanding[entry]
            self._count -= len(entry.items)
            self._bytes -= entry.held_bytes
            self._advance(entry)

    def _advance(self, entry: Entry) -> None:
        channel = self._channels[entry.key]
        watermark = channel.watermark
        if not _confirm(watermark, entry):
            return
        while channel.held and channel.held[0].ticket <= watermark.through:
            self.outbox.add(channel.held.popleft())
        self._forget(channel)

    def _forget(self, channel: _Channel | None) -> None:
        """Keys of raw bytes may be any number of things: none is kept of which nothing is on its way."""
        if channel is None or isinstance(channel.key, MarketKey):
            return
        if channel.watermark.through == channel.watermark.issued:
            self._channels.pop(channel.key, None)


def _identity(item: Item) -> str:
    return f" {item.trade_id}" if isinstance(item, Trade) else ""


def _is_barrier(item: Item) -> bool:
    return item.barrier if isinstance(item, Raw) else isinstance(item, Coverage | GapClosed)


def _confirm(watermark: Watermark, entry: Entry) -> bool:
    """Take the entry's tickets; True when the market's prefix advanced."""
    items = entry.items
    if entry.only_trades:
        live = next((each for each in reversed(items) if isinstance(each, Trade) and not each.backfilled), None)
        return watermark.confirm(entry.ticket, live, len(items))
    advanced = [
        watermark.confirm(ticket, None if isinstance(item, Raw) else item)
        for ticket, item in enumerate(items, entry.ticket)
    ]
    return any(advanced)
