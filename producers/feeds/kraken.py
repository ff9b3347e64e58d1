"""Kraken, channel ``trade``: version 2 of its WebSocket interface live; version 1 is recognised too, for recordings.

Version 2 gives price and size as JSON numbers, the taker's side, and an id that is a sequence of the book. Version 1
(source ``kraken-v1``) gives texts and no id at all: there the id is made of the time, the place in the frame and a hash
of the row, so that the same frame always gives the same ids and two equal rows of a frame are two trades.

REST rows carry the id of version 2 and its source. Errors come with HTTP 200: ``error`` is read before ``result``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from producers.feeds import fields, message
from producers.feeds import symbols as naming
from producers.feeds.base import Parsed, RestRequest
from producers.feeds.candles import Candle, CandlePage, Klines, amount, items, read_candles
from producers.feeds.fields import BadFieldError
from producers.feeds.json_feed import JsonFeed
from producers.feeds.limits import Limits, RestLimits
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Traits
from tapehouse.record import Trade

SOURCE_V1: Final = "kraken-v1"
PAGE_ROWS: Final = 1000
_SIDES: Final[Mapping[str, str]] = {"buy": "buy", "sell": "sell"}
_SIDES_V1: Final[Mapping[str, str]] = {"b": "buy", "s": "sell"}
_SYSTEM_STATES: Final = frozenset({"online", "maintenance", "cancel_only", "post_only", "limit_only"})
_QUOTES: Final = "USD EUR GBP CAD JPY AUD CHF XBT BTC ETH USDT USDC USDG USDQ USDR RLUSD DAI EURC"
QUOTES: Final = frozenset(_QUOTES.split())
_OLD_NAMES: Final = {"BTC": "XBT", "DOGE": "XDG"}


def read_symbol(text: str) -> str:
    """``XXBTZUSD``, ``XBTUSD`` → ``BTC-USD``, by the longest quote of the list. Raises SymbolError."""
    # The old keys mark both assets, X for a coin and Z for a currency, in three letters each: XXBTZUSD. XTZUSD is not
    # one of them: it is Tezos.
    if len(text) == 8 and text[0] in "XZ" and text[4] in "XZ" and text[5:] in QUOTES:
        return naming.from_slash(f"{text[1:4]}/{text[5:]}")
    if not text.isupper():
        raise SymbolError(text[:64], "is no spot pair of Kraken")
    return naming.from_slash(naming.from_joined(text, QUOTES).replace("-", "/"))


def write_symbol(symbol: str) -> str:
    """``BTC-USD`` → ``XBTUSD``, the short name of a pair, which every request takes. Raises SymbolError."""
    return "".join(_OLD_NAMES.get(leg, leg) for leg in naming.canonical(symbol).split("-"))


KLINES: Final = Klines(
    steps={"1m": "1", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "4h": "240", "1d": "1440"},
    page_candles=720,
    reach_candles=720,
    counts=True,
)
"""The newest 720 windows and no others, the running one at the end. Weeks are left out: theirs count from the epoch, a
Thursday. The quote's volume is told as a rounded average price alone."""
TRAITS: Final = Traits(
    read_symbol=read_symbol,
    aliases=(SOURCE_V1, "kraken-v2"),
    paging="time",
    klines=KLINES,
    limits=Limits(quiet_after_s=30),
    rest=RestLimits(calls_per_s=1, page_rows=PAGE_ROWS),
)
"""Heartbeats come each second of silence; about one public call a second is allowed, and a reconnection in 4 s."""


@dataclass(frozen=True, slots=True)
class Kraken(JsonFeed):
    """Feed ``kraken``."""

    name: str = "kraken"
    exchange: str = "kraken"
    websocket_url: str = "wss://ws.kraken.com/v2"
    rest_url: str = "https://api.kraken.com"
    traits: Traits = TRAITS

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """With the snapshot of the newest trades: it closes most short gaps for nothing."""
        wanted = [naming.to_slash(key) for key in dict.fromkeys(keys)]
        if not wanted:
            return []
        request = {
            "method": "subscribe",
            "params": {"channel": "trade", "symbol": wanted, "snapshot": True},
            "req_id": 1,
        }
        return [json.dumps(request, separators=(",", ":"))]

    def keepalive(self) -> str | None:
        """A ping: idle connections close after about a minute."""
        return '{"method":"ping"}'

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        """A message of version 2, or one of version 1 that is no data."""
        if body.get("channel") == "trade":
            return self._rows(raw, body, received_time_us)
        return _without_trades(body)

    def _rows(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        def read(_: int, row: Any) -> Trade:
            row = fields.mapping(row, "trade")
            return Trade(
                exchange=self.exchange,
                symbol=naming.from_slash(fields.text(row.get("symbol"), "symbol")),
                source=self.name,
                trade_id=fields.digit_id(row.get("trade_id"), "trade_id"),
                price=fields.number(row.get("price"), "price"),
                size=fields.number(row.get("qty"), "qty"),
                side=fields.one_of(row.get("side"), "side", _SIDES),
                event_time_us=fields.rfc3339_us(row.get("timestamp"), "timestamp"),
                received_time_us=received_time_us,
            )

        trades, rest = self._trades(raw, body.get("data"), read, _name, received_time_us)
        return Parsed(records=(*trades, *rest), replayed=body.get("type") == "snapshot")

    def _array(self, raw: str, body: list[Any], received_time_us: int) -> Parsed:
        """Version 1: ``[channel id, rows, channel, pair]``; the last two say what it is, the id does not."""
        channel = body[-2] if len(body) >= 2 else None
        if channel != "trade":
            return Parsed(ignored=message.type_name(channel))
        pair = body[-1]

        def read(position: int, row: Any) -> Trade:
            return _trade_v1(position, row, pair, received_time_us)

        rows = body[1] if len(body) == 4 else None
        trades, rest = self._trades(raw, rows, read, lambda _: _symbol(pair), received_time_us, source=SOURCE_V1)
        return Parsed(records=(*trades, *rest))

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """The page from ``from_us`` on: this endpoint pages by time, its rows carry the ids.

        Whether ``since`` includes trades of just that instant is not known, so it lies a nanosecond before it.
        """
        params = {
            "pair": write_symbol(symbol),
            "since": str(max(0, from_us * 1000 - 1)),
            "count": str(PAGE_ROWS),
        }
        return RestRequest(f"{self.rest_url}/0/public/Trades", params)

    def _page(self, raw: str, body: Any, symbol: str, received_time_us: int) -> Parsed:
        """A page of ``/0/public/Trades``."""
        errors = body.get("error") if isinstance(body, dict) else None
        if errors:
            return Parsed(refused=message.error_text(*(errors if isinstance(errors, list) else [errors])))

        def read(_: int, row: Any) -> Trade:
            return self._trade_rest(row, symbol, received_time_us)

        trades, rest = self._trades(raw, _page_rows(body), read, lambda _: symbol, received_time_us)
        return Parsed(records=(*trades, *rest))

    def candles(self, symbol: str, interval: str, from_us: int, to_us: int) -> RestRequest:
        """See ``Feed``. All there is behind ``since`` comes; it may be exclusive, and so lies a second before."""
        del to_us
        params = {"pair": write_symbol(symbol), "interval": self._step(interval), "since": str(from_us // 10**6 - 1)}
        return RestRequest(f"{self.rest_url}/0/public/OHLC", params)

    def _candle_page(self, body: Any) -> CandlePage:
        """``[time in s, open, high, low, close, vwap, volume, trades]``, oldest first."""
        errors = body.get("error") if isinstance(body, dict) else None
        if errors:
            return CandlePage(refused=message.error_text(*(errors if isinstance(errors, list) else [errors])))

        def read(row: Any) -> Candle:
            at, opened, high, low, close, _, volume, trades = items(row, 8)
            return Candle(
                open_time_us=fields.unix_s_us(at, "time"),
                open=amount(opened, "open"),
                high=amount(high, "high"),
                low=amount(low, "low"),
                close=amount(close, "close"),
                volume=amount(volume, "volume"),
                trade_count=int(fields.digit_id(trades, "count")),
            )

        return read_candles(_page_rows(body), read)

    def _trade_rest(self, row: Any, symbol: str, received_time_us: int) -> Trade:
        """``[price, volume, time, side, order type, misc, trade id]``; the time is a JSON number of seconds."""
        price, volume, time, side, _type, _misc, trade_id = _items(row, 7)
        return Trade(
            exchange=self.exchange,
            symbol=symbol,
            source=self.name,
            trade_id=fields.digit_id(trade_id, "trade_id"),
            price=fields.number(price, "price"),
            size=fields.number(volume, "volume"),
            side=fields.one_of(side, "side", _SIDES_V1),
            event_time_us=fields.unix_s_us(time, "time"),
            received_time_us=received_time_us,
            backfilled=True,
        )


def _page_rows(body: object) -> object:
    """The rows of the one pair of the page; None where it holds none, or several."""
    result = body.get("result") if isinstance(body, dict) else None
    found = [rows for key, rows in result.items() if key != "last"] if isinstance(result, dict) else []
    return found[0] if len(found) == 1 else None


def _items(row: Any, count: int) -> list[Any]:
    """The first ``count`` items of a row, which may have more: venues add at the end."""
    if not isinstance(row, list) or len(row) < count:
        raise BadFieldError("trade", f"is no row of {count} items")
    return row[:count]


def _trade_v1(position: int, row: Any, pair: object, received_time_us: int) -> Trade:
    """``[price, volume, time, side, order type, misc]``, all text."""
    price, volume, time, side, _type = _items(row, 5)
    symbol = naming.from_slash(fields.text(pair, "pair"))
    event_time_us = fields.unix_s_us(fields.text(time, "time"), "time")
    price, volume = fields.number(price, "price"), fields.number(volume, "volume")
    side = fields.one_of(side, "side", _SIDES_V1)
    return Trade(
        exchange="kraken",
        symbol=symbol,
        source=SOURCE_V1,
        trade_id=message.made_id(event_time_us, position, symbol, price, volume, time, side),
        price=price,
        size=volume,
        side=side,
        event_time_us=event_time_us,
        received_time_us=received_time_us,
    )


def _symbol(text: object) -> str | None:
    try:
        return naming.from_slash(text) if isinstance(text, str) else None
    except SymbolError:
        return None


def _name(row: Any) -> str | None:
    return _symbol(row.get("symbol")) if isinstance(row, Mapping) else None


def _without_trades(body: Mapping[str, Any]) -> Parsed:
    if "method" in body or body.get("success") is False:
        return _answer(body)
    if "event" in body:
        return _event(body)
    return Parsed(ignored=_channel_name(body))


def _answer(body: Mapping[str, Any]) -> Parsed:
    """Version 2's answer to a request of ours: one for each symbol of a subscription."""
    method = body.get("method")
    if body.get("success") is False:
        return Parsed(refused=message.error_text(body.get("error")))
    result = body.get("result")
    if method == "subscribe" and isinstance(result, dict) and result.get("channel") == "trade":
        symbol = _symbol(result.get("symbol"))
        if symbol:
            return Parsed(acknowledged=(symbol,))
    return Parsed(ignored=message.type_name(method))


def _event(body: Mapping[str, Any]) -> Parsed:
    """Version 1's messages that are no data."""
    event = body["event"]
    if event == "error" or body.get("status") == "error":
        return Parsed(refused=message.error_text(body.get("errorMessage")))
    subscription = body.get("subscription")
    if event == "subscriptionStatus" and body.get("status") == "subscribed" and isinstance(subscription, dict):
        symbol = _symbol(body.get("pair")) if subscription.get("name") == "trade" else None
        if symbol:
            return Parsed(acknowledged=(symbol,))
    return Parsed(ignored=message.type_name(event))


def _channel_name(body: Mapping[str, Any]) -> str:
    """``heartbeat``, ``ticker``, …; the status of the matching engine is counted state by state."""
    name = message.type_name(body.get("channel"))
    if name != "status":
        return name
    data = body.get("data")
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    state = first.get("system")
    return f"status.{state}" if isinstance(state, str) and state in _SYSTEM_STATES else name
