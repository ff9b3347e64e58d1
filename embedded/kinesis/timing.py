"""How fast the server answers and how much it takes: at once (``immediate``), or as AWS does (``aws``).

With AWS' timing each answer takes its time, a record can be read a little after it was taken, and the quotas hold:
those of a shard (``limits``), and the rates of the calls that ask about streams.

*Source*: the quotas are Kinesis' ("Quotas and limits", API reference). AWS promises no latencies: the spans here are of
the order that is seen within a region, tens of milliseconds, and one answer in a hundred takes several times as long.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from .limits import Bucket

TimingName: TypeAlias = Literal["immediate", "aws"]
NAMES: Final[tuple[TimingName, ...]] = ("immediate", "aws")

_ANSWER_MS: Final[Mapping[str, tuple[float, float]]] = {
    "PutRecord": (6, 20),
    "PutRecords": (12, 40),
    "GetRecords": (15, 40),
    "GetShardIterator": (6, 20),
    "ListShards": (10, 30),
    "DescribeStreamSummary": (10, 30),
}
_OTHERS_MS: Final = (15, 60)
_SLOW_SHARE, _SLOW_TIMES = 0.01, 6
READABLE_AFTER_MS: Final = 20
"""How long after it was taken a record can be read."""
CALLS_PER_S: Final[Mapping[str, int]] = {
    "ListShards": 1000,
    "DescribeStreamSummary": 20,
    "DescribeStream": 10,
    "ListStreams": 5,
}
"""ListShards: a stream; the others: the account."""


@dataclass(slots=True)
class Timing:
    """The timing of one server."""

    name: TimingName
    rng: random.Random
    _calls: dict[str, Bucket] = field(default_factory=dict)

    @property
    def is_aws(self) -> bool:
        return self.name == "aws"

    @property
    def readable_after_ms(self) -> int:
        return READABLE_AFTER_MS if self.is_aws else 0

    def answer_ms(self, operation: str) -> int:
        """How long this answer takes."""
        if not self.is_aws:
            return 0
        least, most = _ANSWER_MS.get(operation, _OTHERS_MS)
        slow = _SLOW_TIMES if self.rng.random() < _SLOW_SHARE else 1
        return round(self.rng.uniform(least, most) * slow)

    def may_call(self, operation: str, of: str, now_us: int) -> bool:
        """Whether the call is within its rate; ``of`` is the stream where the rate is a stream's."""
        if not self.is_aws or operation not in CALLS_PER_S:
            return True
        key = f"{operation}/{of}" if operation == "ListShards" else operation
        bucket = self._calls.setdefault(key, Bucket(CALLS_PER_S[operation]))
        if not bucket.has(1, now_us):
            return False
        bucket.held -= 1
        return True
