"""Bitstamp, spoken from its side: a channel a pair, ids that all its markets share, whole-second pages without paging.

Prices and sizes come as JSON numbers and as texts. Nothing is replayed on subscribing; heartbeats are only answered.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from embedded.venues.dialect import Dialect, Page, command_of, compact, whole_number
from embedded.venues.exchange import Exchange, Fill
from embedded.venues.faults import VenueFaults

_CHANNEL = "live_trades_"
_REST_PATH = re.compile(r"/transactions/([^/]+)/?$")
_OHLC_PATH = re.compile(r"/ohlc/([^/]+)/?$")
_STEPS_S = (60, 180, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 259_200)
MOST_CANDLES = 1000
_REACHES_S = {"minute": 60, "hour": 3_600, "day": 86_400}


def _venue_symbol(symbol: str) -> str:
    return symbol.replace("-", "").lower()


class Bitstamp(Dialect):
    feed = "bitstamp"
    markets: ClassVar = {"bitstamp": ("BTC-USD", "ETH-USD", "BTC-EUR")}
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
        event, data = wish.get("event"), wish.get("data")
        if event == "bts:heartbeat":
            return [compact({"event": event, "channel": "", "data": {"status": "success"}})]
        if event not in ("bts:subscribe", "bts:unsubscribe"):
            return [_error("Incorrect JSON format." if not wish else "Unknown event.")]
        channel = data.get("channel") if isinstance(data, dict) else None
        symbol = next((s for s in self._exchange.symbols if f"{_CHANNEL}{_venue_symbol(s)}" == channel), None)
        if symbol is None or symbol in self._faults.refuse:
            return [_error("Bad subscription string.")]
        others = [s for s in self._symbols if s != symbol]
        self._symbols = [*others, symbol] if event == "bts:subscribe" else others
        confirmation = event.replace("subscribe", "subscription_succeeded")
        return [] if self._faults.withhold_acks else [compact({"event": confirmation, "channel": channel, "data": {}})]

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        return [_message(one) for one in fills if one.symbol in self._symbols]

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Newest first, as far back from now as ``time`` says, and always to now; times in whole seconds."""
        match, candles = _REST_PATH.search(path), _OHLC_PATH.search(path)
        if candles is not None:
            return _ohlc(exchanges[0], candles[1], query, now_us)
        if match is None:
            return None
        exchange = exchanges[0]
        symbol = next((s for s in exchange.symbols if _venue_symbol(s) == match[1]), None)
        reach_s = _REACHES_S.get(query.get("time", "hour"))
        if symbol is None or reach_s is None:
            return Page('{"status":"error","reason":"Not found.","code":"404.002"}', 404)
        since_us = now_us - reach_s * 1_000_000
        return Page(compact([_row(one) for one in reversed(exchange.past(symbol)) if one.time_us >= since_us]))

    @staticmethod
    def throttled() -> Page:
        return Page('{"status":"error","reason":"Rate limit exceeded.","code":"400.002"}', 429)


def _ohlc(exchange: Exchange, pair: str, query: Mapping[str, str], now_us: int) -> Page:
    """Oldest first, up to ``end`` inclusive, at most ``limit`` of them; quiet windows at the last price."""
    symbol = next((s for s in exchange.symbols if _venue_symbol(s) == pair), None)
    if symbol is None:
        return Page('{"status":"error","reason":"Not found.","code":"404.002"}', 404)
    step_s = whole_number(query, "step", 0)
    if step_s not in _STEPS_S:
        errors = [{"field": "step", "message": "Invalid choice.", "code": "invalid"}]
        return Page(compact({"code": "validation_error", "errors": errors}), 400)
    from_s, to_s = whole_number(query, "start", 0), whole_number(query, "end", 2**40) + 1
    bars = exchange.bars(symbol).within(step_s, from_s, to_s, filled_to_s=now_us // 10**6)
    rows = [
        {
            "timestamp": str(bar.start_s),
            "open": bar.open,
            "high": bar.high,
            "low": bar.low,
            "close": bar.close,
            "volume": f"{bar.volume:.8f}",
        }
        for bar in bars[-whole_number(query, "limit", 1, MOST_CANDLES) :]
    ]
    return Page(compact({"data": {"pair": symbol.replace("-", "/"), "ohlc": rows}}))


def _error(text: str) -> str:
    return compact({"event": "bts:error", "channel": "", "data": {"code": None, "message": text}})


def _message(one: Fill) -> str:
    """Written out: the numbers keep all their digits."""
    side = int(one.side == "sell")
    buy_order, sell_order = (one.order, one.order + 1) if side else (one.order + 1, one.order)
    data = (
        f'{{"id":{one.number},"timestamp":"{one.time_us // 10**6}","microtimestamp":"{one.time_us}",'
        f'"amount":{one.size},"amount_str":"{one.size}","price":{one.price},"price_str":"{one.price}","type":{side},'
        f'"buy_order_id":{buy_order},"sell_order_id":{sell_order}}}'
    )
    return f'{{"event":"trade","channel":"{_CHANNEL}{_venue_symbol(one.symbol)}","data":{data}}}'


def _row(one: Fill) -> dict[str, Any]:
    return {
        "amount": one.size,
        "date": str(one.time_us // 10**6),
        "price": one.price,
        "tid": str(one.number),
        "type": str(int(one.side == "sell")),
    }
