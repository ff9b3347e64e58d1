"""What the Lambdas' tests share."""

from collections.abc import Iterator

import pytest

from tests.lambdas.server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    """A scripted server on loopback."""
    with serving() as played:
        yield played
