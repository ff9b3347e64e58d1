"""The open shards of a stream, asked of Kinesis. Retries nothing: the sink asks again."""

from typing import Any, Final, Protocol, runtime_checkable

from producers.sink.pacing import Shard
from tapehouse.kinesis import ERRORS, CallFailedError, judged

OPERATION: Final = "ListShards"


@runtime_checkable
class ListsShards(Protocol):
    """A client that can be asked for shards; boto3's Kinesis client is one."""

    def list_shards(self, **arguments: Any) -> Any:
        """Kinesis ListShards."""


def open_shards(client: ListsShards, stream: str) -> tuple[Shard, ...]:
    """The shards that take records now, by their hash keys; together they hold every hash key.

    Blocks its thread. Raises CallFailedError, StreamRefusedError. Source: ListShards, API reference.
    """
    arguments: dict[str, Any] = {"StreamName": stream, "ShardFilter": {"Type": "AT_LATEST"}}
    found: list[Shard] = []
    try:
        while True:
            answer = client.list_shards(**arguments)
            found.extend(_shard(each) for each in answer["Shards"] if _is_open(each))
            token = answer.get("NextToken")
            if not token:
                break
            arguments = {"NextToken": token}  # the stream's name may not be given beside it
    except ERRORS as error:
        raise judged(stream, OPERATION, error) from error
    if not found:
        raise CallFailedError(stream, OPERATION, "NoShards", "the answer names no open shard")
    return tuple(sorted(found, key=lambda shard: shard.first))


def _is_open(shard: Any) -> bool:
    return "EndingSequenceNumber" not in shard["SequenceNumberRange"]


def _shard(shard: Any) -> Shard:
    span = shard["HashKeyRange"]
    return Shard(shard["ShardId"], int(span["StartingHashKey"]), int(span["EndingHashKey"]))
