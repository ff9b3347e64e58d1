"""The feeds by name: a new venue is one line here. Vendors' are without keys: ``dataclasses.replace`` puts one in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from producers.feeds import binance
from producers.feeds.base import Feed
from producers.feeds.binance import Binance
from producers.feeds.bitstamp import Bitstamp
from producers.feeds.bybit import Bybit
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
    Bybit(),
    Finnhub(),
    Polygon(),
)
FEEDS: Final[Mapping[str, Feed]] = MappingProxyType({feed.name: feed for feed in _ALL})
_VARIANTS: Final[Mapping[str, Feed]] = MappingProxyType({binance.SOURCE_AGGREGATE: Binance(aggregate=True)})
"""A feed of the list, asked for something else: its name, limits and key are those of the feed."""


class UnknownFeedError(TerminalError):
    """There is no feed of this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"there is no feed {self.name!r}; the feeds are {', '.join(self.known)}"


def feed(name: str) -> Feed:
    """The feed, or variant of one, of this name. Raises UnknownFeedError, which lists the feeds there are."""
    found = FEEDS.get(name) or _VARIANTS.get(name)
    if found is None:
        raise UnknownFeedError(name, tuple(FEEDS))
    return found


def name_of_source(source: str) -> str | None:
    """The name of the feed whose live trades have this source; None where there is none."""
    return next((name for name, each in (*FEEDS.items(), *_VARIANTS.items()) if each.source == source), None)
