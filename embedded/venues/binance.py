"""Binance spot, spoken from its side: ``trade`` and ``aggTrade`` streams, raw or combined, times in milliseconds.

``m`` is true where the buyer is the maker: the taker sold. Nothing is replayed on subscribing. Ping frames come every
20 s. A path ``/stream`` wraps each event with its stream's name, ``/ws`` sends it bare.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from embedded.venues.dialect import Page, command_of, compact, texts, whole_number
from embedded.venues.faults import Faults
from embedded.venues.tape import Print, Tape, orders


def _wire(symbol: str) -> str:
    return symbol.replace("-", "")


class Binance:
    feed: ClassVar[str] = "binance"
    subscribe_within_s: ClassVar[float | None] = None
    ping_every_s: ClassVar[float | None] = 20.0

    def __init__(self, tapes: Sequence[Tape], faults: Faults, path: str) -> None:
        self._tape, self._faults = tapes[0], faults
        address = urlsplit(path)
        self._combined = address.path.rstrip("/").endswith("/stream")
        named = parse_qs(address.query).get("streams", [""])[0] if self._combined else address.path.partition("/ws/")[2]
        self._streams = {stream: None for stream in named.split("/") if self._symbol(stream) is not None}

    @property
    def subscribed(self) -> bool:
        return bool(self._streams)

    def _symbol(self, stream: str) -> str | None:
        """The market of a stream's name; None where there is no such market."""
        wire = stream.partition("@")[0]
        if wire != wire.lower():
            return None
        return next((symbol for symbol in self._tape.symbols if _wire(symbol).lower() == wire), None)

    def greeting(self, now_us: int) -> list[str]:
        return []

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

    def prints(self, prints: Sequence[Print], now_us: int) -> list[str]:
        messages = []
        for one in prints:
            stream = f"{_wire(one.symbol).lower()}@trade"
            if stream in self._streams:
                messages.append(self._event(stream, self._trade(one, now_us)))
        for fills in orders(prints):
            stream = f"{_wire(fills[0].symbol).lower()}@aggTrade"
            if stream in self._streams:
                messages.append(self._event(stream, self._aggregate(fills, now_us)))
        return messages

    @staticmethod
    def _trade(one: Print, now_us: int) -> dict[str, Any]:
        return {
            "e": "trade",
            "E": now_us // 1000,
            "s": _wire(one.symbol),
            "t": one.number,
            "p": one.price,
            "q": one.size,
            "T": one.time_us // 1000,
            "m": one.side == "sell",
            "M": True,
        }

    @classmethod
    def _aggregate(cls, fills: Sequence[Print], now_us: int) -> dict[str, Any]:
        first, last = fills[0], fills[-1]
        size = sum((Decimal(one.size) for one in fills), Decimal(0))
        event = {**cls._trade(first, now_us), "e": "aggTrade", "q": f"{size:.8f}"}
        del event["t"]
        return {**event, "a": first.order, "f": first.number, "l": last.number}

    def beat(self, now_us: int) -> list[str]:
        messages = []
        for stream in self._streams:
            symbol, _, kind = stream.partition("@")
            last = self._tape.last(self._symbol(symbol) or "") if kind == "bookTicker" else None
            if last is not None:
                book = {"u": last.number, "s": _wire(last.symbol), "b": last.price, "B": "1.0", "a": last.price}
                messages.append(self._event(stream, {**book, "A": "1.0"}))
        return messages

    @staticmethod
    def rest(tapes: Sequence[Tape], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Oldest first from ``fromId``, inclusive; the newest page without it."""
        if not path.endswith(("/historicalTrades", "/trades", "/aggTrades")):
            return None
        tape = tapes[0]
        symbol = next((s for s in tape.symbols if _wire(s) == query.get("symbol")), None)
        if symbol is None:
            return Page('{"code":-1121,"msg":"Invalid symbol."}', 400)
        most = whole_number(query, "limit", 500, 1000)
        weight = {"X-MBX-USED-WEIGHT-1M": "25"}
        past = tape.past(symbol)
        if path.endswith("/aggTrades"):
            groups = orders(past)
            start_us = whole_number(query, "startTime", 0) * 1000
            end_us = whole_number(query, "endTime", 2**50) * 1000
            groups = [fills for fills in groups if start_us <= fills[0].time_us <= end_us]
            wanted = [fills for fills in groups if fills[0].order >= whole_number(query, "fromId", 0)]
            chosen = wanted[:most] if {"fromId", "startTime"} & query.keys() else wanted[-most:]
            drop = ("e", "E", "s")
            rows = [{k: v for k, v in Binance._aggregate(f, 0).items() if k not in drop} for f in chosen]
            return Page(compact(rows), headers=weight)
        prints = [one for one in past if one.number >= whole_number(query, "fromId", 0)]
        prints = prints[:most] if "fromId" in query else prints[-most:]
        return Page(compact([_row(one) for one in prints]), headers=weight)

    @staticmethod
    def throttled() -> Page:
        return Page('{"code":-1003,"msg":"Too many requests."}', 429, {"Retry-After": "1"})


def _row(one: Print) -> dict[str, Any]:
    return {
        "id": one.number,
        "price": one.price,
        "qty": one.size,
        "quoteQty": f"{Decimal(one.price) * Decimal(one.size):.8f}",
        "time": one.time_us // 1000,
        "isBuyerMaker": one.side == "sell",
        "isBestMatch": True,
    }
