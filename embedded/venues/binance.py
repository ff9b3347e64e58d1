"""Binance spot, spoken from its side: ``trade`` and ``aggTrade`` streams, raw or combined, times in milliseconds.

``m`` is true where the buyer is the maker: the taker sold. Nothing is replayed on subscribing. Ping frames come every
20 s. A path ``/stream`` wraps each event with its stream's name, ``/ws`` sends it bare.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from embedded.venues.dialect import Dialect, Page, command_of, compact, texts, whole_number
from embedded.venues.exchange import Exchange, Fill, orders
from embedded.venues.faults import VenueFaults


def _venue_symbol(symbol: str) -> str:
    return symbol.replace("-", "")


class Binance(Dialect):
    feed = "binance"
    path = "/stream"
    markets: ClassVar = {"binance": ("BTC-USDT", "ETH-USDT", "SOL-USDT")}
    resolution_us = 1000
    ping_every_s = 20.0

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        super().__init__(exchanges, faults, path)
        address = urlsplit(path)
        self._combined = address.path.rstrip("/").endswith("/stream")
        named = parse_qs(address.query).get("streams", [""])[0] if self._combined else address.path.partition("/ws/")[2]
        self._streams = {stream: None for stream in named.split("/") if self._symbol(stream) is not None}

    @property
    def subscribed(self) -> bool:
        return bool(self._streams)

    def _symbol(self, stream: str) -> str | None:
        """The market of a stream's name; None where there is no such market."""
        name = stream.partition("@")[0]
        if name != name.lower():
            return None
        return next((symbol for symbol in self._exchange.symbols if _venue_symbol(symbol).lower() == name), None)

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text) or {}
        streams, tag = texts(wish.get("params")), wish.get("id")
        if wish.get("method") not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            return [compact({"code": 2, "msg": "Invalid request: unknown variant", "id": tag})]
        for stream in streams:
            symbol = self._symbol(stream)
            if symbol is None or symbol in self._faults.refuse:
                error = {"code": 2, "msg": f"Invalid request: unknown stream {stream}"}
                return [compact({"error": error, "id": tag})]
        for stream in streams:
            if wish["method"] == "SUBSCRIBE":
                self._streams[stream] = None
            else:
                self._streams.pop(stream, None)
        return [] if self._faults.withhold_acks else [compact({"result": None, "id": tag})]

    def _event(self, stream: str, event: dict[str, Any]) -> str:
        return compact({"stream": stream, "data": event} if self._combined else event)

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        messages = []
        for one in fills:
            stream = f"{_venue_symbol(one.symbol).lower()}@trade"
            if stream in self._streams:
                messages.append(self._event(stream, self._trade(one, now_us)))
        for order in orders(fills):
            stream = f"{_venue_symbol(order[0].symbol).lower()}@aggTrade"
            if stream in self._streams:
                messages.append(self._event(stream, self._aggregate(order, now_us)))
        return messages

    @staticmethod
    def _trade(one: Fill, now_us: int) -> dict[str, Any]:
        return {
            "e": "trade",
            "E": now_us // 1000,
            "s": _venue_symbol(one.symbol),
            "t": one.number,
            "p": one.price,
            "q": one.size,
            "T": one.time_us // 1000,
            "m": one.side == "sell",
            "M": True,
        }

    @classmethod
    def _aggregate(cls, fills: Sequence[Fill], now_us: int) -> dict[str, Any]:
        first, last = fills[0], fills[-1]
        size = sum((Decimal(one.size) for one in fills), Decimal(0))
        event = {**cls._trade(first, now_us), "e": "aggTrade", "q": f"{size:.8f}"}
        del event["t"]
        return {**event, "a": first.order, "f": first.number, "l": last.number}

    def beat(self, now_us: int) -> list[str]:
        messages = []
        for stream in self._streams:
            symbol, _, kind = stream.partition("@")
            last = self._exchange.last(self._symbol(symbol) or "") if kind == "bookTicker" else None
            if last is not None:
                book = {"u": last.number, "s": _venue_symbol(last.symbol), "b": last.price, "B": "1.0", "a": last.price}
                messages.append(self._event(stream, {**book, "A": "1.0"}))
        return messages

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Oldest first from ``fromId``, inclusive; the newest page without it."""
        if not path.endswith(("/historicalTrades", "/trades", "/aggTrades", "/klines")):
            return None
        exchange = exchanges[0]
        symbol = next((s for s in exchange.symbols if _venue_symbol(s) == query.get("symbol")), None)
        if symbol is None:
            return Page('{"code":-1121,"msg":"Invalid symbol."}', 400)
        most = whole_number(query, "limit", 500, 1000)
        weight = {"X-MBX-USED-WEIGHT-1M": "25"}
        if path.endswith("/klines"):
            return _klines(exchange, symbol, query, now_us)
        past = exchange.past(symbol)
        if path.endswith("/aggTrades"):
            start_us = whole_number(query, "startTime", 0) * 1000
            end_us = whole_number(query, "endTime", 2**50) * 1000
            found = [order for order in orders(past) if start_us <= order[0].time_us <= end_us]
            wanted = [order for order in found if order[0].order >= whole_number(query, "fromId", 0)]
            chosen = wanted[:most] if {"fromId", "startTime"} & query.keys() else wanted[-most:]
            drop = ("e", "E", "s")
            rows = [{k: v for k, v in Binance._aggregate(order, 0).items() if k not in drop} for order in chosen]
            return Page(compact(rows), headers=weight)
        fills = [one for one in past if one.number >= whole_number(query, "fromId", 0)]
        fills = fills[:most] if "fromId" in query else fills[-most:]
        return Page(compact([_row(one) for one in fills]), headers=weight)

    @staticmethod
    def throttled() -> Page:
        return Page('{"code":-1003,"msg":"Too many requests."}', 429, {"Retry-After": "1"})


_STEPS_S = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "4h": 14_400, "1d": 86_400, "1w": 604_800}


def _klines(exchange: Exchange, symbol: str, query: Mapping[str, str], now_us: int) -> Page:
    """Oldest first from ``startTime``; windows without trades at the last price, the running one too."""
    step_s = _STEPS_S.get(query.get("interval", ""))
    if step_s is None:
        return Page('{"code":-1120,"msg":"Invalid interval."}', 400)
    from_s = -(-whole_number(query, "startTime", 0) // 1000)
    to_s = whole_number(query, "endTime", 2**50) // 1000 + 1
    rows = [
        [
            bar.start_s * 1000,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            f"{bar.volume:.8f}",
            (bar.start_s + step_s) * 1000 - 1,
            f"{bar.quote_volume:.8f}",
            bar.trades,
            "0.0",
            "0.0",
            "0",
        ]
        for bar in exchange.bars(symbol).within(step_s, from_s, to_s, filled_to_s=now_us // 10**6)
    ]
    most = whole_number(query, "limit", 500, 1000)
    chosen = rows[:most] if "startTime" in query else rows[-most:]
    return Page(compact(chosen), headers={"X-MBX-USED-WEIGHT-1M": "2"})


def _row(one: Fill) -> dict[str, Any]:
    return {
        "id": one.number,
        "price": one.price,
        "qty": one.size,
        "quoteQty": f"{Decimal(one.price) * Decimal(one.size):.8f}",
        "time": one.time_us // 1000,
        "isBuyerMaker": one.side == "sell",
        "isBestMatch": True,
    }
