"""Kinesis' limits a shard, as buckets that refill with the clock.

*Source*: Kinesis quotas: 1,000 records and 1 MiB a second in; 5 GetRecords and 2 MiB a second out; 5 GetShardIterator a
second. Enforced only where the server was started with limits. The quotas say MB; here it is the greater megabyte, so
who sends by the smaller one (``SHARD_BYTES_PER_S``) is not throttled.
"""

from dataclasses import dataclass, field
from typing import Final

from tapehouse.kinesis_limits import MIB, SHARD_RECORDS_PER_S

BYTES_IN_PER_S: Final = MIB
READS_PER_S: Final = 5
BYTES_OUT_PER_S: Final = 2 * MIB
ITERATORS_PER_S: Final = 5


@dataclass(slots=True)
class Bucket:
    """Holds one second's worth; may go into debt, which later seconds pay."""

    per_s: int
    held: float = -1
    filled_us: int = -1

    def fill(self, now_us: int) -> None:
        if self.filled_us < 0:
            self.held = self.per_s
        elif now_us > self.filled_us:
            self.held = min(self.per_s, self.held + (now_us - self.filled_us) * self.per_s / 1e6)
        self.filled_us = now_us

    def has(self, amount: float, now_us: int) -> bool:
        self.fill(now_us)
        return self.held >= amount


@dataclass(slots=True)
class ShardThroughput:
    """The buckets of one shard."""

    records_in: Bucket = field(default_factory=lambda: Bucket(SHARD_RECORDS_PER_S))
    bytes_in: Bucket = field(default_factory=lambda: Bucket(BYTES_IN_PER_S))
    reads: Bucket = field(default_factory=lambda: Bucket(READS_PER_S))
    bytes_out: Bucket = field(default_factory=lambda: Bucket(BYTES_OUT_PER_S))
    iterators: Bucket = field(default_factory=lambda: Bucket(ITERATORS_PER_S))

    def take_record(self, data_bytes: int, now_us: int) -> bool:
        """May a record of this size come in? A record above a second's bytes passes when the bucket is full."""
        enough_bytes = self.bytes_in.has(min(data_bytes, BYTES_IN_PER_S), now_us)
        if not (self.records_in.has(1, now_us) and enough_bytes):
            return False
        self.records_in.held -= 1
        self.bytes_in.held -= data_bytes
        return True

    def take_read(self, now_us: int) -> bool:
        """May a GetRecords call run? Not while an earlier one's bytes are unpaid: 10 MB block the next 5 seconds."""
        paid = self.bytes_out.has(1, now_us)
        if not (self.reads.has(1, now_us) and paid):
            return False
        self.reads.held -= 1
        return True

    def give_bytes(self, data_bytes: int) -> None:
        """A read answered with so many bytes. More than a second's worth takes what was saved up as well."""
        held = 0 if data_bytes > BYTES_OUT_PER_S else self.bytes_out.held
        self.bytes_out.held = held - data_bytes

    def take_iterator(self, now_us: int) -> bool:
        """May a GetShardIterator call run?"""
        if not self.iterators.has(1, now_us):
            return False
        self.iterators.held -= 1
        return True
