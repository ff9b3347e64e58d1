"""A call whose body is made here is the call that boto3 would have made."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.sink.body import DirectPutRecords, body
from tapehouse import aws


class Answer:
    """Stands for the connection: keeps the request, answers it."""

    def __init__(self, status: int, content: dict[str, Any]) -> None:
        self.status_code, self.headers = status, {"x-amzn-RequestId": "1"}
        self.content = json.dumps(content).encode()
        self.requests: list[Any] = []

    def __call__(self, request: Any, **_: Any) -> "Answer":
        self.requests.append(request)
        return self


@pytest.fixture(scope="module")
def client() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "x")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        made = aws.client("kinesis", max_attempts=1, endpoint_url="http://127.0.0.1:1", region="us-east-1")
        yield made
        made.close()


def sent(client: Any, put: Any, answer: Answer, **arguments: Any) -> Any:
    """The one request of a call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client._endpoint, "_send", answer)
        put(**arguments)
    (request,) = answer.requests
    return request


records = st.lists(
    st.fixed_dictionaries(
        {"Data": st.binary(max_size=50), "PartitionKey": st.text(min_size=1, max_size=5)},
        optional={"ExplicitHashKey": st.integers(0, 2**128 - 1).map(str)},
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30, deadline=None)
@given(records=records)
def test_the_request_says_what_boto3_s_own_would_say(client: Any, records: list[dict[str, Any]]) -> None:
    content = {"FailedRecordCount": 0, "Records": []}
    plain = sent(client, client.put_records, Answer(200, content), StreamName="tape", Records=records)
    direct = sent(
        client, DirectPutRecords(client).put_records, Answer(200, content), StreamName="tape", Records=records
    )
    assert json.loads(direct.body) == json.loads(plain.body)
    assert direct.body == body("tape", records)
    assert direct.headers["X-Amz-Target"] == plain.headers["X-Amz-Target"]
    assert direct.headers["Content-Length"] == str(len(direct.body)).encode() or int(
        direct.headers["Content-Length"]
    ) == len(direct.body)
    assert (direct.url, direct.method) == (plain.url, plain.method)


def test_another_call_of_the_same_client_keeps_its_own_body(client: Any) -> None:
    DirectPutRecords(client)
    own = sent(
        client, client.put_records, Answer(200, {}), StreamName="own", Records=[{"Data": b"", "PartitionKey": "k"}]
    )
    assert json.loads(own.body)["StreamName"] == "own"


def test_errors_are_boto3_s(client: Any) -> None:
    refused = Answer(400, {"__type": "ResourceNotFoundException", "message": "no such stream"})
    with pytest.raises(ClientError, match="no such stream"):
        sent(
            client,
            DirectPutRecords(client).put_records,
            refused,
            StreamName="tape",
            Records=[{"Data": b"x", "PartitionKey": "k"}],
        )
