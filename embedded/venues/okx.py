"""OKX, spoken from its side: ``trades-all`` on the business path, ``trades`` with its ``count`` on the public one.

The last trade is pushed at once on subscribing. A text ``ping`` is answered with a text ``pong``. A page of past trades
has at most a hundred single matches, newest first, and errors come with status 200.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from embedded.venues.dialect import Dialect, Page, command_of, compact, whole_number
from embedded.venues.exchange import Exchange, Fill, orders
from embedded.venues.faults import VenueFaults

PAGE_ROWS = 100
_CONNECTION = "a4d3ae55"


class Okx(Dialect):
    feed = "okx"
    path = "/ws/v5/business"
    markets: ClassVar = {"okx": ("BTC-USDT", "ETH-USDT", "SOL-USDT")}
    resolution_us = 1000
    subscribe_within_s = 30.0

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        super().__init__(exchanges, faults, path)
        self._channel = "trades" if path.partition("?")[0].rstrip("/").endswith("/public") else "trades-all"
        self._symbols: list[str] = []

    @property
    def subscribed(self) -> bool:
        return bool(self._symbols)

    def command(self, text: str, now_us: int) -> list[str]:
        if text == "ping":
            return ["pong"]
        wish = command_of(text) or {}
        listed = wish.get("args")
        if wish.get("op") not in ("subscribe", "unsubscribe") or not isinstance(listed, list):
            return [_error("60012", f"Invalid request: {text[:200]}")]
        messages: list[str] = []
        for arg in listed:
            messages += self._one(arg if isinstance(arg, dict) else {}, wish)
        return messages

    def _one(self, arg: Mapping[str, Any], wish: Mapping[str, Any]) -> list[str]:
        channel, symbol = arg.get("channel"), str(arg.get("instId"))
        if channel != self._channel or symbol not in self._exchange or symbol in self._faults.refuse:
            return [_error("60018", f"Wrong URL or channel:{channel},instId:{symbol} doesn't exist.")]
        others = [s for s in self._symbols if s != symbol]
        self._symbols = [*others, symbol] if wish["op"] == "subscribe" else others
        tag = {"id": wish["id"]} if isinstance(wish.get("id"), str) else {}
        ack = compact({**tag, "event": wish["op"], "arg": dict(arg), "connId": _CONNECTION})
        acks = [] if self._faults.withhold_acks else [ack]
        newest = self._rows(self._exchange.past(symbol)[-3:])[-1:] if wish["op"] == "subscribe" else []
        return [*acks, *newest]

    def _rows(self, fills: Sequence[Fill]) -> list[str]:
        """A message a row, as recorded."""
        if self._channel == "trades-all":
            return [self._push(one, _row(one)) for one in fills]
        return [self._push(order[-1], _order_row(order)) for order in orders(fills)]

    def _push(self, one: Fill, row: dict[str, Any]) -> str:
        return compact({"arg": {"channel": self._channel, "instId": one.symbol}, "data": [row]})

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        return self._rows([one for one in fills if one.symbol in self._symbols])

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Newest first: ``after`` an id is below it (``type=1``), ``after`` a time in ms before it (``type=2``)."""
        if not path.endswith(("/history-trades", "/history-candles")):
            return None
        exchange, symbol = exchanges[0], query.get("instId", "")
        if symbol not in exchange:
            return Page('{"code":"51001","msg":"Instrument ID doesn\'t exist","data":[]}')
        if path.endswith("/history-candles"):
            return _candles(exchange, symbol, query, now_us)
        after = whole_number(query, "after", 2**63)
        by_time = query.get("type") == "2"
        rows = [
            one for one in reversed(exchange.past(symbol)) if (one.time_us // 1000 if by_time else one.number) < after
        ]
        rows = rows[: whole_number(query, "limit", PAGE_ROWS, PAGE_ROWS)]
        return Page(compact({"code": "0", "msg": "", "data": [_row(one) for one in rows]}))

    @staticmethod
    def throttled() -> Page:
        return Page('{"code":"50011","msg":"Too Many Requests","data":[]}', 429)


_BARS_S = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1H": 3600, "4H": 14_400, "1Dutc": 86_400, "1Wutc": 604_800}


def _candles(exchange: Exchange, symbol: str, query: Mapping[str, str], now_us: int) -> Page:
    """Newest first, earlier than ``after`` and later than ``before``; of windows that are over, and had trades."""
    step_s = _BARS_S.get(query.get("bar", "1m"))
    if step_s is None:
        return Page('{"code":"51000","msg":"Parameter bar error","data":[]}')
    before, after = whole_number(query, "before", -1), whole_number(query, "after", 2**50)
    over_s = now_us // 10**6 - step_s
    bars = [
        bar
        for bar in reversed(exchange.bars(symbol).within(step_s, 0, 2**40))
        if before < bar.start_s * 1000 < after and bar.start_s <= over_s
    ]
    rows = [
        [
            str(bar.start_s * 1000),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            f"{bar.volume:f}",
            f"{bar.quote_volume:f}",
            f"{bar.quote_volume:f}",
            "1",
        ]
        for bar in bars[: whole_number(query, "limit", PAGE_ROWS, PAGE_ROWS)]
    ]
    return Page(compact({"code": "0", "msg": "", "data": rows}))


def _error(code: str, text: str) -> str:
    return compact({"event": "error", "code": code, "msg": text, "connId": _CONNECTION})


def _row(one: Fill) -> dict[str, Any]:
    return {
        "instId": one.symbol,
        "tradeId": str(one.number),
        "px": one.price,
        "sz": one.size,
        "side": one.side,
        "ts": str(one.time_us // 1000),
    }


def _order_row(fills: Sequence[Fill]) -> dict[str, Any]:
    """One taker's order: the number of its last match, and how many it had."""
    last = fills[-1]
    size = sum((Decimal(one.size) for one in fills), Decimal(0))
    return {**_row(last), "sz": f"{size:.8f}", "count": str(len(fills)), "source": "0", "seqId": last.number}
