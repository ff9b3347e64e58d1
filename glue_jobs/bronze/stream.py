"""The stream as Kinesis describes it: which one it is, how long it keeps its records, and its shards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from glue_jobs.bronze.reader import BACKOFF, TRIES, KinesisClient
from tapehouse.backoff import retry
from tapehouse.kinesis import ERRORS, CallFailedError, judged, time_us

_HOUR_US: Final = 3_600_000_000


class StreamClient(KinesisClient, Protocol):
    """The calls that planning needs beside those of reading."""

    def describe_stream_summary(self, **arguments: Any) -> dict[str, Any]: ...
    def list_shards(self, **arguments: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream at one moment; its name may come again, its name and creation time may not."""

    name: str
    created_us: int
    retention_us: int
    shards: Mapping[str, tuple[str, ...]]
    """Id → ids of the parents, of all whose records the stream still has, closed ones too; parents first."""


def describe(client: StreamClient, name: str) -> Stream:
    """Ask Kinesis for the stream.

    Raises:
        CallFailedError: Kinesis kept refusing; the next turn asks again.
        StreamRefusedError: the stream is not there, or may not be read.
    """
    asked = partial(_answer, name)
    summary = asked("DescribeStreamSummary", partial(client.describe_stream_summary, StreamName=name))
    found = summary["StreamDescriptionSummary"]
    answer = asked("ListShards", partial(client.list_shards, StreamName=name))
    shards = list(answer["Shards"])
    while token := answer.get("NextToken"):
        answer = asked("ListShards", partial(client.list_shards, NextToken=token))
        shards.extend(answer["Shards"])
    return Stream(
        name,
        time_us(found["StreamCreationTimestamp"]),
        found["RetentionPeriodHours"] * _HOUR_US,
        {shard["ShardId"]: _parents(shard) for shard in sorted(shards, key=lambda shard: str(shard["ShardId"]))},
    )


def _parents(shard: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(shard[name] for name in ("ParentShardId", "AdjacentParentShardId") if shard.get(name))


def _answer(stream: str, operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    def once() -> dict[str, Any]:
        try:
            return call()
        except ERRORS as error:
            raise judged(stream, operation, error) from error

    return retry(once, when=CallFailedError, tries=TRIES, backoff=BACKOFF)
