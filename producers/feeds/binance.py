"""Binance spot, streams ``trade`` and ``aggTrade``, raw frames or combined ones.

``m`` (the buyer is the maker) true means that the taker **sold**. An ``aggTrade`` is one taker order at one price and
has ids of its own: its rows go under the source ``binance-agg`` with ``a:`` before the id, never among the single
trades. ``blockTrade`` events have their own ids as well and are left out.

Times are milliseconds, or microseconds where the URL says ``timeUnit=MICROSECOND``: ``time_unit`` tells which, and
the number of digits must agree. REST pages are in milliseconds.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from producers.feeds import fields, message
from producers.feeds import symbols as naming
from producers.feeds.base import Parsed, RestRequest
from producers.feeds.candles import Candle, CandlePage, Klines, Precision, amount, items, read_candles
from producers.feeds.fields import BadFieldError, TimeUnit
from producers.feeds.json_feed import JsonFeed
from producers.feeds.limits import Limits, RestLimits
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Traits
from tapehouse.record import Trade, id_number

SOURCE_AGGREGATE: Final = "binance-agg"
PAGE_ROWS: Final = 1000
_TRADE_TYPES: Final = frozenset({"trade", "aggTrade"})
_ANSWER_KEYS: Final = frozenset({"result", "error", "code", "msg"})
# AEUR and XUSD are left out: ADAEUR and the like end in them by chance. USD is no quote of Binance.
_QUOTES: Final = (
    "USDT USDC FDUSD TUSD BUSD USDP USDS USD1 UST DAI VAI PAX BTC ETH BNB XRP TRX DOGE SOL DOT EUR EURI GBP AUD BRL"
    " TRY RUB UAH NGN ZAR PLN RON ARS COP CZK JPY MXN IDRT BIDR BVND BKRW"
)
QUOTES: Final = frozenset(_QUOTES.split())


def read_symbol(text: str) -> str:
    """``BTCUSDT`` → ``BTC-USDT``, by the longest quote of the list. Raises SymbolError."""
    return naming.from_joined(text, QUOTES)


def write_symbol(symbol: str) -> str:
    """``BTC-USDT`` → ``BTCUSDT``. Raises SymbolError."""
    return naming.to_joined(symbol)


KLINES: Final = Klines(
    steps={name: name for name in ("1s", "1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w")},
    page_candles=1000,
    quote_volume=Precision(decimals=8),
    counts=True,
)
"""Texts, but for times and counts. A window without trades is there, with the last price. Weeks start on Monday."""
TRAITS: Final = Traits(
    default_keys=("BTC-USDT", "ETH-USDT"),
    read_symbol=read_symbol,
    aliases=(SOURCE_AGGREGATE,),
    paging="up",
    klines=KLINES,
    limits=Limits(stale_after_s=60, connection_age_s=23 * 3600, messages_per_s=4, max_symbols=1024),
    rest=RestLimits(calls_per_s=2, burst=5, page_rows=PAGE_ROWS),
)
"""A connection lives 24 hours and takes five messages a second; a page of trades weighs 25 of 6,000 a minute."""


@dataclass(frozen=True, slots=True)
class Binance(JsonFeed):
    """Feed ``binance``: single trades; with ``aggregate`` it asks for aggregated ones. It reads both.

    ``time_unit`` None takes either, by the digits: for text whose connection is not known.
    """

    name: str = "binance"
    exchange: str = "binance"
    websocket_url: str = "wss://stream.binance.com:9443/stream"
    rest_url: str = "https://data-api.binance.vision"
    aggregate: bool = False
    time_unit: TimeUnit | None = "ms"
    streams_per_message: int = 200
    """How many streams one subscribe message names; a connection takes five messages a second."""
    traits: Traits = TRAITS

    def __post_init__(self) -> None:
        """Ask for microseconds in the address, where they are expected."""
        if self.time_unit == "us" and "timeUnit=" not in self.websocket_url:
            mark = "&" if "?" in self.websocket_url else "?"
            object.__setattr__(self, "websocket_url", f"{self.websocket_url}{mark}timeUnit=MICROSECOND")

    def unconnected(self) -> "Binance":
        """In either time unit."""
        return replace(self, time_unit=None)

    @property
    def source(self) -> str:
        """Aggregated trades have a source of their own."""
        return SOURCE_AGGREGATE if self.aggregate else self.name

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """Requests numbered from 1: the venue confirms by the number alone."""
        kind = "aggTrade" if self.aggregate else "trade"
        streams = [f"{write_symbol(key).lower()}@{kind}" for key in dict.fromkeys(keys)]
        size = self.streams_per_message
        chunks = [streams[i : i + size] for i in range(0, len(streams), size)]
        requests = [{"method": "SUBSCRIBE", "params": chunk, "id": i} for i, chunk in enumerate(chunks, 1)]
        return [json.dumps(request, separators=(",", ":")) for request in requests]

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        stream = body.get("stream")
        stream_type = stream.rpartition("@")[2] if isinstance(stream, str) else None
        data = body.get("data") if stream_type is not None else body
        event = data.get("e") if isinstance(data, dict) else None
        kind = event if isinstance(event, str) else stream_type
        if kind in _TRADE_TYPES:
            return self._trade(
                raw,
                lambda: self._read(data, kind, received_time_us),
                lambda: _symbol(data),
                received_time_us,
                source=self._filed_under(kind),
            )
        if kind in ("serverShutdown", "!serverShutdown"):
            return Parsed(closing=True)
        if kind is None and not _ANSWER_KEYS.isdisjoint(body):
            return _answer(body)
        return Parsed(ignored=message.type_name(kind))

    def _filed_under(self, kind: str) -> str:
        return SOURCE_AGGREGATE if kind == "aggTrade" else self.name

    def _read(self, data: Any, kind: str, received_time_us: int) -> Trade:
        data = fields.mapping(data, "data")
        if data.get("e") != kind:  # a combined frame of a trade stream whose event does not say so
            raise BadFieldError("e", "does not name the event")
        aggregate = kind == "aggTrade"
        key = "a" if aggregate else "t"
        trade_id = fields.digit_id(data.get(key), key)
        return Trade(
            exchange=self.exchange,
            symbol=read_symbol(fields.text(data.get("s"), "s")),
            source=self._filed_under(kind),
            trade_id=f"a:{trade_id}" if aggregate else trade_id,
            price=fields.number(data.get("p"), "p"),
            size=fields.number(data.get("q"), "q"),
            side="sell" if fields.flag(data.get("m"), "m") else "buy",
            event_time_us=fields.epoch_us(data.get("T"), "T", self.time_unit),
            received_time_us=received_time_us,
        )

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """The page from ``from_id`` on, ascending; without it, aggregates by time, or the newest single trades."""
        params = {"symbol": write_symbol(symbol), "limit": str(PAGE_ROWS)}
        first, last = id_number(from_id or ""), id_number(to_id or "")
        if first >= 0:
            params["fromId"] = str(first)
            if last >= first:
                params["limit"] = str(min(PAGE_ROWS, last - first + 1))
        elif self.aggregate:
            params["startTime"] = str(from_us // 1000)
            params["endTime"] = str(-(-to_us // 1000))
        path = "aggTrades" if self.aggregate else "historicalTrades"
        return RestRequest(f"{self.rest_url}/api/v3/{path}", params)

    def _page(self, raw: str, body: Any, symbol: str, received_time_us: int) -> Parsed:
        """A page of ``historicalTrades`` or ``aggTrades``; the rows do not name their symbol."""
        if isinstance(body, dict) and ("code" in body or "msg" in body):
            return Parsed(refused=message.error_text(body.get("code"), body.get("msg")))
        # One page is of one kind, and an aggregate's id is never taken for a single trade's.
        first = body[0] if isinstance(body, list) and body else None
        aggregate = "a" in first if isinstance(first, dict) else self.aggregate

        def read(_: int, row: Any) -> Trade:
            return self._read_rest(row, symbol, received_time_us, aggregate=aggregate)

        source = SOURCE_AGGREGATE if aggregate else self.name
        trades, rest = self._trades(raw, body, read, lambda _: symbol, received_time_us, source=source)
        return Parsed(records=(*trades, *rest))

    def candles(self, symbol: str, interval: str, from_us: int, to_us: int) -> RestRequest:
        """See ``Feed``. Both ends are inclusive, and are compared with the windows' beginnings."""
        params = {
            "symbol": write_symbol(symbol),
            "interval": self._step(interval),
            "startTime": str(from_us // 1000),
            "endTime": str(to_us // 1000 - 1),
            "limit": str(KLINES.page_candles),
        }
        return RestRequest(f"{self.rest_url}/api/v3/klines", params)

    def _candle_page(self, body: Any) -> CandlePage:
        """``[open time in ms, open, high, low, close, volume, close time, quote volume, trades, …]``, oldest first."""
        if isinstance(body, dict):
            return CandlePage(refused=message.error_text(body.get("code"), body.get("msg")))

        def read(row: Any) -> Candle:
            at, opened, high, low, close, volume, _, quote, trades = items(row, _KLINE_ITEMS)
            return Candle(
                open_time_us=fields.epoch_us(at, "open time", "ms"),
                open=amount(opened, "open"),
                high=amount(high, "high"),
                low=amount(low, "low"),
                close=amount(close, "close"),
                volume=amount(volume, "volume"),
                quote_volume=amount(quote, "quote volume"),
                trade_count=int(fields.digit_id(trades, "trades")),
            )

        return read_candles(body, read)

    def _read_rest(self, row: Any, symbol: str, received_time_us: int, *, aggregate: bool) -> Trade:
        row = fields.mapping(row, "trade")
        key_id, key_price, key_size, key_time, key_maker = _REST_KEYS[aggregate]
        trade_id = fields.digit_id(row.get(key_id), key_id)
        return Trade(
            exchange=self.exchange,
            symbol=symbol,
            source=SOURCE_AGGREGATE if aggregate else self.name,
            trade_id=f"a:{trade_id}" if aggregate else trade_id,
            price=fields.number(row.get(key_price), key_price),
            size=fields.number(row.get(key_size), key_size),
            side="sell" if fields.flag(row.get(key_maker), key_maker) else "buy",
            event_time_us=fields.epoch_us(row.get(key_time), key_time, None if self.time_unit is None else "ms"),
            received_time_us=received_time_us,
            backfilled=True,
        )


_KLINE_ITEMS: Final = 9
_REST_KEYS: Final = {
    True: ("a", "p", "q", "T", "m"),
    False: ("id", "price", "qty", "time", "isBuyerMaker"),
}


def _symbol(data: Any) -> str | None:
    text = data.get("s") if isinstance(data, dict) else None
    try:
        return read_symbol(text) if isinstance(text, str) else None
    except SymbolError:
        return None


def _answer(body: Mapping[str, Any]) -> Parsed:
    """``{"result":null,"id":1}``, or an error: ``{"code":2,"msg":…}``, also wrapped in ``error``."""
    error = body.get("error", body)
    if isinstance(error, dict) and ("code" in error or "msg" in error):
        return Parsed(refused=message.error_text(error.get("code"), error.get("msg")))
    if "error" in body:
        return Parsed(refused=message.error_text(error))
    if body.get("result") is None:
        return Parsed(ignored="result", acknowledged_request=message.number_or_none(body.get("id")))
    return Parsed(ignored="result")
