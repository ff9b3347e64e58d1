"""Bybit spot, spoken from its side: a topic a market, up to ten in a request, confirmed by the request's own number.

All matches of a market of one moment come in one message, texts throughout but for the time in milliseconds. A wrong
topic sinks its whole request. There are no past trades beyond the newest sixty, which nobody asks for here.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from embedded.venues.dialect import Dialect, Page, command_of, compact, texts, whole_number
from embedded.venues.exchange import Exchange, Fill
from embedded.venues.faults import VenueFaults

MOST_TOPICS = 10
_TOPIC = "publicTrade."
_CONNECTION = "d9avt8shteepr00gfc1g-4zd1x"


def _venue_symbol(symbol: str) -> str:
    return symbol.replace("-", "")


class Bybit(Dialect):
    feed = "bybit"
    path = "/v5/public/spot"
    markets: ClassVar = {"bybit": ("BTC-USDT", "ETH-USDT", "SOL-USDT")}
    resolution_us = 1000
    shared_numbers = True

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        super().__init__(exchanges, faults, path)
        self._symbols: list[str] = []

    @property
    def subscribed(self) -> bool:
        return bool(self._symbols)

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text) or {}
        op, topics, number = wish.get("op"), texts(wish.get("args")), str(wish.get("req_id", ""))
        if op == "ping":
            return [_answer("ping", "pong", number)]
        if op not in ("subscribe", "unsubscribe"):
            return [_answer(str(op), "error:invalid op", number, success=False)]
        if len(topics) > MOST_TOPICS:
            return [_answer(op, f"args size >{MOST_TOPICS}", number, success=False)]
        known = {f"{_TOPIC}{_venue_symbol(symbol)}": symbol for symbol in self._exchange.symbols}
        for topic in topics:
            if topic not in known or known[topic] in self._faults.refuse:
                return [_answer(op, f"error:handler not found,topic:{topic}", number, success=False)]
        wanted = [known[topic] for topic in topics]
        others = [symbol for symbol in self._symbols if symbol not in wanted]
        self._symbols = [*others, *wanted] if op == "subscribe" else others
        return [] if self._faults.withhold_acks else [_answer(op, op, number)]

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        by_symbol = {symbol: [one for one in fills if one.symbol == symbol] for symbol in self._symbols}
        return [_message(symbol, found, now_us) for symbol, found in by_symbol.items() if found]

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Candles, newest first, both ends inclusive; each opens at the close before, and quiet ones stay there."""
        if not path.endswith("/v5/market/kline"):
            return None
        exchange = exchanges[0]
        symbol = next((s for s in exchange.symbols if _venue_symbol(s) == query.get("symbol")), None)
        step_s = _STEPS_S.get(query.get("interval", ""))
        if symbol is None or step_s is None or query.get("category") != "spot":
            return Page('{"retCode":10001,"retMsg":"Not supported symbols","result":{},"retExtInfo":{},"time":1}')
        bars = exchange.bars(symbol).within(step_s, 0, 2**40, filled_to_s=now_us // 10**6)
        first_ms, last_ms = whole_number(query, "start", 0), whole_number(query, "end", 2**50)
        rows = []
        for before, bar in zip([None, *bars[:-1]], bars, strict=True):
            opened = bar.open if before is None else before.close
            high, low = max(opened, bar.high, key=Decimal), min(opened, bar.low, key=Decimal)
            if first_ms <= bar.start_s * 1000 <= last_ms:
                sums = f"{bar.volume:f}", f"{bar.quote_volume:.8f}"
                rows.append([str(bar.start_s * 1000), opened, high, low, bar.close, *sums])
        chosen = rows[::-1][: whole_number(query, "limit", 200, 1000)]
        result = {"category": "spot", "symbol": query["symbol"], "list": chosen}
        return Page(compact({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now_us // 1000}))

    @staticmethod
    def throttled() -> Page:
        return Page('{"retCode":10006,"retMsg":"Too many visits!","result":{},"retExtInfo":{},"time":1}')


_STEPS_S = {"1": 60, "5": 300, "15": 900, "30": 1800, "60": 3600, "240": 14_400, "D": 86_400, "W": 604_800}


def _answer(op: str, text: str, number: str, *, success: bool = True) -> str:
    return compact({"success": success, "ret_msg": text, "conn_id": _CONNECTION, "req_id": number, "op": op})


def _message(symbol: str, fills: Sequence[Fill], now_us: int) -> str:
    topic = f"{_TOPIC}{_venue_symbol(symbol)}"
    return compact({"topic": topic, "ts": now_us // 1000, "type": "snapshot", "data": [_row(one) for one in fills]})


def _row(one: Fill) -> dict[str, Any]:
    return {
        "i": str(one.number),
        "T": one.time_us // 1000,
        "p": one.price,
        "v": one.size,
        "S": one.side.capitalize(),
        "seq": one.order,
        "s": _venue_symbol(one.symbol),
        "BT": False,
        "RPI": False,
    }
