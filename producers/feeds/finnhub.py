"""Finnhub, a vendor that relays other venues' trades: crypto of many exchanges, and US stocks.

A symbol names its venue before a colon and is written by that venue's rule (``BINANCE:BTCUSDT`` is BTC-USDT of
binance); one without a colon is a US stock (``AAPL`` is AAPL-USD of ``us``). Subscription keys are
``binance:BTC-USDT``, ``coinbase:BTC-USD``, ``us:AAPL-USD``; a plain ``AAPL-USD`` means ``us``.

Prices and sizes are JSON numbers, times milliseconds. There is no side and no id: the id is made of the time, the place
in the frame and a hash of symbol, price and size, so that rows alike in one frame are several trades. There are no past
trades to fill a hole with, and subscriptions are not confirmed.

The key goes into the address, as the venue wants it: ``websocket_url`` and all else that may be shown are without it.

Source: the vendor's WebSocket documentation and messages that users published; the free plan takes 50 symbols.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from producers.feeds import binance, bitstamp, fields, kraken, message
from producers.feeds import symbols as naming
from producers.feeds.base import Parsed
from producers.feeds.json_feed import JsonFeed
from producers.feeds.limits import Limits
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Traits
from tapehouse.market import Market
from tapehouse.record import Trade

STOCKS: Final = "us"
"""The exchange under which US stocks are filed."""
_STOCK = re.compile(r"[A-Z0-9.]{1,24}")
_EXCHANGE = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_OTHER_NAMES: Final = {"okex": "okx"}
_READ: Final[Mapping[str, Callable[[str], str]]] = {
    "binance": binance.read_symbol,
    "bitstamp": bitstamp.read_symbol,
    "kraken": kraken.read_symbol,
}
"""How each venue writes its symbols; every other one with a dash between the assets, or not at all."""
_WRITE: Final[Mapping[str, Callable[[str], str]]] = {
    "binance": binance.write_symbol,
    "bitstamp": bitstamp.write_symbol,
    "kraken": kraken.write_symbol,
}


TRAITS: Final = Traits(
    default_keys=("binance:BTC-USDT", "binance:ETH-USDT", "us:AAPL-USD"),
    key_field="token",
    contiguous_ids=False,
    acknowledges=False,
    limits=Limits(stale_after_s=60, quiet_after_s=60, max_symbols=50),
)
"""The vendor pings as JSON text: a minute without a frame is a dead connection."""


def read_symbol(text: str) -> Market:
    """``BINANCE:BTCUSDT`` → (binance, BTC-USDT); ``AAPL`` → (us, AAPL-USD). Raises SymbolError."""
    venue, colon, name = text.partition(":")
    if not colon:
        if not _STOCK.fullmatch(text):
            raise SymbolError(text[:64], "is no US stock and names no venue before a colon")
        return Market(STOCKS, naming.canonical(f"{text}-USD"))
    exchange = _OTHER_NAMES.get(venue.lower(), venue.lower())
    if not _EXCHANGE.fullmatch(exchange):
        raise SymbolError(text[:64], "names no venue before its colon")
    return Market(exchange, _READ.get(exchange, naming.from_dash)(name))


def write_symbol(key: str) -> str:
    """``binance:BTC-USDT`` → ``BINANCE:BTCUSDT``; ``us:AAPL-USD`` and ``AAPL-USD`` → ``AAPL``. Raises SymbolError."""
    exchange, symbol = _market(key)
    if exchange == STOCKS:
        ticker, _, currency = symbol.partition("-")
        if currency != "USD":
            raise SymbolError(key, "is no US stock: those are quoted in USD")
        return ticker
    venue = next((old for old, new in _OTHER_NAMES.items() if new == exchange), exchange)
    return f"{venue.upper()}:{_WRITE.get(exchange, naming.canonical)(symbol)}"


def _market(key: str) -> Market:
    exchange, colon, symbol = key.partition(":")
    if not colon:
        return Market(STOCKS, naming.canonical(key))
    if not _EXCHANGE.fullmatch(exchange):
        raise SymbolError(key, "names no exchange in lower case before its colon")
    return Market(exchange, naming.canonical(symbol))


@dataclass(frozen=True, slots=True)
class Finnhub(JsonFeed):
    """Feed ``finnhub``."""

    name: str = "finnhub"
    exchange: str = "finnhub"
    """Of messages that cannot be read; a trade has the exchange that its symbol names."""
    websocket_url: str = "wss://ws.finnhub.io"
    rest_url: str = "https://finnhub.io/api/v1"
    token: str = field(default="", repr=False)
    traits: Traits = TRAITS

    def address(self) -> str:
        """With the key. Raises SettingsError where there is none."""
        token = self._needed_key()
        mark = "&" if "?" in self.websocket_url else "?"
        return f"{self.websocket_url}{mark}token={quote(token, safe='')}"

    def market(self, key: str) -> Market | None:
        """``binance:BTC-USDT`` → (binance, BTC-USDT); ``AAPL-USD`` → (us, AAPL-USD). Raises SymbolError."""
        return _market(key)

    def subscription_key(self, exchange: str, symbol: str) -> str:
        """(us, AAPL-USD) → ``us:AAPL-USD``: the long form of a key, also where the short one was given."""
        return f"{exchange}:{symbol}"

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """One message a symbol; nothing comes back but trades."""
        wanted = dict.fromkeys(write_symbol(key) for key in keys)
        return [json.dumps({"type": "subscribe", "symbol": name}, separators=(",", ":")) for name in wanted]

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        kind = body.get("type")
        if kind == "error":
            return Parsed(refused=message.error_text(body.get("msg")))
        if kind != "trade":
            return Parsed(ignored=message.type_name(kind))

        def read(position: int, row: Any) -> Trade:
            return self._read(position, row, received_time_us)

        # The market of an unreadable row is left out: the record has one exchange, a frame may have many.
        trades, rest = self._trades(raw, body.get("data"), read, lambda _: None, received_time_us)
        return Parsed(records=(*trades, *rest))

    def _read(self, position: int, row: Any, received_time_us: int) -> Trade:
        row = fields.mapping(row, "trade")
        vendor_symbol = fields.text(row.get("s"), "s")
        exchange, symbol = read_symbol(vendor_symbol)
        price, size = fields.number(row.get("p"), "p"), fields.number(row.get("v"), "v")
        event_time_us = fields.epoch_us(row.get("t"), "t", "ms")
        return Trade(
            exchange=exchange,
            symbol=symbol,
            source=self.name,
            trade_id=message.made_id(event_time_us, position, vendor_symbol, price, size),
            price=price,
            size=size,
            side=None,
            event_time_us=event_time_us,
            received_time_us=received_time_us,
        )
