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
from producers.feeds.base import Parsed
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


TRAITS: Final = Traits(
    default_keys=("BTC-USDT", "ETH-USDT"),
    read_symbol=read_symbol,
    contiguous_ids=False,
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
