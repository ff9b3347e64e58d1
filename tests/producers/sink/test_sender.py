"""What an answer or a failure of PutRecords means: one row of the module's table a case."""

import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from producers.sink import SinkConfig
from producers.sink.packing import Entry
from producers.sink.sender import send
from tapehouse.kinesis import CallFailedError, StreamRefusedError
from tapehouse.market import MarketKey


class Client:
    def __init__(self, answer: Callable[[], Mapping[str, Any]]) -> None:
        self.answer, self.requests = answer, list[Mapping[str, Any]]()

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
        self.requests.extend(Records)
        return self.answer()


def entry(data: bytes = b"x", hash_key: str | None = None) -> Entry:
    return Entry(MarketKey("kraken", "BTC-USD", "kraken"), "k", 1, [], [data], explicit_hash_key=hash_key)


def failing(error: Exception) -> Client:
    def answer() -> Mapping[str, Any]:
        raise error

    return Client(answer)


def client_error(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutRecords")


def test_each_entry_gets_its_own_verdict() -> None:
    results = [{"SequenceNumber": "1", "ShardId": "s"}, {"ErrorCode": "InternalFailure", "ErrorMessage": "m"}]
    client = Client(lambda: {"FailedRecordCount": 1, "Records": results})
    assert send(client, "tape", [entry(), entry(b"y", hash_key="7")]) == [None, "InternalFailure"]
    assert client.requests == [
        {"Data": b"x", "PartitionKey": "k"},
        {"Data": b"y", "PartitionKey": "k", "ExplicitHashKey": "7"},
    ]


@pytest.mark.parametrize(
    ("error", "throttled"),
    [
        (client_error("ProvisionedThroughputExceededException", 400), True),
        (client_error("LimitExceededException", 400), True),
        (client_error("KMSThrottlingException", 400), True),
        (client_error("InternalFailure", 500), False),
        (client_error("503", 503), False),
        (client_error("Unheard", 429), False),
        (EndpointConnectionError(endpoint_url="u"), False),
        (ConnectTimeoutError(endpoint_url="u"), False),
        (ConnectionClosedError(endpoint_url="u"), False),
        (ReadTimeoutError(endpoint_url="u"), False),
        (CredentialRetrievalError(provider="role", error_msg="m"), False),
        (ResponseParserError("cut"), False),
        (ConnectionResetError("reset"), False),
    ],
)
def test_what_passes_fails_the_call_for_now(error: Exception, throttled: bool) -> None:
    with pytest.raises(CallFailedError) as failed:
        send(failing(error), "tape", [entry()])
    assert failed.value.throttled is throttled
    assert str(pickle.loads(pickle.dumps(failed.value))) == str(failed.value)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (client_error("ResourceNotFoundException", 400), "Create the stream"),
        (client_error("AccessDeniedException", 400), "kinesis:PutRecords"),
        (client_error("ValidationException", 400), "limits"),
        (client_error("KMSDisabledException", 400), "Mend the cause"),
        (client_error("ExpiredTokenException", 400), "renew"),
        (NoCredentialsError(), "Mend the cause"),
        (ParamValidationError(report="r"), "Mend the cause"),
    ],
)
def test_what_does_not_pass_names_the_stream_and_the_remedy(error: Exception, remedy: str) -> None:
    with pytest.raises(StreamRefusedError) as refused:
        send(failing(error), "tape", [entry()])
    assert "'tape'" in str(refused.value)
    assert remedy in str(refused.value)


@pytest.mark.parametrize("answer", [{}, {"Records": []}, {"Records": [{}, {}]}, {"Records": None}])
def test_an_answer_that_does_not_name_each_entry_confirms_none(answer: Mapping[str, Any]) -> None:
    with pytest.raises(CallFailedError):
        send(Client(lambda: answer), "tape", [entry()])


@given(attempts=st.integers(1, 10_000), jitter=st.floats(0, 1, exclude_max=True))
def test_backoff_doubles_up_to_the_cap_and_never_leaves_its_span(attempts: int, jitter: float) -> None:
    backoff = SinkConfig(stream="tape", backoff_base_ms=50, backoff_cap_ms=5000).backoff
    delay = backoff.wait_s(attempts, jitter)
    assert 0 <= delay <= min(5.0, 0.05 * 2 ** min(attempts - 1, 20))
    assert backoff.wait_s(attempts + 1, jitter) >= delay
