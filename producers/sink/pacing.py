"""Which shard an entry goes to, and when: a shard's limits are kept by waiting, not by being throttled.

A shard takes 1 MB and 1,000 records a second (Kinesis limits page). Each has a bucket that holds half a second of
that; what is sent takes from it, and the fullest bucket is chosen, so that one busy market fills all shards. Half a
second, not a whole one: what left in good order may arrive bunched. A shard that throttles all the same (somebody else
writes too) is given half its share, and a tenth more of the whole each second after.

Without known shards nothing is chosen and nothing waits: the partition key decides, and backoff alone slows.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from tapehouse.kinesis_limits import SHARD_BYTES_PER_S

BURST_S: Final = 0.5
"""Seconds' worth that a bucket holds. An entry of more waits for a full bucket, and puts it into debt."""
LEAST_SHARE: Final = 0.1
REGAINED_PER_S: Final = 0.1
AVOIDED_S: Final = 0.1
"""A shard that throttled is given nothing for so long."""


@dataclass(frozen=True, slots=True)
class Shard:
    """An open shard: its id, and its first and last hash key."""

    id: str
    first: int
    last: int


@dataclass(slots=True, eq=False)
class _Pace:
    """What is known of one shard's bucket."""

    shard: Shard
    busy_until: float = 0.0
    """When all that was sent to it will have been taken, at its pace."""
    share: float = 1.0
    """Of its limits, as of ``throttled_at``."""
    throttled_at: float = float("-inf")

    def share_at(self, now: float) -> float:
        if self.share == 1.0:
            return 1.0
        return min(1.0, self.share + (now - self.throttled_at) * REGAINED_PER_S)


class Pacer:
    """Chooses shards and hash keys. No I/O and no clock: ``now`` is an argument, in seconds.

    ``bytes_per_s`` and ``records_per_s`` are a shard's; 0 and 0: nothing ever waits, load is spread all the same.
    """

    def __init__(self, *, bytes_per_s: int, records_per_s: int, uniform: Callable[[], float] = random.random) -> None:
        self._limited = bool(bytes_per_s or records_per_s)
        unlimited = 0 if self._limited else 1 / SHARD_BYTES_PER_S
        self._s_a_byte = 1 / bytes_per_s if bytes_per_s else unlimited
        self._s_a_record = 1 / records_per_s if records_per_s else 0.0
        self._uniform = uniform
        self._paces: dict[str, _Pace] = {}

    @property
    def shards(self) -> int:
        """How many shards are known."""
        return len(self._paces)

    def use(self, shards: Sequence[Shard]) -> None:
        """Know these shards from now on; what was learnt of those that stay is kept."""
        known = self._paces
        self._paces = {shard.id: known.get(shard.id) or _Pace(shard) for shard in shards}

    def choose(self, size: int, now: float) -> tuple[Shard, str] | None:
        """The shard for an entry of ``size`` bytes and a hash key of it, now taken into account; None: wait."""
        pace = self._freest()
        cost_s = self._cost_s(size) / pace.share_at(now)
        if self._limited and now + 1e-9 < _free_at(pace, cost_s):
            return None
        pace.busy_until = max(now, pace.busy_until) + cost_s
        shard = pace.shard
        key = shard.first + int(self._uniform() * (shard.last - shard.first + 1))
        return shard, str(min(key, shard.last))

    def ready_at(self, size: int, now: float) -> float:
        """When some shard will take an entry of ``size`` bytes; ``now`` or earlier for at once."""
        if not self._paces or not self._limited:
            return now
        pace = self._freest()
        return _free_at(pace, self._cost_s(size) / pace.share_at(now))

    def throttled(self, shard: Shard, now: float) -> None:
        """The shard refused something: spare it. Refusals of one burst count once."""
        pace = self._paces.get(shard.id)
        if pace is None:
            return
        if self._limited and now - pace.throttled_at >= BURST_S:
            pace.share = max(LEAST_SHARE, pace.share_at(now) / 2)
            pace.throttled_at = now
        pace.busy_until = max(pace.busy_until, now + AVOIDED_S)

    def _freest(self) -> _Pace:
        return min(self._paces.values(), key=_busy_until)

    def _cost_s(self, size: int) -> float:
        return max(size * self._s_a_byte, self._s_a_record)


_busy_until: Final = attrgetter("busy_until")


def _free_at(pace: _Pace, cost_s: float) -> float:
    """When the bucket will hold as much, or be full."""
    return pace.busy_until + min(cost_s, BURST_S) - BURST_S
