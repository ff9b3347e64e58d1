"""What the crawler's tests share."""

from collections.abc import Iterator

import pytest

from tests.lambdas.crawler.crawling import Home
from tests.lambdas.crawler.site import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    """A site on loopback, without pages."""
    with serving() as served:
        yield served


@pytest.fixture
def home(site: Site) -> Home:
    """A crawler's surroundings, with the site in them."""
    return Home(site)
