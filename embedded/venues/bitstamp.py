"""Bitstamp, spoken from its side: a channel a pair, ids that all its markets share, whole-second pages without paging.

Prices and sizes come as JSON numbers and as texts. Nothing is replayed on subscribing; heartbeats are only answered.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from embedded.venues.dialect import Page, command_of, compact
from embedded.venues.faults import Faults
from embedded.venues.tape import Print, Tape

_CHANNEL = "live_trades_"
_REST_PATH = re.compile(r"/transactions/([^/]+)/?$")
_REACHES_S = {"minute": 60, "hour": 3_600, "day": 86_400}


def _wire(symbol: str) -> str:
    return symbol.replace("-", "").lower()


class Bitstamp:
    feed: ClassVar[str] = "bitstamp"
    subscribe_within_s: ClassVar[float | None] = None
    ping_every_s: ClassVar[float | None] = None

    def __init__(self, tapes: Sequence[Tape], faults: Faults, path: str) -> None:
        self._tape, self._faults = tapes[0], faults
        self._symbols: list[str] = []

    @property
    def subscribed(self) -> bool:
        return bool(self._symbols)

    def greeting(self, now_us: int) -> list[str]:
        return []

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text) or {}
        event, data = wish.get("event"), wish.get("data")
        if event == "bts:heartbeat":
            return [compact({"event": event, "channel": "", "data": {"status": "success"}})]
        if event not in ("bts:subscribe", "bts:unsubscribe"):
            return [_error("Incorrect JSON format." if not wish else "Unknown event.")]
        channel = data.get("channel") if isinstance(data, dict) else None
        symbol = next((s for s in self._tape.symbols if f"{_CHANNEL}{_wire(s)}" == channel), None)
        if symbol is None or symbol in self._faults.refuse:
            return [_error("Bad subscription string.")]
        others = [s for s in self._symbols if s != symbol]
        self._symbols = [*others, symbol] if event == "bts:subscribe" else others
        told = event.replace("subscribe", "subscription_succeeded")
        return [] if self._faults.withhold_acks else [compact({"event": told, "channel": channel, "data": {}})]

    def prints(self, prints: Sequence[Print], now_us: int) -> list[str]:
        return [_message(one) for one in prints if one.symbol in self._symbols]

    def beat(self, now_us: int) -> list[str]:
        return []

    @staticmethod
    def rest(tapes: Sequence[Tape], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Newest first, as far back from now as ``time`` says, and always to now; times in whole seconds."""
        match = _REST_PATH.search(path)
        if match is None:
            return None
        tape = tapes[0]
        symbol = next((s for s in tape.symbols if _wire(s) == match[1]), None)
        reach_s = _REACHES_S.get(query.get("time", "hour"))
        if symbol is None or reach_s is None:
            return Page('{"status":"error","reason":"Not found.","code":"404.002"}', 404)
        since_us = now_us - reach_s * 1_000_000
        return Page(compact([_row(one) for one in reversed(tape.past(symbol)) if one.time_us >= since_us]))

    @staticmethod
    def throttled() -> Page:
        return Page('{"status":"error","reason":"Rate limit exceeded.","code":"400.002"}', 429)


def _error(words: str) -> str:
    return compact({"event": "bts:error", "channel": "", "data": {"code": None, "message": words}})


def _message(one: Print) -> str:
    """Written out: the numbers keep all their digits."""
    side = int(one.side == "sell")
    buy_order, sell_order = (one.order, one.order + 1) if side else (one.order + 1, one.order)
    data = (
        f'{{"id":{one.number},"timestamp":"{one.time_us // 10**6}","microtimestamp":"{one.time_us}",'
        f'"amount":{one.size},"amount_str":"{one.size}","price":{one.price},"price_str":"{one.price}","type":{side},'
        f'"buy_order_id":{buy_order},"sell_order_id":{sell_order}}}'
    )
    return f'{{"event":"trade","channel":"{_CHANNEL}{_wire(one.symbol)}","data":{data}}}'


def _row(one: Print) -> dict[str, Any]:
    return {
        "amount": one.size,
        "date": str(one.time_us // 10**6),
        "price": one.price,
        "tid": str(one.number),
        "type": str(int(one.side == "sell")),
    }
