"""The open shards as ListShards tells them."""

import pickle
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from producers.sink.pacing import Shard
from producers.sink.shards import ListsShards, open_shards
from tapehouse.kinesis import CallFailedError, StreamRefusedError


class Pages:
    """Answers ListShards from its pages, and refuses arguments that Kinesis refuses."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self._pages = pages

    def list_shards(self, **arguments: Any) -> dict[str, Any]:
        token = arguments.pop("NextToken", None)
        assert (token is None) == (arguments == {"StreamName": "tape", "ShardFilter": {"Type": "AT_LATEST"}})
        number = int(token or 0)
        more = {"NextToken": str(number + 1)} if number + 1 < len(self._pages) else {}
        return {"Shards": self._pages[number], **more}


class Failing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def list_shards(self, **_: Any) -> Any:
        raise self._error


def described(number: int, first: int, last: int, *, closed: bool = False) -> dict[str, Any]:
    ending = {"EndingSequenceNumber": "9"} if closed else {}
    return {
        "ShardId": f"shardId-{number:012}",
        "HashKeyRange": {"StartingHashKey": str(first), "EndingHashKey": str(last)},
        "SequenceNumberRange": {"StartingSequenceNumber": "1", **ending},
    }


def test_open_shards_of_all_pages_come_in_the_order_of_their_hash_keys() -> None:
    client = Pages([described(0, 0, 99, closed=True), described(2, 50, 99)], [described(1, 0, 49)])
    assert open_shards(client, "tape") == (Shard("shardId-000000000001", 0, 49), Shard("shardId-000000000002", 50, 99))


@pytest.mark.parametrize(
    ("client", "text"),
    [
        (
            Failing(ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no."}}, "ListShards")),
            r"AccessDeniedException.*kinesis:ListShards",
        ),
        (Failing(EndpointConnectionError(endpoint_url="loopback")), "EndpointConnectionError"),
        (Failing(ConnectionResetError("reset")), "ConnectionResetError"),
        (Pages([described(0, 0, 99, closed=True)]), "no open shard"),
    ],
)
def test_what_kinesis_does_not_tell_is_an_error_that_names_the_stream(client: ListsShards, text: str) -> None:
    with pytest.raises((CallFailedError, StreamRefusedError), match=rf"'tape'.*{text}") as error:
        open_shards(client, "tape")
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)
