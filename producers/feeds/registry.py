"""The feeds by name. Those of the vendors are here without their keys: ``dataclasses.replace`` puts one in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from producers.feeds.base import Feed
from producers.feeds.binance import Binance
from producers.feeds.bitstamp import Bitstamp
from producers.feeds.coinbase import Coinbase
from producers.feeds.coinbase_advanced import CoinbaseAdvanced
from producers.feeds.finnhub import Finnhub
from producers.feeds.kraken import Kraken
from producers.feeds.okx import Okx
from producers.feeds.polygon import Polygon
from tapehouse.errors import TerminalError

_ALL: Final[tuple[Feed, ...]] = (
    Coinbase(),
    CoinbaseAdvanced(),
    Kraken(),
    Binance(),
    Bitstamp(),
    Okx(),
    Finnhub(),
    Polygon(),
)
FEEDS: Final[Mapping[str, Feed]] = MappingProxyType({feed.name: feed for feed in _ALL})


class UnknownFeedError(TerminalError):
    """There is no feed of this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"there is no feed {self.name!r}; the feeds are {', '.join(self.known)}"


def feed(name: str) -> Feed:
    """The feed of this name. Raises UnknownFeedError, which lists the names there are."""
    found = FEEDS.get(name)
    if found is None:
        raise UnknownFeedError(name, tuple(FEEDS))
    return found
