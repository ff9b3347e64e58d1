"""Coinbase Exchange, channel ``matches``: one trade a message, ids contiguous in each product.

``side`` on the wire is the **maker's**, in messages and REST rows alike; the record has the taker's, so it is turned.
The first message of a product is ``last_match``, the newest trade before the subscription: replayed. Messages can be
dropped; the heartbeat tells the newest trade id (``Parsed.newest``). Order-event ``sequence`` numbers have holes on
this channel by their nature and are not read.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from producers.feeds import fields, message
from producers.feeds import symbols as naming
from producers.feeds.base import Parsed, RestRequest
from producers.feeds.candles import Candle, CandlePage, Klines, Precision, amount, items, read_candles
from producers.feeds.fields import BadFieldError
from producers.feeds.json_feed import JsonFeed
from producers.feeds.limits import Limits, RestLimits
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Traits
from tapehouse.record import Trade, id_number

TAKER: Final[Mapping[str, str]] = {"buy": "sell", "sell": "buy", "BUY": "sell", "SELL": "buy"}
"""The maker's side, as Coinbase sends it → the taker's."""
PAGE_ROWS: Final = 1000


def read_trade(
    row: Mapping[str, Any], *, source: str, received_time_us: int, backfilled: bool = False, symbol: str | None = None
) -> Trade:
    """One trade of any of Coinbase's shapes: Exchange and Advanced, message and REST row, differ only in the wrapping.

    ``symbol`` stands in for a ``product_id`` that a REST row does not have. Raises BadFieldError, SymbolError.
    """
    row = fields.mapping(row, "trade")
    product = row.get("product_id")
    if product is not None or symbol is None:
        symbol = naming.from_dash(fields.text(product, "product_id"))
    return Trade(
        exchange="coinbase",
        symbol=symbol,
        source=source,
        trade_id=fields.any_id(row.get("trade_id"), "trade_id"),
        price=fields.number(row.get("price"), "price"),
        size=fields.number(row.get("size"), "size"),
        side=fields.one_of(row.get("side"), "side", TAKER),
        event_time_us=fields.rfc3339_us(row.get("time"), "time"),
        received_time_us=received_time_us,
        backfilled=backfilled,
    )


def product_symbol(product: object) -> str | None:
    """A product's canonical symbol, or None where there is none: for acknowledgements and unparsed messages."""
    try:
        return naming.from_dash(product) if isinstance(product, str) else None
    except SymbolError:
        return None


def products_of(listed: object) -> tuple[str, ...]:
    """The canonical symbols of a list of products; what is no spot product is left out."""
    found = [product_symbol(product) for product in listed] if isinstance(listed, list) else []
    return tuple(dict.fromkeys(symbol for symbol in found if symbol))


KLINES: Final = Klines(
    steps={"1m": "60", "5m": "300", "15m": "900", "1h": "3600", "1d": "86400"},
    page_candles=300,
    volume=Precision(digits=15),
)
"""Numbers are JSON numbers; windows without trades are left out. A span of more than 300 windows is refused."""
TRAITS: Final = Traits(
    aliases=("coinbase-exchange",),
    paging="down",
    klines=KLINES,
    limits=Limits(quiet_after_s=30, messages_per_s=50),
    rest=RestLimits(calls_per_s=8, burst=10, page_rows=PAGE_ROWS),
)
"""Heartbeats come each second; 100 client messages a second, and 10 REST requests in bursts of 15, are allowed."""


class CoinbasePages(JsonFeed):
    """The REST interface, which both of Coinbase's feeds read."""

    __slots__ = ()

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """The page that ends with ``to_id``, or the newest one: this endpoint knows no times.

        ``after`` means ids below it, newest first.
        """
        params = {"limit": str(PAGE_ROWS)}
        first, last = id_number(from_id or ""), id_number(to_id or "")
        if last >= 0:
            params["after"] = str(last + 1)
            if 0 <= first <= last:
                params["limit"] = str(min(PAGE_ROWS, last - first + 1))
        return RestRequest(f"{self.rest_url}/products/{naming.canonical(symbol)}/trades", params)

    def _page(self, raw: str, body: Any, symbol: str, received_time_us: int) -> Parsed:
        """The Exchange's list, or the ``trades`` of Advanced Trade's ticker; newest first as they come."""
        rows = body
        if isinstance(body, dict):
            if "trades" not in body and ("message" in body or "error" in body):
                return Parsed(refused=message.error_text(body.get("error"), body.get("message")))
            rows = body.get("trades")

        def read(_: int, row: Any) -> Trade:
            return read_trade(row, source=self.name, received_time_us=received_time_us, backfilled=True, symbol=symbol)

        trades, rest = self._trades(raw, rows, read, lambda _: symbol, received_time_us)
        trades.sort(key=lambda trade: (id_number(trade.trade_id), trade.event_time_us))
        return Parsed(records=(*trades, *rest))

    def candles(self, symbol: str, interval: str, from_us: int, to_us: int) -> RestRequest:
        """See ``Feed``. The windows that begin at both ends belong to the answer."""
        step_s = int(self._step(interval))
        params = {
            "granularity": str(step_s),
            "start": _rfc3339(from_us // 1_000_000),
            "end": _rfc3339(to_us // 1_000_000 - step_s),
        }
        return RestRequest(f"{self.rest_url}/products/{naming.canonical(symbol)}/candles", params)

    def _candle_page(self, body: Any) -> CandlePage:
        """``[time in s, low, high, open, close, volume]``, newest first."""
        if isinstance(body, dict):
            return CandlePage(refused=message.error_text(body.get("error"), body.get("message")))

        def read(row: Any) -> Candle:
            at, low, high, opened, close, volume = items(row, 6)
            return Candle(
                open_time_us=fields.unix_s_us(at, "time"),
                open=amount(opened, "open"),
                high=amount(high, "high"),
                low=amount(low, "low"),
                close=amount(close, "close"),
                volume=amount(volume, "volume"),
            )

        return read_candles(body, read)


def _rfc3339(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Coinbase(CoinbasePages):
    """Feed ``coinbase``."""

    name: str = "coinbase"
    exchange: str = "coinbase"
    websocket_url: str = "wss://ws-feed.exchange.coinbase.com"
    rest_url: str = "https://api.exchange.coinbase.com"
    traits: Traits = TRAITS

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """One message for all products; the server closes a connection on which it does not come within 5 s."""
        products = [naming.canonical(key) for key in dict.fromkeys(keys)]
        if not products:
            return []
        request = {"type": "subscribe", "product_ids": products, "channels": ["matches", "heartbeat"]}
        return [json.dumps(request, separators=(",", ":"))]

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        kind = body.get("type")
        if kind in ("match", "last_match"):
            parsed = self._trade(
                raw,
                lambda: read_trade(body, source=self.name, received_time_us=received_time_us),
                lambda: product_symbol(body.get("product_id")),
                received_time_us,
            )
            return replace(parsed, replayed=kind == "last_match")
        reading = _OTHERS.get(kind) if isinstance(kind, str) else None
        return reading(body) if reading else Parsed(ignored=message.type_name(kind))


def _acknowledged(body: Mapping[str, Any]) -> Parsed:
    """``subscriptions`` lists all that is subscribed so far, channel by channel."""
    channels = body.get("channels")
    found: dict[str, None] = {}
    for channel in channels if isinstance(channels, list) else []:
        if isinstance(channel, dict) and channel.get("name") == "matches":
            found.update(dict.fromkeys(products_of(channel.get("product_ids"))))
    return Parsed(acknowledged=tuple(found)) if found else Parsed(ignored="subscriptions")


def _heartbeat(body: Mapping[str, Any]) -> Parsed:
    symbol = product_symbol(body.get("product_id"))
    try:
        newest = ((symbol, fields.any_id(body.get("last_trade_id"), "last_trade_id")),) if symbol else ()
    except BadFieldError:
        newest = ()
    return Parsed(ignored="heartbeat", newest=newest)


def refusal(body: Mapping[str, Any]) -> Parsed:
    """``{"type":"error","message":…,"reason":…}``."""
    return Parsed(refused=message.error_text(body.get("message"), body.get("reason")))


_OTHERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Parsed]]] = {
    "subscriptions": _acknowledged,
    "heartbeat": _heartbeat,
    "error": refusal,
}
