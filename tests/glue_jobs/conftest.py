"""Lakes to work in, and streams to read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.kinesis import KinesisServer
from tapehouse import aws
from tapehouse.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake of the test's own."""
    return Lake(tmp_path / "lake")


@pytest.fixture
def kinesis() -> Iterator[KinesisServer]:
    """The embedded Kinesis, in memory, with a stream named trades of two shards."""
    with KinesisServer(seed=7) as server:
        client = aws.client("kinesis", endpoint_url=server.endpoint, region="us-east-1")
        client.create_stream(StreamName="trades", ShardCount=2)
        yield server


@pytest.fixture
def client(kinesis: KinesisServer) -> Any:
    """A boto3 client of the embedded Kinesis."""
    return aws.client("kinesis", endpoint_url=kinesis.endpoint, region="us-east-1")


@pytest.fixture
def put(client: Any) -> Callable[[list[bytes]], None]:
    """Puts payloads into the stream, keyed by their own bytes."""

    def put(payloads: list[bytes]) -> None:
        for at in range(0, len(payloads), 500):
            entries = [
                {"Data": payload, "PartitionKey": str(number % 7)}
                for number, payload in enumerate(payloads[at : at + 500])
            ]
            answer = client.put_records(StreamName="trades", Records=entries)
            assert answer["FailedRecordCount"] == 0

    return put


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The endpoint of a bucket server that keeps S3's promise of conditional writes."""
    from tests.glue_jobs.buckets import moto_s3

    with moto_s3() as endpoint:
        yield endpoint


@pytest.fixture
def bucket_name(s3: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A bucket of the test's own there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3)
    name = f"b{abs(hash(request.node.name))}"
    aws.client("s3").create_bucket(Bucket=name)
    return name
