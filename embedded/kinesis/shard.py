"""One shard: a range of hash keys, the numbers of its records, and their log."""

import random
from dataclasses import dataclass, field
from typing import Any, Final

from .limits import ShardThroughput
from .sequence import STEP_BITS
from .shard_log import ShardLog

HASH_KEYS: Final = 2**128
"""MD5 makes 128 bits; ranges of open shards cover 0 … 2^128 − 1 without hole or overlap."""


def shard_id(index: int) -> str:
    """The name of a stream's shard number ``index``."""
    return f"shardId-{index:012d}"


@dataclass(slots=True, kw_only=True)
class Shard:
    """A shard of a stream. Open until it is split or merged, then read-only, then gone with its retention."""

    index: int
    start_hash: int
    end_hash: int
    """Inclusive."""
    first_sequence: int
    created_us: int
    generation: int
    log: ShardLog
    parents: tuple[int, ...] = ()
    """Indexes: none, the one split, or the two merged."""
    closed_us: int | None = None
    end_sequence: int | None = None
    """Set when it closes; above every number given out."""
    throughput: ShardThroughput = field(default_factory=ShardThroughput)
    id: str = ""
    last_sequence: int = 0
    """The highest number given out; ``first_sequence`` before the first record."""

    def __post_init__(self) -> None:
        self.id = shard_id(self.index)
        self.last_sequence = max(self.first_sequence, self.log.last_sequence or 0)

    @property
    def is_open(self) -> bool:
        return self.closed_us is None

    def close(self, now_us: int, rng: random.Random) -> None:
        """Take no more records."""
        self.closed_us = now_us
        self.end_sequence = self.last_sequence + 1 + rng.getrandbits(STEP_BITS)

    def reopen(self) -> None:
        """Take back a ``close`` that could not be written down."""
        self.closed_us = self.end_sequence = None

    def hash_range(self) -> dict[str, str]:
        """HashKeyRange, as ListShards answers it."""
        return {"StartingHashKey": str(self.start_hash), "EndingHashKey": str(self.end_hash)}

    def describe(self) -> dict[str, Any]:
        """The Shard structure of DescribeStream and ListShards."""
        numbers = {"StartingSequenceNumber": str(self.first_sequence)}
        if self.end_sequence is not None:
            numbers["EndingSequenceNumber"] = str(self.end_sequence)
        shown: dict[str, Any] = {"ShardId": self.id}
        if self.parents:
            shown["ParentShardId"] = shard_id(self.parents[0])
        if len(self.parents) == 2:
            shown["AdjacentParentShardId"] = shard_id(self.parents[1])
        return {**shown, "HashKeyRange": self.hash_range(), "SequenceNumberRange": numbers}

    def saved(self) -> dict[str, Any]:
        """What the catalog keeps; the records are in the log. Big integers are text, as JSON readers may round them."""
        return {
            "index": self.index,
            "start_hash": str(self.start_hash),
            "end_hash": str(self.end_hash),
            "first_sequence": str(self.first_sequence),
            "end_sequence": None if self.end_sequence is None else str(self.end_sequence),
            "created_us": self.created_us,
            "closed_us": self.closed_us,
            "generation": self.generation,
            "parents": list(self.parents),
        }

    @classmethod
    def restored(cls, saved: dict[str, Any], log: ShardLog) -> "Shard":
        """The shard of a catalog's entry."""
        end = saved["end_sequence"]
        return cls(
            index=saved["index"],
            start_hash=int(saved["start_hash"]),
            end_hash=int(saved["end_hash"]),
            first_sequence=int(saved["first_sequence"]),
            end_sequence=None if end is None else int(end),
            created_us=saved["created_us"],
            closed_us=saved["closed_us"],
            generation=saved["generation"],
            parents=tuple(saved["parents"]),
            log=log,
        )
