"""What a sink counts."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Metrics:
    """What the sink has done so far, and what it holds: a copy of its own counts."""

    put: int = 0
    confirmed: int = 0
    confirmed_bytes: int = 0
    """Of the items and their partition keys, without what aggregates add."""
    refused: int = 0
    """Items that Kinesis would never take."""
    calls: int = 0
    failed_calls: int = 0
    """Calls that failed as a whole, throttled ones included."""
    throttled: int = 0
    """Items that Kinesis throttled, alone, with their aggregate or with their call; each time."""
    retried: int = 0
    """Items that were to be sent again, each time."""
    entries: int = 0
    """Kinesis records confirmed: aggregates, and lone records."""
    sent_bytes: int = 0
    """Of all entries sent, each time: data and partition keys."""
    put_units: int = 0
    """PUT payload units of 25 KB confirmed: what a provisioned stream bills. A lost answer's are not in it."""
    paced_s: float = 0.0
    """Seconds in which something was to be sent and no shard had room."""
    shards: int = 0
    """Open shards known; 0: the partition key decides."""
    buffered: int = 0
    buffered_bytes: int = 0
    oldest_s: float = 0.0
    """Age of the oldest item not confirmed."""
    mean_lag_s: float = 0.0
    """From putting to being confirmed, over all confirmed; an aggregate counts from its first item."""
