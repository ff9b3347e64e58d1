"""Bybit spot, topic ``publicTrade``: up to 1,024 matches a message, oldest first.

``S`` is the taker's side; price and size are texts, ``T`` is in milliseconds. Every message is of type ``snapshot``,
live ones too, so none is marked ``replayed``. A confirmation does not name its topics: it repeats the number that the
request had.

Ids are real and unique, but jump within a market, and a jump proves nothing. The REST interface gives the newest 60
trades and no others, so a hole cannot be read back and stays a gap.

Perpetuals come from another address in messages of the same form, with the same names of markets. Their ids are UUIDs
where spot has digits, and so they are refused.

Source: the venue's v5 documentation, and messages recorded in 2026. Seen in neither: an answer to a wrong topic.
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
from producers.feeds.limits import Limits
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Traits
from tapehouse.record import Trade

_TOPIC: Final = "publicTrade."
_SIDES: Final[Mapping[str, str]] = {"Buy": "buy", "Sell": "sell"}
_QUOTES: Final = "USDT USDC USDE USDQ USDR USD1 BTC ETH MNT DAI EUR BRL TRY PLN BRZ"
QUOTES: Final = frozenset(_QUOTES.split())


def read_symbol(text: str) -> str:
    """``BTCUSDT`` → ``BTC-USDT``, by the longest quote of the list. Raises SymbolError."""
    return naming.from_joined(text, QUOTES)


KLINES: Final = Klines(
    steps={"1m": "1", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "4h": "240", "1d": "D", "1w": "W"},
    page_candles=1000,
    quote_volume=Precision(decimals=8),
    opens_at_last_close=True,
)
"""Texts throughout. A candle opens at the close before it, as the recording shows, and a quiet one stays there."""
TRAITS: Final = Traits(
    default_keys=("BTC-USDT", "ETH-USDT"),
    read_symbol=read_symbol,
    contiguous_ids=False,
    klines=KLINES,
    limits=Limits(keepalive_s=20, quiet_after_s=60, max_symbols=800),
)
"""Our pings are answered, and are wanted every 20 s. A connection takes 21,000 characters of topics."""


@dataclass(frozen=True, slots=True)
class Bybit(JsonFeed):
    """Feed ``bybit``."""

    name: str = "bybit"
    exchange: str = "bybit"
    websocket_url: str = "wss://stream.bybit.com/v5/public/spot"
    rest_url: str = "https://api.bybit.com"
    topics_per_message: int = 10
    """So many the venue takes in one request."""
    traits: Traits = TRAITS

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """Requests numbered from 1: the venue confirms by the number alone."""
        topics = [f"{_TOPIC}{naming.to_joined(key)}" for key in dict.fromkeys(keys)]
        size = self.topics_per_message
        chunks = [topics[i : i + size] for i in range(0, len(topics), size)]
        requests = [{"req_id": str(i), "op": "subscribe", "args": chunk} for i, chunk in enumerate(chunks, 1)]
        return [json.dumps(request, separators=(",", ":")) for request in requests]

    def keepalive(self) -> str | None:
        """A ping as JSON, which is answered."""
        return '{"op":"ping"}'

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        topic = body.get("topic")
        if not isinstance(topic, str):
            return _answer(body)
        if not topic.startswith(_TOPIC):
            return Parsed(ignored=message.type_name(topic.partition(".")[0]))

        def read(_: int, row: Any) -> Trade:
            return self._read(row, received_time_us)

        trades, rest = self._trades(raw, body.get("data"), read, _symbol, received_time_us)
        return Parsed(records=(*trades, *rest))

    def candles(self, symbol: str, interval: str, from_us: int, to_us: int) -> RestRequest:
        """See ``Feed``. Both ends are inclusive."""
        params = {
            "category": "spot",
            "symbol": naming.to_joined(symbol),
            "interval": self._step(interval),
            "start": str(from_us // 1000),
            "end": str(to_us // 1000 - 1),
            "limit": str(KLINES.page_candles),
        }
        return RestRequest(f"{self.rest_url}/v5/market/kline", params)

    def _candle_page(self, body: Any) -> CandlePage:
        """``[time in ms, open, high, low, close, volume, turnover]``, newest first; errors come with HTTP 200."""
        answer = body if isinstance(body, dict) else {}
        result = answer.get("result")
        if answer.get("retCode") != 0 or not isinstance(result, dict):
            return CandlePage(refused=message.error_text(answer.get("retCode"), answer.get("retMsg")))

        def read(row: Any) -> Candle:
            at, opened, high, low, close, volume, turnover = items(row, 7)
            return Candle(
                open_time_us=fields.epoch_text_us(at, "startTime", "ms"),
                open=amount(opened, "openPrice"),
                high=amount(high, "highPrice"),
                low=amount(low, "lowPrice"),
                close=amount(close, "closePrice"),
                volume=amount(volume, "volume"),
                quote_volume=amount(turnover, "turnover"),
            )

        return read_candles(result.get("list"), read)

    def _read(self, row: Any, received_time_us: int) -> Trade:
        row = fields.mapping(row, "trade")
        return Trade(
            exchange=self.exchange,
            symbol=read_symbol(fields.text(row.get("s"), "s")),
            source=self.name,
            trade_id=fields.digit_id(row.get("i"), "i"),
            price=fields.number(row.get("p"), "p"),
            size=fields.number(row.get("v"), "v"),
            side=fields.one_of(row.get("S"), "S", _SIDES),
            event_time_us=fields.epoch_us(row.get("T"), "T", "ms"),
            received_time_us=received_time_us,
        )


def _symbol(row: object) -> str | None:
    text = row.get("s") if isinstance(row, Mapping) else None
    try:
        return read_symbol(text) if isinstance(text, str) else None
    except SymbolError:
        return None


def _answer(body: Mapping[str, Any]) -> Parsed:
    """``{"success":true,"ret_msg":"subscribe","op":"subscribe","req_id":"1"}``, or why not; the pong is one too."""
    if body.get("success") is False:
        return Parsed(refused=message.error_text(body.get("ret_msg")))
    op = body.get("op")
    try:
        request = int(fields.digit_id(body.get("req_id"), "req_id")) if op == "subscribe" else None
    except BadFieldError:  # recorded without one
        request = None
    return Parsed(ignored=message.type_name(op), acknowledged_request=request)
