"""Finnhub, spoken from its side: it relays Coinbase's, Binance's and US stocks' trades, without ids and sides.

The address must carry a token (``bad`` is refused). Subscriptions are not confirmed; all trades of a moment come in one
frame, prices and sizes as JSON numbers, times in milliseconds. It pings as JSON text. There are no past trades.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from embedded.venues.dialect import Dialect, Page, command_of, compact
from embedded.venues.exchange import Exchange, Fill
from embedded.venues.faults import VenueFaults

MOST_SYMBOLS = 50
BAD_KEY = "bad"
_VENUE_SYMBOL: Final[Mapping[str, Callable[[str], str]]] = {
    "coinbase": lambda symbol: f"COINBASE:{symbol}",
    "binance": lambda symbol: f"BINANCE:{symbol.replace('-', '')}",
    "us": lambda symbol: symbol.partition("-")[0],
}


class Finnhub(Dialect):
    feed = "finnhub"
    markets: ClassVar = {"us": ("AAPL-USD", "MSFT-USD")}
    exchanges = ("coinbase", "binance", "us")
    resolution_us = 1000
    sides = False

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        super().__init__(exchanges, faults, path)
        self._known = {
            _VENUE_SYMBOL[exchange.name](symbol): (exchange.name, symbol)
            for exchange in exchanges
            for symbol in exchange.symbols
        }
        self._wanted: dict[tuple[str, str], str] = {}

    @staticmethod
    def authorize(query: Mapping[str, str], headers: Mapping[str, str], *, websocket: bool) -> Page | None:
        """A connection needs a token."""
        if websocket and query.get("token", "") in ("", BAD_KEY):
            return Page('{"error":"Invalid API key"}', 401)
        return None

    @property
    def subscribed(self) -> bool:
        return bool(self._wanted)

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text) or {}
        kind, name = wish.get("type"), str(wish.get("symbol"))
        if kind not in ("subscribe", "unsubscribe"):
            return [_error("Invalid message")]
        market = self._known.get(name)
        if market is None or market[1] in self._faults.refuse:
            return [_error(f"Invalid symbol {name}")]
        if kind == "unsubscribe":
            self._wanted.pop(market, None)
        elif market not in self._wanted and len(self._wanted) >= MOST_SYMBOLS:
            return [_error("Subscribing to too many symbols")]
        else:
            self._wanted[market] = name
        return []

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        rows = [
            f'{{"c":null,"p":{one.price},"s":"{name}","t":{one.time_us // 1000},"v":{one.size}}}'
            for one in fills
            if (name := self._wanted.get((one.exchange, one.symbol))) is not None
        ]
        return [f'{{"data":[{",".join(rows)}],"type":"trade"}}'] if rows else []

    def beat(self, now_us: int) -> list[str]:
        return ['{"type":"ping"}']

    @staticmethod
    def throttled() -> Page:
        return Page('{"error":"API limit reached. Please try again later. Remaining Limit: 0"}', 429)


def _error(text: str) -> str:
    return compact({"msg": text, "type": "error"})
