"""Finnhub, spoken from its side: it relays Coinbase's, Binance's and US stocks' trades, without ids and sides.

The address must carry a token (``bad`` is refused). Subscriptions are not confirmed; all trades of a moment come in one
frame, prices and sizes as JSON numbers, times in milliseconds. It pings as JSON text. There are no past trades.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from embedded.venues.dialect import Page, command_of, compact
from embedded.venues.faults import Faults
from embedded.venues.tape import Print, Tape

MOST_SYMBOLS = 50
BAD_KEY = "bad"
_WIRE: Final[Mapping[str, Callable[[str], str]]] = {
    "coinbase": lambda symbol: f"COINBASE:{symbol}",
    "binance": lambda symbol: f"BINANCE:{symbol.replace('-', '')}",
    "us": lambda symbol: symbol.partition("-")[0],
}


class Finnhub:
    feed: ClassVar[str] = "finnhub"
    subscribe_within_s: ClassVar[float | None] = None
    ping_every_s: ClassVar[float | None] = None

    def __init__(self, tapes: Sequence[Tape], faults: Faults, path: str) -> None:
        self._faults = faults
        self._known = {
            _WIRE[tape.exchange](symbol): (tape.exchange, symbol) for tape in tapes for symbol in tape.symbols
        }
        self._wanted: dict[tuple[str, str], str] = {}

    @property
    def subscribed(self) -> bool:
        return bool(self._wanted)

    def greeting(self, now_us: int) -> list[str]:
        return []

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text) or {}
        kind, wire = wish.get("type"), str(wish.get("symbol"))
        if kind not in ("subscribe", "unsubscribe"):
            return [_error("Invalid message")]
        market = self._known.get(wire)
        if market is None or market[1] in self._faults.refuse:
            return [_error(f"Invalid symbol {wire}")]
        if kind == "unsubscribe":
            self._wanted.pop(market, None)
        elif market not in self._wanted and len(self._wanted) >= MOST_SYMBOLS:
            return [_error("Subscribing to too many symbols")]
        else:
            self._wanted[market] = wire
        return []

    def prints(self, prints: Sequence[Print], now_us: int) -> list[str]:
        rows = [
            f'{{"c":null,"p":{one.price},"s":"{wire}","t":{one.time_us // 1000},"v":{one.size}}}'
            for one in prints
            if (wire := self._wanted.get((one.exchange, one.symbol))) is not None
        ]
        return [f'{{"data":[{",".join(rows)}],"type":"trade"}}'] if rows else []

    def beat(self, now_us: int) -> list[str]:
        return ['{"type":"ping"}']

    @staticmethod
    def rest(tapes: Sequence[Tape], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        return None

    @staticmethod
    def throttled() -> Page:
        return Page('{"error":"API limit reached. Please try again later. Remaining Limit: 0"}', 429)


def door(query: Mapping[str, str], headers: Mapping[str, str], *, websocket: bool) -> Page | None:
    """A line needs a token."""
    if websocket and query.get("token", "") in ("", BAD_KEY):
        return Page('{"error":"Invalid API key"}', 401)
    return None


def _error(words: str) -> str:
    return compact({"msg": words, "type": "error"})
