"""The position in the stream: what has been read, kept inside the commits of bronze itself.

It is keyed by the stream's identity (name and creation time) and holds, per shard, the highest sequence number, the
arrival of the last record read and the time up to which nothing of the shard is missing. Sequence numbers are integers
of up to 129 digits and are never compared across shards. Arrival is Kinesis' ApproximateArrivalTimestamp.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

VERSION: Final = 2
MOST_GAPS: Final = 256
"""A reader that is always too slow makes a gap each turn: beyond so many the oldest two become one."""

NOTHING_KNOWN: Final = 0
"""The time through which a shard of a stream that was never read before was read: what it dropped was never ours."""

PAUSED: Final = "the pause was longer than the stream's retention"
TRIMMED: Final = "the reader fell behind the stream's retention"
SHORTENED: Final = "the stream's retention was shortened before they were read"
EXPIRED: Final = "the closed shard expired before it was read to its end"
DELETED: Final = "the stream was deleted before they were read"


@dataclass(frozen=True, slots=True)
class StreamGap:
    """A span of arrival time whose records the stream had dropped before they were read (µs UTC)."""

    from_us: int
    to_us: int
    shard_id: str | None = None
    """None: of every shard."""
    reason: str = PAUSED

    def id_in(self, stream_name: str) -> str:
        """Names the gap among all of all streams."""
        return ":".join((stream_name, *((self.shard_id,) if self.shard_id else ()), str(self.from_us)))

    def as_json(self) -> dict[str, Any]:
        return {"from_us": self.from_us, "to_us": self.to_us, "shard_id": self.shard_id, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class ShardPosition:
    """What bronze has of one shard."""

    sequence: int | None = None
    """Highest sequence number in bronze; None where no record of the shard is."""
    arrival_us: int | None = None
    """Of that record."""
    through_us: int = NOTHING_KNOWN
    """Whatever of the shard arrived up to then is in bronze, or in a gap."""
    at_tip: bool = False
    """The last look found nothing more."""
    ended: bool = False
    """Closed, and read to its end: never read again."""

    def joined(self, after: "ShardPosition") -> "ShardPosition":
        """With what a turn found; never back."""
        return ShardPosition(
            max((each.sequence for each in (self, after) if each.sequence is not None), default=None),
            self.arrival_us if after.arrival_us is None else after.arrival_us,
            max(self.through_us, after.through_us),
            after.at_tip,
            self.ended or after.ended,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "sequence": None if self.sequence is None else str(self.sequence),
            "arrival_us": self.arrival_us,
            "through_us": self.through_us,
            "at_tip": self.at_tip,
            "ended": self.ended,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "ShardPosition":
        sequence = body["sequence"]
        return cls(
            None if sequence is None else int(sequence),
            body["arrival_us"],
            body["through_us"],
            body["at_tip"],
            body["ended"],
        )


@dataclass(frozen=True, slots=True)
class Position:
    """What bronze has of one stream."""

    stream_name: str
    stream_created_at_us: int
    shards: Mapping[str, ShardPosition] = field(default_factory=dict)
    """By id; every shard that the stream listed, and each child that a parent's end told of."""
    arrived_through_us: int | None = None
    """Every record that the stream took with an arrival up to then is in bronze, or in a gap. Of one stream it never
    goes back. None where it is not known: a position of an older version, or one that rows alone tell."""
    newest_us: int | None = None
    """The latest arrival of all records in bronze."""
    retention_us: int | None = None
    """Of the stream, when it was last seen."""
    ingested_us: int = 0
    """ingested_at of the newest rows: it grows with every turn, also when the clock is set back."""
    gaps: tuple[StreamGap, ...] = ()

    def is_of(self, stream_name: str, stream_created_at_us: int) -> bool:
        return (self.stream_name, self.stream_created_at_us) == (stream_name, stream_created_at_us)

    def listing(self, listed: Mapping[str, Sequence[str]], *, horizon_us: int) -> "Position":
        """With every shard that the stream lists (id → ids of its parents, these first), without those that are gone.

        A child counts from its parents, since what it holds came after they were closed. A shard that is no longer
        listed has expired: where it was not read to its end, that is a gap up to ``horizon_us``, the arrival before
        which the stream drops records. One that was seen later than that is kept, also one that ended: a listing may
        lag behind, and one that comes back would be read from its beginning.
        """
        least = min((shard.through_us for shard in self.shards.values()), default=NOTHING_KNOWN)
        shards = dict(self.shards)
        for shard_id, parents in listed.items():
            if shard_id not in shards:
                known = [shards[parent].through_us for parent in parents if parent in shards]
                shards[shard_id] = ShardPosition(through_us=max(known, default=least))
        gone = {
            shard_id for shard_id, shard in shards.items() if shard_id not in listed and shard.through_us < horizon_us
        }
        lost = [
            StreamGap(max(shards[shard_id].through_us, self.stream_created_at_us), horizon_us, shard_id, EXPIRED)
            for shard_id in sorted(gone)
            if not shards[shard_id].ended
        ]
        kept = {shard_id: shard for shard_id, shard in shards.items() if shard_id not in gone}
        return replace(self, shards=kept, gaps=_bounded((*self.gaps, *lost)))

    def readable(self, listed: Mapping[str, Sequence[str]]) -> list[str]:
        """The shards to read: not those that ended, and children only after their parents."""
        return [
            shard_id
            for shard_id, parents in listed.items()
            if not self.shards[shard_id].ended
            and all(self.shards[parent].ended for parent in parents if parent in listed)
        ]

    def advanced(
        self, read: Mapping[str, ShardPosition], *, gaps: Iterable[StreamGap] = (), newest_us: int | None = None
    ) -> "Position":
        """After a turn that found ``read``, whose newest record arrived at ``newest_us``."""
        shards = {**self.shards}
        for shard_id, after in read.items():
            shards[shard_id] = shards.get(shard_id, ShardPosition()).joined(after)
        # An ended shard gets nothing more; its children, which it names, are here and count from it.
        lowest = min((shard.through_us for shard in shards.values() if not shard.ended), default=None)
        return replace(
            self,
            shards=shards,
            arrived_through_us=_greatest(self.arrived_through_us, lowest),
            newest_us=_greatest(self.newest_us, newest_us),
            gaps=_bounded((*self.gaps, *gaps)),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "stream": self.stream_name,
            "created_us": self.stream_created_at_us,
            "shards": {shard_id: shard.as_json() for shard_id, shard in sorted(self.shards.items())},
            "arrived_through_us": self.arrived_through_us,
            "newest_us": self.newest_us,
            "retention_us": self.retention_us,
            "ingested_us": self.ingested_us,
            "gaps": [gap.as_json() for gap in self.gaps],
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Position":
        """Also of version 1, which knew one time of watching for all shards."""
        if body["v"] == 1:
            seen_us = body["watched_us"] or 0
            return cls(
                stream_name=body["stream"],
                stream_created_at_us=body["created_us"],
                shards={
                    shard_id: ShardPosition(int(sequence), through_us=seen_us)
                    for shard_id, sequence in body["shards"].items()
                },
                ingested_us=body["ingested_us"],
                gaps=tuple(StreamGap(gap["from_us"], gap["to_us"]) for gap in body["gaps"]),
            )
        return cls(
            stream_name=body["stream"],
            stream_created_at_us=body["created_us"],
            shards={shard_id: ShardPosition.from_json(shard) for shard_id, shard in body["shards"].items()},
            arrived_through_us=body["arrived_through_us"],
            newest_us=body["newest_us"],
            retention_us=body["retention_us"],
            ingested_us=body["ingested_us"],
            gaps=tuple(StreamGap(**gap) for gap in body["gaps"]),
        )


def _greatest(*times: int | None) -> int | None:
    return max((time for time in times if time is not None), default=None)


def _bounded(gaps: tuple[StreamGap, ...]) -> tuple[StreamGap, ...]:
    while len(gaps) > MOST_GAPS:
        first, second, *others = gaps
        shard_id = first.shard_id if first.shard_id == second.shard_id else None
        span = (min(first.from_us, second.from_us), max(first.to_us, second.to_us))
        gaps = (StreamGap(*span, shard_id, second.reason), *others)
    return gaps
