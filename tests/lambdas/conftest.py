"""What the Lambdas' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lambdas.room import Room
from tests.lambdas.server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    """A scripted server on loopback."""
    with serving() as played:
        yield played


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Where a source is run."""
    return Room(tmp_path)
