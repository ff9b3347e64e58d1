"""Writes on a condition, on moto's S3, and with S3's answers made by hand where moto never gives them."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from glue_jobs.engine.objects import Found, Objects
from tapehouse.errors import TerminalError, TransientError
from tests.glue_jobs.buckets import moto_s3


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with moto_s3() as endpoint:
        yield endpoint


@pytest.fixture
def objects(s3: str, monkeypatch: pytest.MonkeyPatch) -> Objects:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3)
    client = boto3.client("s3", endpoint_url=s3)
    client.create_bucket(Bucket="lake")
    for each in client.list_objects_v2(Bucket="lake").get("Contents", []):
        client.delete_object(Bucket="lake", Key=each["Key"])
    return Objects("s3a://lake/tape/")


def test_of_two_first_writes_one_is_made(objects: Objects) -> None:
    etag = objects.put("a", b"one", replaces=None)
    assert etag is not None
    assert objects.put("a", b"two", replaces=None) is None
    assert objects.get("a") == Found(b"one", etag)
    assert boto3.client("s3").get_object(Bucket="lake", Key="tape/a")["Body"].read() == b"one"


def test_only_what_was_read_is_replaced(objects: Objects) -> None:
    first = objects.put("a", b"one", replaces=None)
    second = objects.put("a", b"two", replaces=first)
    assert second not in (None, first)
    assert objects.put("a", b"three", replaces=first) is None
    found = objects.get("a")
    assert found is not None
    assert found.content == b"two"


def test_what_is_gone_is_not_replaced_and_reads_as_none(objects: Objects) -> None:
    first = objects.put("a", b"one", replaces=None)
    boto3.client("s3").delete_object(Bucket="lake", Key="tape/a")
    assert objects.put("a", b"two", replaces=first) is None
    assert objects.get("a") is None


def test_a_bucket_that_is_not_there_is_named_with_what_to_check(objects: Objects) -> None:
    nowhere = Objects("s3://nowhere/tape")
    with pytest.raises(TerminalError, match=r"s3://nowhere/tape/a could not be read: NoSuchBucket.*s3:PutObject"):
        nowhere.get("a")
    with pytest.raises(TerminalError, match="could not be written"):
        nowhere.put("a", b"", replaces=None)


def refused(code: str, status: int) -> ClientError:
    told: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "PutObject")


class Client:
    """Raises what it is given, call by call, and then puts; a write may be made although it raises."""

    def __init__(self, *errors: Exception, is_made: bool = False, there: bytes | None = None) -> None:
        self.errors, self.is_made, self.there = list(errors), is_made, there
        self.puts = 0

    def put_object(self, *, Body: bytes, **_: Any) -> dict[str, str]:  # noqa: N803
        self.puts += 1
        if self.is_made:
            self.there = Body
        if self.errors:
            raise self.errors.pop(0)
        self.there = Body
        return {"ETag": '"1"'}

    def get_object(self, **_: Any) -> dict[str, Any]:
        if self.there is None:
            raise refused("NoSuchKey", 404)
        content = self.there

        class Body:
            def read(self) -> bytes:
                return content

        return {"Body": Body(), "ETag": '"1"'}


def of(client: Client) -> Objects:
    return Objects("s3://lake", client=lambda: client, sleep=lambda _: None, dice=lambda: 0.0)


def test_a_write_whose_answer_got_lost_is_known_by_its_content() -> None:
    """boto3 tried again by itself, and met its own first try."""
    client = Client(refused("PreconditionFailed", 412), is_made=True)
    assert of(client).put("a", b"mine", replaces=None) == '"1"'
    assert of(Client(refused("PreconditionFailed", 412), there=b"theirs")).put("a", b"mine", replaces=None) is None


def test_a_conflict_with_another_request_is_tried_again() -> None:
    client = Client(*[refused("ConditionalRequestConflict", 409)] * 2)
    assert of(client).put("a", b"mine", replaces=None) == '"1"'
    assert client.puts == 3
    with pytest.raises(TransientError, match="at the same time"):
        of(Client(*[refused("ConditionalRequestConflict", 409)] * 9)).put("a", b"mine", replaces='"0"')


@pytest.mark.parametrize(
    "error",
    [refused("SlowDown", 503), refused("InternalError", 500), ReadTimeoutError(endpoint_url="s3"), OSError("reset")],
    ids=str,
)
def test_what_passes_is_transient(error: Exception) -> None:
    with pytest.raises(TransientError, match="s3://lake/a could not be written"):
        of(Client(error)).put("a", b"mine", replaces=None)


def test_a_right_that_is_missing_is_terminal() -> None:
    with pytest.raises(TerminalError, match=r"AccessDenied.*are allowed"):
        of(Client(refused("AccessDenied", 403))).put("a", b"mine", replaces=None)
