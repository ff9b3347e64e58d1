"""The file of tasks comes from a path or a bucket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambdas.crawler.guard import Guard
from lambdas.crawler.loader import TaskFileError
from lambdas.crawler.task_file import read

TASKS = b"tasks: [{name: a, kind: page, start: 'https://example.com/', schedule: daily}]"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="crawl/tasks.yaml", Body=TASKS)
        yield client


def names(uri: str, s3: Any = None) -> list[str]:
    return [task.name for task in read(uri, place=Guard().place, s3=lambda: s3).tasks]


def test_a_path_is_read(tmp_path: Path) -> None:
    (tmp_path / "tasks.yaml").write_bytes(TASKS)
    assert names(str(tmp_path / "tasks.yaml")) == ["a"]


def test_an_object_is_read(s3: Any) -> None:
    assert names("s3://bucket/crawl/tasks.yaml", s3) == ["a"]


@pytest.mark.parametrize("uri", ["s3://bucket/none", "s3://none-such/x"])
def test_an_object_that_is_not_there_says_so(s3: Any, uri: str) -> None:
    with pytest.raises(TaskFileError, match=f"{uri} cannot be used"):
        names(uri, s3)


def test_another_error_of_aws_passes() -> None:
    class Refuses:
        class exceptions:  # noqa: N801 - boto3's name
            ClientError = ClientError

        def get_object(self, **words: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    with pytest.raises(ClientError):
        names("s3://bucket/x", Refuses())


def test_a_path_that_is_not_there_and_one_that_is_too_large_say_so(tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match="FileNotFoundError"):
        names(str(tmp_path / "none"))
    (tmp_path / "large").write_bytes(b"#" * 300_000)
    with pytest.raises(TaskFileError, match="more than"):
        names(str(tmp_path / "large"))
