"""OKX spot, channel ``trades-all`` live: one row a match, with ids that count up by one, as past trades over REST have.

The channel ``trades`` is read too, for recordings. There a row is one taker's order at one price and covers ``count``
ids that end at ``tradeId``: a row of more than one is no single trade and goes under the source ``okx-agg`` with
``a:`` before its id, never among the single ones. Older recordings have no ``count``: each row is one match.

``side`` is the taker's; all fields are texts; ``ts`` is in milliseconds. Only spot is read: of derivatives ``sz``
counts contracts, so their messages are counted as ``derivative`` and not kept.

On subscribing the venue pushes the last trade at once, up to 25 s old. Nothing in the message tells it from a live one,
so it is not marked ``replayed``; its id tells that it is known.

Source: the venue's API v5 documentation, and messages recorded in 2022. Whether ``trades-all`` pushes the last trade on
subscribing as ``trades`` does is not verified.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

SOURCE_AGGREGATE: Final = "okx-agg"
DERIVATIVE: Final = "derivative"
"""Messages of instruments that are not spot are counted under this name."""
PAGE_ROWS: Final = 100
CHANNEL: Final = "trades-all"
_CHANNELS: Final = frozenset({CHANNEL, "trades"})
_CLOSING: Final = "64008"
_SIDES: Final[Mapping[str, str]] = {"buy": "buy", "sell": "sell"}


KLINES: Final = Klines(
    steps={"1s": "1s", "1m": "1m", "5m": "5m", "15m": "15m", "30m": "30m", "1h": "1H", "4h": "4H", "1d": "1Dutc",
           "1w": "1Wutc"},
    page_candles=100,
    quote_volume=Precision(decimals=8),
)  # fmt: skip
"""Texts throughout. Days and weeks begin at 00:00 in Hong Kong unless ``utc`` is asked for; weeks on Monday. Whether a
window without trades is there is not verified: either is read as none."""
TRAITS: Final = Traits(
    default_keys=("BTC-USDT", "ETH-USDT"),
    aliases=(SOURCE_AGGREGATE,),
    paging="down",
    klines=KLINES,
    limits=Limits(keepalive_s=20, quiet_after_s=60),
    rest=RestLimits(calls_per_s=8, burst=10, page_rows=PAGE_ROWS, history_s=90 * 86_400),
)
"""30 s of silence closes a connection, and our pings are answered; 20 requests in 2 s, three months back."""


@dataclass(frozen=True, slots=True)
class Okx(JsonFeed):
    """Feed ``okx``."""

    name: str = "okx"
    exchange: str = "okx"
    websocket_url: str = "wss://ws.okx.com:8443/ws/v5/business"
    rest_url: str = "https://www.okx.com"
    channels_per_message: int = 500
    """A subscribe message may hold 64 KB of channels, and an hour 480 messages."""
    traits: Traits = TRAITS

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """Each channel is confirmed by itself."""
        listed = [{"channel": CHANNEL, "instId": naming.canonical(key)} for key in dict.fromkeys(keys)]
        size = self.channels_per_message
        requests = [{"op": "subscribe", "args": listed[i : i + size]} for i in range(0, len(listed), size)]
        return [json.dumps(request, separators=(",", ":")) for request in requests]

    def keepalive(self) -> str | None:
        """Four letters, no JSON; the answer is ``pong``."""
        return "ping"

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        """See ``Feed``; the answer to our ping is no JSON."""
        return Parsed(ignored="pong") if text in ("pong", b"pong") else JsonFeed.parse(self, text, received_time_us)

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        return _event(body) if "event" in body else self._data(raw, body, received_time_us)

    def _data(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        arg = body.get("arg")
        channel = arg.get("channel") if isinstance(arg, dict) else None
        if not isinstance(arg, dict) or not _is_trades(channel):
            return Parsed(ignored=message.type_name(channel))
        instrument = arg.get("instId")
        if isinstance(instrument, str) and is_derivative(instrument):
            return Parsed(ignored=DERIVATIVE)
        return self._rows(raw, body.get("data"), received_time_us)

    def _rows(
        self, raw: str, rows: object, received_time_us: int, *, symbol: str | None = None, backfilled: bool = False
    ) -> Parsed:
        """The trades of a message, or of a page of ``symbol``, in the order of their ids."""

        def read(_: int, row: Any) -> Trade:
            return self._read(row, received_time_us, symbol=symbol, backfilled=backfilled)

        trades, rest = self._trades(raw, rows, read, lambda row: symbol or _symbol(row), received_time_us)
        if len(trades) > 1:
            place = {market: i for i, market in enumerate(dict.fromkeys(trade.symbol for trade in trades))}
            trades.sort(key=lambda trade: (place[trade.symbol], id_number(trade.trade_id)))
        return Parsed(records=(*trades, *rest))

    def _read(self, row: Any, received_time_us: int, *, symbol: str | None, backfilled: bool) -> Trade:
        """A row of either channel or of a page; ``symbol`` stands in for an ``instId`` that a page's row lacks."""
        row = fields.mapping(row, "trade")
        instrument = row.get("instId")
        if instrument is not None or symbol is None:
            symbol = naming.from_dash(fields.text(instrument, "instId"))
        trade_id = fields.digit_id(row.get("tradeId"), "tradeId")
        aggregate = _matches(row.get("count")) > 1
        return Trade(
            exchange=self.exchange,
            symbol=symbol,
            source=SOURCE_AGGREGATE if aggregate else self.name,
            trade_id=f"a:{trade_id}" if aggregate else trade_id,
            price=fields.number(row.get("px"), "px"),
            size=fields.number(row.get("sz"), "sz"),
            side=fields.one_of(row.get("side"), "side", _SIDES),
            event_time_us=fields.epoch_text_us(row.get("ts"), "ts", "ms"),
            received_time_us=received_time_us,
            backfilled=backfilled,
        )

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """The page that ends with ``to_id`` (``after`` means ids below it); without it, the one that ends at ``to_us``.

        Pages by time are ``type=2`` with ``after`` in milliseconds.
        """
        params = {"instId": naming.canonical(symbol), "type": "1", "limit": str(PAGE_ROWS)}
        first, last = id_number(from_id or ""), id_number(to_id or "")
        if last >= 0:
            params["after"] = str(last + 1)
            if 0 <= first <= last:
                params["limit"] = str(min(PAGE_ROWS, last - first + 1))
        else:
            params |= {"type": "2", "after": str(to_us // 1000 + 1)}
        return RestRequest(f"{self.rest_url}/api/v5/market/history-trades", params)

    def candles(self, symbol: str, interval: str, from_us: int, to_us: int) -> RestRequest:
        """See ``Feed``. ``after`` means earlier than, ``before`` later than: both ends are exclusive."""
        params = {
            "instId": naming.canonical(symbol),
            "bar": self._step(interval),
            "after": str(to_us // 1000),
            "before": str(from_us // 1000 - 1),
            "limit": str(KLINES.page_candles),
        }
        return RestRequest(f"{self.rest_url}/api/v5/market/history-candles", params)

    def _candle_page(self, body: Any) -> CandlePage:
        """``[time in ms, open, high, low, close, volume, …, quote volume, confirm]``, newest first; of spot alone."""
        if isinstance(body, dict) and (body.get("code", "0") not in ("0", 0) or "data" not in body):
            return CandlePage(refused=message.error_text(body.get("code"), body.get("msg")))

        def read(row: Any) -> Candle:
            at, opened, high, low, close, volume, _, quote = items(row, _KLINE_ITEMS)
            return Candle(
                open_time_us=fields.epoch_text_us(at, "ts", "ms"),
                open=amount(opened, "o"),
                high=amount(high, "h"),
                low=amount(low, "l"),
                close=amount(close, "c"),
                volume=amount(volume, "vol"),
                quote_volume=amount(quote, "volCcyQuote"),
            )

        return read_candles(body.get("data") if isinstance(body, dict) else None, read)

    def _page(self, raw: str, body: Any, symbol: str, received_time_us: int) -> Parsed:
        """A page of ``history-trades``, newest first on the wire; errors come with HTTP 200."""
        if isinstance(body, dict) and (body.get("code", "0") not in ("0", 0) or "data" not in body):
            return Parsed(refused=message.error_text(body.get("code"), body.get("msg")))
        rows = body.get("data") if isinstance(body, dict) else None
        return self._rows(raw, rows, received_time_us, symbol=symbol, backfilled=True)


_KLINE_ITEMS: Final = 8


def is_derivative(instrument: str) -> bool:
    """Whether an instrument is none of spot: ``BTC-USDT-SWAP``, ``BTC-USD-220325``, an option."""
    return instrument.count("-") > 1


def _is_trades(channel: object) -> bool:
    return isinstance(channel, str) and channel in _CHANNELS


def _matches(count: object) -> int:
    """How many matches a row stands for; one where it does not say."""
    found = 1 if count is None else int(fields.digit_id(count, "count"))
    if found < 1:
        raise BadFieldError("count", "is 0")
    return found


def _symbol(row: object) -> str | None:
    instrument = row.get("instId") if isinstance(row, Mapping) else None
    try:
        return naming.from_dash(instrument) if isinstance(instrument, str) else None
    except SymbolError:
        return None


def _event(body: Mapping[str, Any]) -> Parsed:
    """Confirmations, one a channel; errors; and the notice, 60 s ahead, that the connection will be closed."""
    event, arg = body.get("event"), body.get("arg")
    if event == "error":
        return Parsed(refused=message.error_text(body.get("code"), body.get("msg")))
    if event == "notice" and body.get("code") in (_CLOSING, int(_CLOSING)):
        return Parsed(closing=True)
    if event == "subscribe" and isinstance(arg, dict) and _is_trades(arg.get("channel")):
        symbol = _symbol(arg)
        if symbol is not None:
            return Parsed(acknowledged=(symbol,))
    return Parsed(ignored=message.type_name(event))
