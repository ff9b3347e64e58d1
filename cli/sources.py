"""What the Lambdas are told at home, and whom they ask: the newsroom, or with ``FEEDS`` the real sources."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

from cli.command import Target
from cli.crawl_tasks import write_tasks
from tapehouse.landing import Landing

NEWSROOM: Final = "newsroom"
"""Its name in the stack."""
TASKS: Final = "TAPEHOUSE_CRAWL_TASKS"
_AT_NEWSROOM: Final[Mapping[str, str]] = {
    "TAPEHOUSE_NEWS_SOURCES": "alphavantage,finnhub,coindesk,cointelegraph",
    "TAPEHOUSE_SOCIAL_SOURCES": "fear-greed,reddit",
    "ALPHAVANTAGE_KEY": "no-key-at-home",
    "TAPEHOUSE_ALPHAVANTAGE_EVERY_H": "0",
    "FINNHUB_TOKEN": "no-token-at-home",
    "REDDIT_CLIENT_ID": "no-app-at-home",
    "REDDIT_CLIENT_SECRET": "no-secret-at-home",
    "REDDIT_USER_AGENT": "linux:tapehouse:home (by /u/nobody)",
    # whoever has real ones in his environment: they are not for the newsroom
    "ALPHAVANTAGE_SECRET": "",
    "FINNHUB_SECRET": "",
    "REDDIT_SECRET": "",
    "TAPEHOUSE_CRAWL_LOOPBACK": "1",
}
"""Every source, with keys that open nothing; and a crawler that leaves the machine for nobody."""


def landing_of(here: Target) -> Landing:
    """Where they land what they fetch."""
    return Landing(here.settings.landing or here.lake.landing_uri)


@contextlib.contextmanager
def variables(here: Target) -> Iterator[dict[str, str]]:
    """What the Lambdas' environment holds beside one's own, while the sources can be asked.

    The lake's newsroom is used where it runs; else one is started for as long as this lasts.
    """
    landing = {"TAPEHOUSE_LANDING": landing_of(here).uri}
    settings = here.settings
    if settings.feeds:
        yield landing
        return
    from embedded.newsroom import Newsroom

    running = here.stack.alive().get(NEWSROOM)
    if running is not None:
        yield {**landing, **_at(running.port, here)}
        return
    with Newsroom(seed=settings.seed, recordings=settings.recordings) as room:
        yield {**landing, **_at(room.port, here)}


def _at(port: int, here: Target) -> dict[str, str]:
    from embedded.newsroom import addresses, paper

    urls = ",".join(f"{name}={url}" for name, url in addresses(port).items())
    told = {**_AT_NEWSROOM, "TAPEHOUSE_SOURCE_URLS": urls}
    if here.settings.recordings:
        # what was recorded is one body whichever asset is asked for, and nobody recorded a page
        return {**told, "TAPEHOUSE_NEWS_SYMBOLS": "BTC"}
    return {**told, TASKS: str(write_tasks(here.stack.folder, paper(port)))}


def notification(landing: Landing, key: str) -> dict[str, Any]:
    """What S3 says of an object that has landed. A folder is a bucket without a name."""
    place = urlsplit(landing.uri)
    whole = "/".join(filter(None, (place.path.strip("/"), key)))
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": place.netloc}, "object": {"key": quote_plus(whole, safe="/")}},
    }
    return {"Records": [record]}
