"""One stream: its shards, who gets which hash key, and how shards are split and merged."""

import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tapehouse.kinesis_limits import KIB, RECORD_BYTES

from .errors import ACCOUNT
from .sequence import first_number
from .shard import HASH_KEYS, Shard
from .shard_log import ShardLog

HOUR_US: Final = 3_600_000_000
_SAVED: Final = (
    *("name", "region", "created_us", "serial", "mode", "retention_hours", "max_record_kib", "tags", "kms_key"),
    *("next_index", "settled_us", "transition", "floor_us"),
)
NewLog = Callable[["Stream", int], ShardLog]
"""Makes the log of a stream's shard, by the shard's index."""


@dataclass(slots=True, kw_only=True)
class Stream:
    """A stream. Its identity is ``name`` + ``created_us``."""

    name: str
    region: str
    created_us: int
    """Whole milliseconds, higher than that of every stream made before."""
    serial: int
    """Counts the streams ever made by this server; names its folder."""
    mode: str = "PROVISIONED"
    retention_hours: int = 24
    max_record_kib: int = RECORD_BYTES // KIB
    tags: dict[str, str] = field(default_factory=dict)
    kms_key: str | None = None
    """By which a caller asked for encryption. Nothing is encrypted here: the journal is a file of one's own machine."""
    next_index: int = 0
    settled_us: int = 0
    """When CREATING, UPDATING or DELETING ends."""
    transition: str = "CREATING"
    floor_us: int = 0
    """Trimmed up to here for ever, whatever the retention becomes."""
    shards: dict[int, Shard] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    _open: list[Shard] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return f"arn:aws:kinesis:{self.region}:{ACCOUNT}:stream/{self.name}"

    def status(self, now_us: int) -> str:
        return self.transition if now_us < self.settled_us else "ACTIVE"

    def horizon_us(self, now_us: int) -> int:
        """Records stored at or before this instant are gone."""
        return max(self.floor_us, now_us - self.retention_hours * HOUR_US)

    def expired(self, shard: Shard, now_us: int) -> bool:
        """Closed for longer than the retention period: not listed, not read."""
        return shard.closed_us is not None and shard.closed_us <= self.horizon_us(now_us)

    def open_shards(self) -> list[Shard]:
        """In order of their hash keys."""
        return self._open

    def children(self, shard: Shard) -> list[Shard]:
        return [child for child in self.shards.values() if shard.index in child.parents]

    def route(self, hash_key: int) -> Shard:
        """The open shard whose range holds ``hash_key``."""
        return self._open[bisect_right(self._starts, hash_key) - 1]

    def index_open(self) -> None:
        """After shards came, closed or went."""
        self._open = sorted((s for s in self.shards.values() if s.is_open), key=lambda shard: shard.start_hash)
        self._starts = [shard.start_hash for shard in self._open]

    def saved(self) -> dict[str, Any]:
        """What the catalog keeps."""
        return {
            **{name: getattr(self, name) for name in _SAVED},
            "shards": [shard.saved() for shard in self.shards.values()],
        }

    @classmethod
    def restored(cls, saved: dict[str, Any], new_log: NewLog) -> "Stream":
        """The stream of a catalog's entry, with its records."""
        stream = cls(**{name: value for name, value in saved.items() if name != "shards"})
        for entry in saved["shards"]:
            stream.shards[entry["index"]] = Shard.restored(entry, new_log(stream, entry["index"]))
        stream.index_open()
        return stream


class Resharding:
    """Changes to the shards of one stream, made in memory; ``undo`` takes them back if they cannot be written down."""

    def __init__(self, stream: Stream, *, now_us: int, rng: random.Random, new_log: NewLog, salt: str) -> None:
        self._stream = stream
        self._now_us = now_us
        self._rng = rng
        self._new_log = new_log
        self._salt = salt
        self._made: list[Shard] = []
        self._closed: list[Shard] = []

    def add(self, start: int, end: int, parents: tuple[Shard, ...] = ()) -> Shard:
        """A new open shard."""
        stream = self._stream
        index = stream.next_index
        generation = 1 + max(parent.generation for parent in parents) if parents else 0
        number = first_number(
            salt=f"{self._salt}/{stream.name}/{stream.serial}/{index}",
            created_ms=stream.created_us // 1000,
            generation=generation,
            above=max((parent.end_sequence or 0 for parent in parents), default=0),
        )
        shard = Shard(
            index=index,
            start_hash=start,
            end_hash=end,
            first_sequence=number,
            created_us=self._now_us,
            generation=generation,
            parents=tuple(parent.index for parent in parents),
            log=self._new_log(stream, index),
        )
        stream.shards[index] = shard
        stream.next_index += 1
        self._made.append(shard)
        return shard

    def spread(self, count: int) -> None:
        """The first shards of a stream: ``count`` equal ranges."""
        for number in range(count):
            self.add(_boundary(number, count), _boundary(number + 1, count) - 1)
        self._stream.index_open()

    def split(self, shard: Shard, at: int) -> None:
        """Two children, of which the second starts at hash key ``at``."""
        self._close(shard)
        self.add(shard.start_hash, at - 1, (shard,))
        self.add(at, shard.end_hash, (shard,))
        self._stream.index_open()

    def merge(self, shard: Shard, adjacent: Shard) -> None:
        """One child of two neighbours."""
        self._close(shard)
        self._close(adjacent)
        start, end = min(shard.start_hash, adjacent.start_hash), max(shard.end_hash, adjacent.end_hash)
        self.add(start, end, (shard, adjacent))
        self._stream.index_open()

    def uniform(self, count: int) -> None:
        """``count`` equal ranges out of whatever there is, by splits and then merges, as UpdateShardCount does.

        As there, short-lived shards are made on the way.
        """
        starts = {_boundary(number, count) for number in range(count)}
        for at in sorted(starts):
            shard = self._stream.route(at)
            if shard.start_hash != at:
                self.split(shard, at)
        for start in sorted(starts):
            shard = self._stream.route(start)
            while shard.end_hash + 1 < HASH_KEYS and shard.end_hash + 1 not in starts:
                self.merge(shard, self._stream.route(shard.end_hash + 1))
                shard = self._stream.route(start)

    def undo(self) -> None:
        """As if nothing had been asked."""
        for made in self._made:
            del self._stream.shards[made.index]
        for closed in self._closed:
            closed.reopen()
        self._stream.next_index -= len(self._made)
        self._stream.index_open()

    def _close(self, shard: Shard) -> None:
        shard.close(self._now_us, self._rng)
        self._closed.append(shard)


def _boundary(number: int, count: int) -> int:
    return HASH_KEYS * number // count
