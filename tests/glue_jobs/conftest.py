"""One Spark session for all tests that need one, and lakes to work in."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehouse import aws
from tapehouse.lake import Lake
from tapehouse.local.kinesis import KinesisServer


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real session with Delta: UTC, two partitions, quiet."""
    from glue_jobs.session import DELTA_PACKAGES, S3A_PACKAGES, build_session

    # The workers inherit this: no test reaches beyond loopback, and every client has credentials that open nothing.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ[name] = "testing"
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    session = build_session(
        app_name="tapehouse-tests",
        packages=(*DELTA_PACKAGES, *S3A_PACKAGES),
        extra_conf={"spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))},
    )
    yield session
    session.stop()


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
