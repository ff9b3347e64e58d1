"""The simulated venues: which exchanges there are, which feeds tell of them, and how each feed is spoken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from embedded.venues import finnhub, polygon
from embedded.venues.binance import Binance
from embedded.venues.bitstamp import Bitstamp
from embedded.venues.coinbase import CoinbaseAdvanced, CoinbaseExchange
from embedded.venues.dialect import Dialect, Page
from embedded.venues.finnhub import Finnhub
from embedded.venues.kraken import Kraken
from embedded.venues.okx import Okx
from embedded.venues.polygon import Polygon
from embedded.venues.tape import Tape

MARKETS: Final[Mapping[str, tuple[str, ...]]] = {
    "coinbase": ("BTC-USD", "ETH-USD", "SOL-USD"),
    "kraken": ("BTC-USD", "ETH-USD", "BTC-EUR"),
    "binance": ("BTC-USDT", "ETH-USDT", "SOL-USDT"),
    "bitstamp": ("BTC-USD", "ETH-USD", "BTC-EUR"),
    "okx": ("BTC-USDT", "ETH-USDT", "SOL-USDT"),
    "us": ("AAPL-USD", "MSFT-USD"),
}
"""Exchange → its markets. Both Coinbase feeds tell the same tape, and the vendors relay several."""
_RESOLUTION_US: Final = {"binance": 1000, "bitstamp": 1000, "okx": 1000, "us": 1000}
_SHARED_NUMBERS: Final = frozenset({"bitstamp"})


class Door(Protocol):
    """Lets a request in, or answers why not."""

    def __call__(self, query: Mapping[str, str], headers: Mapping[str, str], *, websocket: bool) -> Page | None: ...


def open_door(query: Mapping[str, str], headers: Mapping[str, str], *, websocket: bool) -> Page | None:
    """Everyone is let in."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """One feed's venue."""

    dialect: type[Dialect]
    exchanges: tuple[str, ...]
    """The tapes that it tells."""
    path: str = ""
    """Of its WebSocket, behind the feed's name."""
    door: Door = open_door
    resolution_us: int = 1
    """It tells times in steps of this, though the tape may know better."""
    sides: bool = True
    """It tells who took."""


VENUES: Final[Mapping[str, Venue]] = {
    "coinbase": Venue(dialect=CoinbaseExchange, exchanges=("coinbase",)),
    "coinbase-advanced": Venue(dialect=CoinbaseAdvanced, exchanges=("coinbase",)),
    "kraken": Venue(dialect=Kraken, exchanges=("kraken",), path="/v2"),
    "binance": Venue(dialect=Binance, exchanges=("binance",), path="/stream"),
    "bitstamp": Venue(dialect=Bitstamp, exchanges=("bitstamp",)),
    "okx": Venue(dialect=Okx, exchanges=("okx",), path="/ws/v5/business"),
    "finnhub": Venue(
        dialect=Finnhub,
        exchanges=("coinbase", "binance", "us"),
        door=finnhub.door,
        resolution_us=1000,
        sides=False,
    ),
    "polygon": Venue(
        dialect=Polygon, exchanges=("coinbase", "kraken"), path="/crypto", door=polygon.door, resolution_us=1000
    ),
}
"""By feed."""


def own_feed(exchange: str) -> str:
    """The feed that tells an exchange's trades first-hand: its own, or the one vendor that has it."""
    return exchange if exchange in VENUES else next(name for name, v in VENUES.items() if exchange in v.exchanges)


def new_tape(exchange: str, symbols: Sequence[str], *, seed: int) -> Tape:
    """An exchange's tape, with its habits."""
    return Tape(
        exchange,
        symbols,
        seed=seed,
        resolution_us=_RESOLUTION_US.get(exchange, 1),
        shared_numbers=exchange in _SHARED_NUMBERS,
    )


def feed_of(path: str) -> str:
    """The feed's name, with which a path begins."""
    return path.lstrip("/").partition("?")[0].partition("/")[0]
