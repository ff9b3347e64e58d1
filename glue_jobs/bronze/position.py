"""The position in the stream: what has been read, kept inside the commits of bronze itself.

It is keyed by the stream's identity (name and creation time), holds the highest sequence number per shard, and the
time up to which the stream is known to have been watched. Sequence numbers are integers of up to 129 digits and are
never compared across shards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

VERSION = 1


@dataclass(frozen=True, slots=True)
class StreamGap:
    """A span of arrival time whose records the stream had dropped before they were read (µs UTC)."""

    from_us: int
    to_us: int

    def as_json(self) -> dict[str, int]:
        return {"from_us": self.from_us, "to_us": self.to_us}


@dataclass(frozen=True, slots=True)
class Position:
    """What bronze has of one stream."""

    stream_name: str
    stream_created_at_us: int
    shards: Mapping[str, int] = field(default_factory=dict)
    """Shard id → highest sequence number in bronze."""
    watched_us: int | None = None
    """When the stream was last seen by a turn that committed, µs UTC; None before the first."""
    ingested_us: int = 0
    """ingested_at of the newest rows: it grows with every turn, also when the clock is set back."""
    gaps: tuple[StreamGap, ...] = ()

    def is_of(self, stream_name: str, stream_created_at_us: int) -> bool:
        return (self.stream_name, self.stream_created_at_us) == (stream_name, stream_created_at_us)

    def advanced(self, read: Mapping[str, int], *, listed: frozenset[str], watched_us: int) -> "Position":
        """The position after a turn that read ``read``; shards that the stream no longer lists are forgotten."""
        shards = {shard: sequence for shard, sequence in self.shards.items() if shard in listed}
        for shard, sequence in read.items():
            shards[shard] = max(sequence, shards.get(shard, 0))
        return replace(self, shards=shards, watched_us=watched_us)

    def as_json(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "stream": self.stream_name,
            "created_us": self.stream_created_at_us,
            "shards": {shard: str(sequence) for shard, sequence in sorted(self.shards.items())},
            "watched_us": self.watched_us,
            "ingested_us": self.ingested_us,
            "gaps": [gap.as_json() for gap in self.gaps],
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Position":
        return cls(
            stream_name=body["stream"],
            stream_created_at_us=body["created_us"],
            shards={shard: int(sequence) for shard, sequence in body["shards"].items()},
            watched_us=body["watched_us"],
            ingested_us=body["ingested_us"],
            gaps=tuple(StreamGap(gap["from_us"], gap["to_us"]) for gap in body["gaps"]),
        )
