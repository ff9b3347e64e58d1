"""Servers, clients and a clock that moves only when told."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from embedded.kinesis import KinesisServer

START_US = 1_790_000_000_123_000


class HandClock:
    """µs UTC; stands still until moved."""

    def __init__(self) -> None:
        self.now_us = START_US

    def __call__(self) -> int:
        return self.now_us

    def advance(self, *, ms: int = 0, seconds: float = 0, hours: float = 0) -> None:
        self.now_us += ms * 1000 + round(seconds * 1e6) + round(hours * 3.6e9)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")


@pytest.fixture
def connect(session: boto3.Session) -> Iterator[Callable[..., Any]]:
    """A boto3 client of a server or an endpoint; it tries once unless told otherwise."""
    clients: list[Any] = []

    def make(server: KinesisServer | str, *, attempts: int = 1, read_timeout_s: float = 30) -> Any:
        retries = {"mode": "standard", "total_max_attempts": attempts}
        config = Config(retries=retries, read_timeout=read_timeout_s, connect_timeout=5)
        endpoint = server if isinstance(server, str) else server.endpoint
        clients.append(session.client("kinesis", endpoint_url=endpoint, config=config))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def serve(clock: HandClock) -> Iterator[Callable[..., KinesisServer]]:
    """Starts servers on the hand-moved clock; stops them at the end."""
    servers: list[KinesisServer] = []

    def start(**options: Any) -> KinesisServer:
        servers.append(KinesisServer(**{"clock": clock, "seed": 7, **options}).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(serve: Callable[..., KinesisServer]) -> KinesisServer:
    """In memory, without limits."""
    return serve()


@pytest.fixture
def client(server: KinesisServer, connect: Callable[..., Any]) -> Any:
    return connect(server)


@pytest.fixture
def read() -> Callable[..., list[dict[str, Any]]]:
    """Every record of a shard from a place on, to its tip or end."""

    def records(client: Any, stream: str, shard: str, kind: str = "TRIM_HORIZON", **more: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        answer = client.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType=kind, **more)
        iterator = answer["ShardIterator"]
        while iterator is not None:
            page = client.get_records(ShardIterator=iterator)
            found.extend(page["Records"])
            iterator = page.get("NextShardIterator") if page["MillisBehindLatest"] else None
        return found

    return records


@pytest.fixture
def read_stream(read: Callable[..., list[dict[str, Any]]]) -> Callable[[Any, str], list[dict[str, Any]]]:
    """Every record of every listed shard."""

    def records(client: Any, stream: str) -> list[dict[str, Any]]:
        pages = client.get_paginator("list_shards").paginate(StreamName=stream)
        return [found for page in pages for shard in page["Shards"] for found in read(client, stream, shard["ShardId"])]

    return records


@pytest.fixture
def refusal() -> Callable[..., str]:
    """The error code that a call of boto3 ends with."""

    def code(call: Callable[..., Any], **arguments: Any) -> str:
        with pytest.raises(Exception) as caught:
            call(**arguments)
        return str(caught.value.response["Error"]["Code"])  # type: ignore[attr-defined]

    return code
