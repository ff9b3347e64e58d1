"""Bitstamp, channels ``live_trades_<pair>``: one trade a message; the pair is told by the channel's name alone.

Prices and sizes come twice, as JSON numbers and as texts (``price_str``, ``amount_str``, which may be ``1E-8``): the
texts are read, the numbers only where a text is absent. So is ``timestamp``, in whole seconds, in the absence of
``microtimestamp``. ``type`` 0 is a buy, 1 a sell; that it is the taker's is not documented, but in every recorded trade
that tells both orders the named side owns the later one.

Ids are real and shared by all markets of the venue: within one market they jump, and a jump proves nothing. Past trades
are one page that reaches back an hour or a day from now; their times are whole seconds.

Source: the venue's WebSocket v2 and HTTP documentation, and messages recorded in 2021.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from producers.feeds import fields, message
from producers.feeds import symbols as naming
from producers.feeds.base import Parsed, RestRequest
from producers.feeds.candles import Candle, CandlePage, Klines, amount, read_candles
from producers.feeds.fields import BadFieldError
from producers.feeds.json_feed import JsonFeed
from producers.feeds.limits import Limits, RestLimits
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Traits
from tapehouse.record import Trade, id_number

_CHANNEL: Final = "live_trades_"
_SIDES: Final[Mapping[str, str]] = {"0": "buy", "1": "sell"}
_HOUR_S, _DAY_S = 3_600, 86_400
_REACH_MARGIN_S: Final = 180
"""A page reaches back from the moment of the answer, and a request may be tried for minutes: a hole must begin this far
inside. The venue's shortest page, a minute, is therefore never asked for: a hole could slip out of it unseen."""
_QUOTES: Final = "USD EUR GBP BTC ETH USDT USDC PAX RLUSD"
QUOTES: Final = frozenset(_QUOTES.split())


def read_symbol(text: str) -> str:
    """``btcusd`` → ``BTC-USD``, by the longest quote of the list. Raises SymbolError, of ``btcusd-perp`` too."""
    return naming.from_joined(text, QUOTES)


def write_symbol(symbol: str) -> str:
    """``BTC-USD`` → ``btcusd``. Raises SymbolError."""
    return naming.to_joined(symbol).lower()


KLINES: Final = Klines(
    steps={"1m": "60", "5m": "300", "15m": "900", "30m": "1800", "1h": "3600", "4h": "14400", "1d": "86400"},
    page_candles=1000,
)
"""Texts throughout. A window without trades is there, with the last price."""
TRAITS: Final = Traits(
    read_symbol=read_symbol,
    contiguous_ids=False,
    paging="recent",
    klines=KLINES,
    limits=Limits(keepalive_s=20, quiet_after_s=60, max_symbols=1024),
    rest=RestLimits(calls_per_s=5, burst=10, page_rows=100_000, history_s=_DAY_S - _REACH_MARGIN_S),
)
"""Our heartbeats are answered. A channel above 1,024 closes the connection; 10,000 requests in 10 minutes."""


@dataclass(frozen=True, slots=True)
class Bitstamp(JsonFeed):
    """Feed ``bitstamp``."""

    name: str = "bitstamp"
    exchange: str = "bitstamp"
    websocket_url: str = "wss://ws.bitstamp.net"
    rest_url: str = "https://www.bitstamp.net"
    traits: Traits = TRAITS

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """One message a channel."""
        channels = [f"{_CHANNEL}{write_symbol(key)}" for key in dict.fromkeys(keys)]
        requests = [{"event": "bts:subscribe", "data": {"channel": channel}} for channel in channels]
        return [json.dumps(request, separators=(",", ":")) for request in requests]

    def keepalive(self) -> str | None:
        """The venue's own heartbeat, every 20 to 30 s."""
        return '{"event":"bts:heartbeat"}'

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        if body.get("event") == "trade":
            return self._trade(
                raw,
                lambda: self._read(body, received_time_us),
                lambda: _symbol_or_none(body.get("channel")),
                received_time_us,
            )
        return _without_trade(body)

    def _read(self, body: Mapping[str, Any], received_time_us: int) -> Trade:
        data = fields.mapping(body.get("data"), "data")
        exact_us = data.get("microtimestamp")
        return Trade(
            exchange=self.exchange,
            symbol=_symbol(body.get("channel")),
            source=self.name,
            trade_id=fields.digit_id(data.get("id"), "id"),
            price=_text_or_number(data, "price"),
            size=_text_or_number(data, "amount"),
            side=fields.code(data.get("type"), "type", _SIDES),
            event_time_us=fields.unix_s_us(data.get("timestamp"), "timestamp")
            if exact_us is None
            else fields.epoch_text_us(exact_us, "microtimestamp", "us"),
            received_time_us=received_time_us,
        )

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """The page of an hour where it reaches back to ``from_us``, else of a day: the most there is.

        ``to_us`` must be now, for the page always ends there and its reach is told by the hole's age.
        """
        recent = (to_us - from_us) // 1_000_000 + _REACH_MARGIN_S <= _HOUR_S
        pair = write_symbol(symbol)
        return RestRequest(f"{self.rest_url}/api/v2/transactions/{pair}/", {"time": "hour" if recent else "day"})

    def _page(self, raw: str, body: Any, symbol: str, received_time_us: int) -> Parsed:
        """A page of ``transactions``, newest first on the wire."""
        if isinstance(body, dict):
            return Parsed(
                refused=message.error_text(*(body.get(key) for key in ("code", "reason", "error", "message")))
            )

        def read(_: int, row: Any) -> Trade:
            return self._read_rest(row, symbol, received_time_us)

        trades, rest = self._trades(raw, body, read, lambda _: symbol, received_time_us)
        trades.sort(key=lambda trade: (trade.event_time_us, id_number(trade.trade_id)))
        return Parsed(records=(*trades, *rest))

    def candles(self, symbol: str, interval: str, from_us: int, to_us: int) -> RestRequest:
        """See ``Feed``. The windows that begin at both ends belong to the answer."""
        step = self._step(interval)
        params = {
            "step": step,
            "limit": str(KLINES.page_candles),
            "start": str(from_us // 10**6),
            "end": str(to_us // 10**6 - int(step)),
        }
        return RestRequest(f"{self.rest_url}/api/v2/ohlc/{write_symbol(symbol)}/", params)

    def _candle_page(self, body: Any) -> CandlePage:
        """``{"data":{"pair":…,"ohlc":[{"timestamp":…,"open":…,…}]}}``, oldest first."""
        answer = body if isinstance(body, dict) else {}
        data = answer.get("data")
        if not isinstance(data, dict):
            words = [answer.get(key) for key in ("code", "reason", "error", "message")]
            words += [each.get("message") for each in answer.get("errors") or () if isinstance(each, dict)]
            return CandlePage(refused=message.error_text(*words))

        def read(row: Any) -> Candle:
            row = fields.mapping(row, "candle")
            return Candle(
                open_time_us=fields.unix_s_us(row.get("timestamp"), "timestamp"),
                open=amount(row.get("open"), "open"),
                high=amount(row.get("high"), "high"),
                low=amount(row.get("low"), "low"),
                close=amount(row.get("close"), "close"),
                volume=amount(row.get("volume"), "volume"),
            )

        return read_candles(data.get("ohlc"), read)

    def _read_rest(self, row: Any, symbol: str, received_time_us: int) -> Trade:
        row = fields.mapping(row, "trade")
        return Trade(
            exchange=self.exchange,
            symbol=symbol,
            source=self.name,
            trade_id=fields.digit_id(row.get("tid"), "tid"),
            price=fields.number(row.get("price"), "price"),
            size=fields.number(row.get("amount"), "amount"),
            side=fields.code(row.get("type"), "type", _SIDES),
            event_time_us=fields.unix_s_us(row.get("date"), "date"),
            received_time_us=received_time_us,
            backfilled=True,
        )


def _without_trade(body: Mapping[str, Any]) -> Parsed:
    event = body.get("event")
    if event == "bts:subscription_succeeded":
        symbol = _symbol_or_none(body.get("channel"))
        if symbol is not None:
            return Parsed(acknowledged=(symbol,))
    if event == "bts:request_reconnect":
        return Parsed(closing=True)
    if event == "bts:error":
        data = body.get("data")
        error = data if isinstance(data, dict) else {}
        return Parsed(refused=message.error_text(body.get("channel"), error.get("code"), error.get("message")))
    return Parsed(ignored=message.type_name(event.removeprefix("bts:") if isinstance(event, str) else event))


def _symbol(channel: object) -> str:
    """The market of a channel's name. Raises BadFieldError, SymbolError."""
    name = fields.text(channel, "channel")
    if not name.startswith(_CHANNEL):
        raise BadFieldError("channel", "is none of live trades")
    return read_symbol(name.removeprefix(_CHANNEL))


def _symbol_or_none(channel: object) -> str | None:
    try:
        return _symbol(channel)
    except (BadFieldError, SymbolError):
        return None


def _text_or_number(data: Mapping[str, Any], name: str) -> str:
    """A number by its text, else by its JSON number, whose digits are read as they stand."""
    text = data.get(f"{name}_str")
    return fields.number(data.get(name), name) if text is None else fields.number(text, f"{name}_str")
