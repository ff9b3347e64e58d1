"""The open shards of a stream, asked of Kinesis. Retries nothing: the sink asks again."""

from typing import Any, Protocol, runtime_checkable

from botocore.exceptions import BotoCoreError, ClientError

from producers.sink.pacing import Shard
from tapehouse.errors import TransientError


@runtime_checkable
class ListsShards(Protocol):
    """A client that can be asked for shards; boto3's Kinesis client is one."""

    def list_shards(self, **arguments: Any) -> Any:
        """Kinesis ListShards."""


class ShardsUnknownError(TransientError):
    """Kinesis did not tell the stream's shards."""

    def __init__(self, stream: str, code: str, detail: str) -> None:
        super().__init__(stream, code, detail)
        self.stream, self.code, self.detail = stream, code, detail

    def __str__(self) -> str:
        remedy = " Give the producer's role kinesis:ListShards on it." if self.code == "AccessDeniedException" else ""
        return f"the shards of Kinesis stream {self.stream!r} cannot be listed: {self.code}: {self.detail}{remedy}"


def open_shards(client: ListsShards, stream: str) -> tuple[Shard, ...]:
    """The shards that take records now, by their hash keys; together they hold every hash key.

    Blocks its thread. Raises ShardsUnknownError. Source: ListShards, API reference.
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
    except ClientError as error:
        fault = error.response.get("Error", {})
        raise ShardsUnknownError(stream, str(fault.get("Code")), str(fault.get("Message"))) from error
    except (BotoCoreError, OSError) as error:
        raise ShardsUnknownError(stream, type(error).__name__, str(error)) from error
    if not found:
        raise ShardsUnknownError(stream, "NoShards", "the answer names no open shard")
    return tuple(sorted(found, key=lambda shard: shard.first))


def _is_open(shard: Any) -> bool:
    return "EndingSequenceNumber" not in shard["SequenceNumberRange"]


def _shard(shard: Any) -> Shard:
    span = shard["HashKeyRange"]
    return Shard(shard["ShardId"], int(span["StartingHashKey"]), int(span["EndingHashKey"]))
