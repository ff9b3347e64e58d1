"""Entries of a PutRecords call: one record as it is, or many of one market and source as a KPL aggregate.

A failed entry is all its records, and a confirmed one too. An entry keeps its records and becomes bytes only while it
is being sent, in the thread that sends it: sent again, it may go to another shard, and an aggregate repeats its
explicit hash key within.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from producers.sink.pacing import Shard
from producers.source import Item
from tapehouse.kinesis_limits import KEY_CHARS, RECORD_BYTES
from tapehouse.kpl import aggregate
from tapehouse.market import MarketKey


class RawKey(NamedTuple):
    """Bytes sent as they are, by their partition key: they have no mark."""

    partition_key: str

    def __str__(self) -> str:
        return f"raw {self.partition_key}"


EntryKey: TypeAlias = MarketKey | RawKey


@dataclass(slots=True, eq=False)
class Entry:
    """Records of one market, in the order they were put, from being put to being confirmed."""

    key: EntryKey
    """Whose order they belong to."""
    partition_key: str
    key_bytes: int
    items: list[Item]
    parts: list[bytes]
    """Each item's bytes."""
    weight: int = 0
    """The most bytes that they, their frame and the partition key come to as an aggregate."""
    only_trades: bool = True
    position: int = -1
    """Which item of the sink its first one is, from 0."""
    ticket: int = -1
    """Which item of its key its first one is, from 0; the others follow without a hole."""
    since: float = 0.0
    """The loop's time, in seconds, when its first item was put."""
    shard: Shard | None = None
    """Where it is meant to go; None where its partition key decides."""
    explicit_hash_key: str | None = None
    stored_in: str | None = None
    """The id of the shard that Kinesis put it into."""
    sent_bytes: int = 0
    """Data and partition key as they were sent last."""
    attempts: int = 0
    first_sent: float | None = None
    """The loop's time, in seconds, of the first call that held it."""

    @property
    def size(self) -> int:
        """The most bytes of data and partition key that it will have: what Kinesis counts."""
        return self.key_bytes + len(self.parts[0]) if len(self.parts) == 1 else self.weight

    @property
    def held_bytes(self) -> int:
        """Bytes of its items, each with its partition key: what the buffer counts."""
        return sum(map(len, self.parts)) + len(self.parts) * self.key_bytes

    def request(self) -> dict[str, Any]:
        """It as PutRecords wants it. A lone record goes as it is."""
        key, hash_key = self.partition_key, self.explicit_hash_key
        data = self.parts[0] if len(self.parts) == 1 else aggregate(key, self.parts, hash_key)
        self.sent_bytes = len(data) + self.key_bytes
        request: dict[str, Any] = {"Data": data, "PartitionKey": key}
        if hash_key is not None:
            request["ExplicitHashKey"] = hash_key
        return request


def refusal(data: bytes, partition_key: str, *, max_bytes: int = RECORD_BYTES) -> str | None:
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
