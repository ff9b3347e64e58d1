"""How the sink sends."""

from dataclasses import dataclass

from tapehouse.backoff import Backoff
from tapehouse.errors import SettingsError
from tapehouse.kinesis_limits import (
    PUT_RECORDS_BYTES,
    PUT_RECORDS_ENTRIES,
    PUT_UNIT_BYTES,
    RECORD_BYTES,
    SHARD_BYTES_PER_S,
    SHARD_RECORDS_PER_S,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkConfig:
    """How the sink sends. Raises SettingsError with every fault when values are out of range."""

    stream: str
    """The stream's name."""
    aggregate_bytes: int = 4 * PUT_UNIT_BYTES
    """Records of one market and source share KPL aggregates of up to this size, partition key included, and of at most
    ``max_record_bytes``; 0: each record goes alone. A multiple of the 25 KB that are billed as one unit."""
    linger_ms: int = 100
    """How long an item may wait for others to share its aggregate and its call."""
    max_call_entries: int = PUT_RECORDS_ENTRIES
    max_call_bytes: int = 1024 * 1024
    """A tenth of what Kinesis takes: a call that big already costs little a record, and a lost one is soon repeated."""
    max_record_bytes: int = RECORD_BYTES
    """Data and partition key of one record; more only where the stream's own limit was raised."""
    max_in_flight: int = 4
    """Calls at the same time, a thread each."""
    buffer_records: int = 50_000
    buffer_bytes: int = 32 * 1024 * 1024
    """Items not confirmed yet, wherever they are: above either bound, putting waits."""
    shard_bytes_per_s: int = SHARD_BYTES_PER_S
    shard_records_per_s: int = SHARD_RECORDS_PER_S
    """What each shard is given at most, aggregates counting as one record; 0 and 0: as fast as it goes. Kept only where
    the stream's shards can be listed."""
    shards_every_s: float = 60
    """How often the shards are listed; sooner after throttles and where records are stored in an unknown one. 0: never,
    and the partition key alone decides where a record goes."""
    backoff_base_ms: int = 50
    backoff_cap_ms: int = 5_000
    give_up_after_s: float | None = None
    """An entry unconfirmed this long after its first call fails the sink, UnconfirmedError; None: try for ever."""

    @classmethod
    def sharing(cls, stream: str, shard_share: float) -> "SinkConfig":
        """For one of several producers of a stream: ``shard_share`` (above 0 to 1) of each shard's limits is its."""
        return cls(
            stream=stream,
            shard_bytes_per_s=max(1, round(SHARD_BYTES_PER_S * shard_share)),
            shard_records_per_s=max(1, round(SHARD_RECORDS_PER_S * shard_share)),
        )

    def __post_init__(self) -> None:
        rules = (
            (bool(self.stream), "stream: give the stream's name"),
            (self.aggregate_bytes >= 0, f"aggregate_bytes: {self.aggregate_bytes} is below 0"),
            (self.linger_ms >= 0, f"linger_ms: {self.linger_ms} is below 0"),
            (
                1 <= self.max_call_entries <= PUT_RECORDS_ENTRIES,
                f"max_call_entries: {self.max_call_entries} is not 1 to {PUT_RECORDS_ENTRIES}",
            ),
            (self.max_record_bytes >= 1, f"max_record_bytes: {self.max_record_bytes} is below 1"),
            (
                self.max_record_bytes <= self.max_call_bytes <= PUT_RECORDS_BYTES,
                f"max_call_bytes: {self.max_call_bytes} is not max_record_bytes to {PUT_RECORDS_BYTES}",
            ),
            (1 <= self.max_in_flight <= 64, f"max_in_flight: {self.max_in_flight} is not 1 to 64"),
            (self.buffer_records >= 1, f"buffer_records: {self.buffer_records} is below 1"),
            (self.buffer_bytes >= self.max_record_bytes, "buffer_bytes: one record of max_record_bytes must fit"),
            (self.shard_bytes_per_s >= 0, f"shard_bytes_per_s: {self.shard_bytes_per_s} is below 0"),
            (self.shard_records_per_s >= 0, f"shard_records_per_s: {self.shard_records_per_s} is below 0"),
            (self.shards_every_s >= 0, f"shards_every_s: {self.shards_every_s:g} is below 0"),
            (1 <= self.backoff_base_ms <= self.backoff_cap_ms, "backoff_base_ms: give 1 to backoff_cap_ms"),
            (self.give_up_after_s is None or self.give_up_after_s > 0, "give_up_after_s: give more than 0, or none"),
        )
        faults = [fault for right, fault in rules if not right]
        if faults:
            raise SettingsError(faults)

    @property
    def backoff(self) -> Backoff:
        """The waits before an entry is sent again: full jitter, since many producers write to one shard."""
        return Backoff(self.backoff_base_ms / 1000, self.backoff_cap_ms / 1000, least=0)
