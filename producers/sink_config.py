"""How the sink sends, and what it counts."""

from dataclasses import dataclass

from producers.packing import CALL_BYTES, CALL_ENTRIES, ENTRY_BYTES
from tapehouse.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkConfig:
    """How the sink sends. Raises SettingsError with every fault when values are out of range."""

    stream: str
    """The stream's name."""
    linger_ms: int = 50
    """How long an item may wait for others to share its call."""
    max_call_entries: int = CALL_ENTRIES
    max_call_bytes: int = CALL_BYTES // 2
    """Half of what Kinesis takes: a call that big already fills its thread, and a lost one costs less."""
    max_record_bytes: int = ENTRY_BYTES
    """Data and partition key of one record; more only where the stream's own limit was raised."""
    max_in_flight: int = 4
    """Calls at the same time, a thread each."""
    buffer_records: int = 50_000
    buffer_bytes: int = 32 * 1024 * 1024
    """Items not confirmed yet, wherever they are: above either bound, putting waits."""
    backoff_base_ms: int = 50
    backoff_cap_ms: int = 5_000
    give_up_after_s: float | None = None
    """An entry unconfirmed this long after its first call fails the sink, UnconfirmedError; None: try for ever."""

    def __post_init__(self) -> None:
        rules = (
            (bool(self.stream), "stream: give the stream's name"),
            (self.linger_ms >= 0, f"linger_ms: {self.linger_ms} is below 0"),
            (1 <= self.max_call_entries <= CALL_ENTRIES, f"max_call_entries: {self.max_call_entries} is not 1 to 500"),
            (self.max_record_bytes >= 1, f"max_record_bytes: {self.max_record_bytes} is below 1"),
            (
                self.max_record_bytes <= self.max_call_bytes <= CALL_BYTES,
                f"max_call_bytes: {self.max_call_bytes} is not max_record_bytes to {CALL_BYTES}",
            ),
            (1 <= self.max_in_flight <= 64, f"max_in_flight: {self.max_in_flight} is not 1 to 64"),
            (self.buffer_records >= 1, f"buffer_records: {self.buffer_records} is below 1"),
            (self.buffer_bytes >= self.max_record_bytes, "buffer_bytes: one record of max_record_bytes must fit"),
            (1 <= self.backoff_base_ms <= self.backoff_cap_ms, "backoff_base_ms: give 1 to backoff_cap_ms"),
            (self.give_up_after_s is None or self.give_up_after_s > 0, "give_up_after_s: give more than 0, or none"),
        )
        faults = [fault for right, fault in rules if not right]
        if faults:
            raise SettingsError(faults)


@dataclass(slots=True, kw_only=True)
class Metrics:
    """What the sink has done so far, and what it holds: a copy of its own counts."""

    put: int = 0
    confirmed: int = 0
    confirmed_bytes: int = 0
    refused: int = 0
    """Items that Kinesis would never take."""
    calls: int = 0
    failed_calls: int = 0
    """Calls that failed as a whole, throttled ones included."""
    throttled: int = 0
    """Entries that Kinesis throttled, alone or with their call."""
    retried: int = 0
    """Entries that were to be sent again, each time."""
    buffered: int = 0
    buffered_bytes: int = 0
