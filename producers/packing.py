"""How records become entries of a PutRecords call.

``PlainPacker`` makes one entry of one record. Another packer may put many records of one market into an entry: the
sink only asks which records an entry holds, so that a failed entry is all of them, and a confirmed one too.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from producers.source import Item

CALL_ENTRIES: Final = 500
"""Entries that one PutRecords call may hold. Source: PutRecords, API reference."""
CALL_BYTES: Final = 10 * 1024 * 1024
"""Data and partition keys that one PutRecords call may hold. Source: as above."""
ENTRY_BYTES: Final = 1024 * 1024
"""Data and partition key of one record, at the limit every stream has unless it is raised."""
KEY_CHARS: Final = 256


@dataclass(slots=True, eq=False)
class Pending:
    """One item on its way, from being put to being confirmed."""

    item: Item
    data: bytes
    partition_key: str
    size: int
    """Bytes of the data and the partition key: what Kinesis counts."""
    lane: str
    """The market and source whose order it belongs to."""
    claim: bool
    """It speaks for all that was put before it in its lane, and may not be sent before that is confirmed."""
    position: int = -1
    """Which item of the sink it is, from 0."""
    ticket: int = -1
    """Which item of its lane it is, from 0."""


@dataclass(slots=True, eq=False)
class Entry:
    """One entry of a PutRecords call and the items it holds."""

    data: bytes
    partition_key: str
    size: int
    items: tuple[Pending, ...]
    explicit_hash_key: str | None = None
    attempts: int = 0
    first_sent: float | None = None
    """The loop's time, in seconds, of the first call that held it."""


class Packer(Protocol):
    """Makes entries of waiting items. Keeps nothing between two calls."""

    def fills(self, count: int, size: int, *, max_entries: int, max_bytes: int) -> bool:
        """Whether ``count`` items of ``size`` bytes make a full call, so that lingering is of no use."""

    def take(self, waiting: deque[Pending], *, max_entries: int, max_bytes: int) -> list[Entry]:
        """Move the oldest items, as many as fit, out of ``waiting``; at most that many entries and bytes."""


class PlainPacker:
    """One entry a record."""

    def fills(self, count: int, size: int, *, max_entries: int, max_bytes: int) -> bool:
        """See ``Packer``."""
        return count >= max_entries or size >= max_bytes

    def take(self, waiting: deque[Pending], *, max_entries: int, max_bytes: int) -> list[Entry]:
        """See ``Packer``."""
        entries: list[Entry] = []
        while waiting and len(entries) < max_entries and waiting[0].size <= max_bytes:
            pending = waiting.popleft()
            max_bytes -= pending.size
            entries.append(Entry(pending.data, pending.partition_key, pending.size, (pending,)))
        return entries


def refusal(data: bytes, partition_key: str, *, max_bytes: int = ENTRY_BYTES) -> str | None:
    """Why Kinesis would never take this record, or None. One such record would fail its whole call for ever."""
    if not 1 <= len(partition_key) <= KEY_CHARS:
        return f"its partition key has {len(partition_key)} characters, Kinesis takes 1 to {KEY_CHARS}"
    try:
        size = len(data) + len(partition_key.encode("utf-8"))
    except UnicodeEncodeError:
        return "its partition key is not valid Unicode"
    if size > max_bytes:
        return f"it has {size} bytes with its partition key, the limit is {max_bytes}"
    return None
