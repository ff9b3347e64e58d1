"""Kraken v2, spoken from its side: prices and sizes are JSON numbers at full precision, the side is the taker's.

A status on connecting, one confirmation a symbol, up to 50 past trades where a snapshot was asked for, a heartbeat a
second. Its REST interface says 'too many requests' with status 200.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from embedded.venues.dialect import Dialect, Page, command_of, compact, texts, whole_number
from embedded.venues.exchange import Exchange, Fill, rfc3339
from embedded.venues.faults import VenueFaults

SNAPSHOT_TRADES = 50
_OLD_NAMES = {"BTC": "XBT", "DOGE": "XDG"}


class Kraken(Dialect):
    feed = "kraken"
    path = "/v2"
    markets: ClassVar = {"kraken": ("BTC-USD", "ETH-USD", "BTC-EUR")}

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        super().__init__(exchanges, faults, path)
        self._symbols: list[str] = []

    @property
    def subscribed(self) -> bool:
        return bool(self._symbols)

    def greeting(self, now_us: int) -> list[str]:
        status = {"version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 15483510049470446170}
        return [compact({"channel": "status", "type": "update", "data": [status]})]

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text) or {}
        method, params = wish.get("method"), wish.get("params")
        stamp = {"time_in": rfc3339(now_us), "time_out": rfc3339(now_us + 50)}
        tag = {"req_id": wish["req_id"]} if isinstance(wish.get("req_id"), int) else {}
        if method == "ping":
            return [compact({"method": "pong", **tag, **stamp})]
        if method not in ("subscribe", "unsubscribe") or not isinstance(params, dict):
            return [compact({"error": "Unsupported event", "method": method, "success": False, **tag, **stamp})]
        if params.get("channel") != "trade":
            return [compact({"error": "Channel not supported", "method": method, "success": False, **tag, **stamp})]
        messages: list[str] = []
        for name in texts(params.get("symbol")):
            messages += self._symbol(name, str(method), params.get("snapshot") is True, {**tag, **stamp})
        return messages

    def _symbol(self, name: str, method: str, snapshot: bool, tail: Mapping[str, object]) -> list[str]:
        symbol = name.replace("/", "-")
        if "/" not in name or symbol not in self._exchange or symbol in self._faults.refuse:
            error = f"Currency pair not supported {name}"
            return [compact({"error": error, "method": method, "success": False, "symbol": name, **tail})]
        if method == "unsubscribe":
            self._symbols = [s for s in self._symbols if s != symbol]
        elif symbol not in self._symbols:
            self._symbols.append(symbol)
        result = {"channel": "trade", "snapshot": snapshot, "symbol": name}
        ack = compact({"method": method, "result": result, "success": True, **tail})
        past = self._exchange.past(symbol)[-SNAPSHOT_TRADES:] if snapshot and method == "subscribe" else []
        frames = [] if self._faults.withhold_acks else [ack]
        return [*frames, self._frame("snapshot", past)] if past else frames

    @staticmethod
    def _frame(kind: str, fills: Sequence[Fill]) -> str:
        rows = ",".join(
            f'{{"symbol":"{one.symbol.replace("-", "/")}","side":"{one.side}","price":{one.price},"qty":{one.size},'
            f'"ord_type":"market","trade_id":{one.number},"timestamp":"{rfc3339(one.time_us)}"}}'
            for one in fills
        )
        return f'{{"channel":"trade","type":"{kind}","data":[{rows}]}}'

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        """One frame a market: a frame may hold several takers' orders."""
        by_symbol = {symbol: [one for one in fills if one.symbol == symbol] for symbol in self._symbols}
        return [self._frame("update", rows) for rows in by_symbol.values() if rows]

    def beat(self, now_us: int) -> list[str]:
        return [compact({"channel": "heartbeat"})] if self._symbols else []

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Oldest first, later than ``since`` (seconds or nanoseconds); ``last`` is where the next page begins."""
        if not path.endswith(("/Trades", "/OHLC")):
            return None
        exchange = exchanges[0]
        symbol = _symbol_of(exchange, query.get("pair", ""))
        if symbol is None:
            return Page('{"error":["EQuery:Unknown asset pair"]}')
        if path.endswith("/OHLC"):
            return _ohlc(exchange, symbol, query, now_us)
        since = whole_number(query, "since", 0)
        since_ns = since if since >= 10**14 else since * 10**9
        rows = [one for one in exchange.past(symbol) if one.time_us * 1000 > since_ns]
        rows = rows[: whole_number(query, "count", 1000, 1000)]
        last_ns = rows[-1].time_us * 1000 if rows else since_ns
        listed = ",".join(
            f'["{one.price}","{one.size}",{one.time_us // 10**6}.{one.time_us % 10**6:06d},'
            f'"{one.side[0]}","m","",{one.number}]'
            for one in rows
        )
        return Page(f'{{"error":[],"result":{{"{_rest_key(symbol)}":[{listed}],"last":"{last_ns}"}}}}')

    @staticmethod
    def throttled() -> Page:
        return Page('{"error":["EGeneral:Too many requests"]}')


MOST_CANDLES = 720
_MINUTES = ("1", "5", "15", "30", "60", "240", "1440", "10080", "21600")


def _ohlc(exchange: Exchange, symbol: str, query: Mapping[str, str], now_us: int) -> Page:
    """Of the newest 720 windows, those later than ``since``; quiet ones at the last price, the running one at the end.

    The week of 10080 minutes begins on a Thursday, and is not played.
    """
    interval = query.get("interval", "1")
    if interval not in _MINUTES[:7]:
        return Page('{"error":["EGeneral:Invalid arguments"]}')
    step_s = int(interval) * 60
    bars = exchange.bars(symbol).within(step_s, 0, 2**40, filled_to_s=now_us // 10**6)[-MOST_CANDLES:]
    since = whole_number(query, "since", 0)
    chosen = [bar for number, bar in enumerate(bars, 1) if bar.start_s > since or number == len(bars)]
    rows = [
        [
            bar.start_s,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            f"{bar.quote_volume / bar.volume:.1f}" if bar.volume else "0.0",
            f"{bar.volume:.8f}",
            bar.trades,
        ]
        for bar in chosen
    ]
    last = bars[-2].start_s if len(bars) > 1 else 0
    return Page(compact({"error": [], "result": {_rest_key(symbol): rows, "last": last}}))


def _legs(symbol: str) -> tuple[str, str]:
    base, _, quote = symbol.partition("-")
    return _OLD_NAMES.get(base, base), _OLD_NAMES.get(quote, quote)


def _rest_key(symbol: str) -> str:
    base, quote = _legs(symbol)
    old = base in ("XBT", "ETH", "XRP", "LTC", "XDG") and quote in ("USD", "EUR", "GBP", "JPY", "CAD")
    return f"X{base}Z{quote}" if old else f"{base}{quote}"


def _symbol_of(exchange: Exchange, pair: str) -> str | None:
    """Any spelling that the venue takes: XXBTZUSD, XBTUSD, XBT/USD, BTC/USD."""
    for symbol in exchange.symbols:
        base, quote = _legs(symbol)
        if pair in (_rest_key(symbol), f"{base}{quote}", f"{base}/{quote}", symbol.replace("-", "/")):
            return symbol
    return None
