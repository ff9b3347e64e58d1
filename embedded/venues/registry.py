"""The simulated venues: how each feed is spoken, and which exchanges and markets there are. A new venue is one line."""

from collections.abc import Mapping, Sequence
from typing import Final

from embedded.venues.binance import Binance
from embedded.venues.bitstamp import Bitstamp
from embedded.venues.bybit import Bybit
from embedded.venues.coinbase import CoinbaseAdvanced, CoinbaseExchange
from embedded.venues.dialect import Dialect
from embedded.venues.exchange import Exchange
from embedded.venues.finnhub import Finnhub
from embedded.venues.kraken import Kraken
from embedded.venues.okx import Okx
from embedded.venues.polygon import Polygon

_ALL: Final[tuple[type[Dialect], ...]] = (
    CoinbaseExchange,
    CoinbaseAdvanced,
    Kraken,
    Binance,
    Bitstamp,
    Okx,
    Bybit,
    Finnhub,
    Polygon,
)
VENUES: Final[Mapping[str, type[Dialect]]] = {dialect.feed: dialect for dialect in _ALL}
"""By feed."""
_OWNERS: Final = {exchange: dialect for dialect in _ALL for exchange in dialect.markets}
MARKETS: Final[Mapping[str, tuple[str, ...]]] = {name: owner.markets[name] for name, owner in _OWNERS.items()}
"""Exchange → its markets. Both Coinbase feeds report the same one, and the vendors relay several."""
BY_DEFAULT: Final = ("coinbase", "kraken", "binance")
"""The exchanges that are run where none are named, and the feeds that ``run-app`` reads."""


def own_feed(exchange: str) -> str:
    """The feed that reports an exchange's trades first-hand: its own, or the one vendor that has it."""
    return _OWNERS[exchange].feed


def new_exchange(name: str, symbols: Sequence[str], *, seed: int) -> Exchange:
    """An exchange with its habits."""
    owner = _OWNERS[name]
    return Exchange(name, symbols, seed=seed, resolution_us=owner.resolution_us, shared_numbers=owner.shared_numbers)


def addresses(feed: str, host: str) -> tuple[str, str]:
    """The WebSocket's address at a simulator of this host and port, without a key, and that of its REST interface."""
    return f"ws://{host}/{feed}{VENUES[feed].path}", f"http://{host}/{feed}"


def feed_of(path: str) -> str:
    """The feed's name, with which a path begins."""
    return path.lstrip("/").partition("?")[0].partition("/")[0]
