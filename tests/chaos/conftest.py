"""What the tests that kill have in common."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from embedded.kinesis import KinesisServer
from tests.chaos.kinesis import stream_client


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Shows a line at once: a run of minutes says what it is at."""

    def tell(line: str, *_: Any) -> None:
        with capsys.disabled():
            print(line, flush=True)

    return tell


@pytest.fixture
def server() -> Iterator[KinesisServer]:
    """The embedded Kinesis, in memory, with a stream named trades of three shards."""
    with KinesisServer(seed=7) as server:
        stream_client(server).create_stream(StreamName="trades", ShardCount=3)
        yield server
