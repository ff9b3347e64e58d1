"""The stream record: one JSON object in UTF-8 a Kinesis user record, version 1.

Producers build the dataclasses below and ``encode`` them; the silver layer ``judge``s whatever bytes it finds. A
stream may hold anything (foreign bytes, truncated JSON, NaN, dates far off, a megabyte of text), so ``judge`` never
raises: what cannot be accepted comes back with the reasons why.

Reasons are ``field.rule`` codes: ``price.scale``, ``event_time_us.range``, … or one of ``payload.utf8``,
``payload.json``, ``payload.object``, ``version``, ``kind``, ``unparsed``, ``notional.range``.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Context, Decimal
from json.encoder import encode_basestring as _quoted
from typing import Any, ClassVar, Final, TypeAlias, cast

VERSION: Final = 1
DECIMALS: Final = 12
"""Digits after the point that price and size may have: the columns are decimal(28,12)."""
INTEGER_DIGITS: Final = 16
NOTIONAL_LIMIT: Final = Decimal(10) ** 12
"""price × size at or above this is quarantined: under it, sums of decimal(38,18) hold 10^8 such trades a window."""
EARLIEST_US: Final = 1_230_940_800_000_000
"""2009-01-03T00:00:00Z, the day of Bitcoin's first block: no crypto trade is older."""
LATEST_US: Final = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z, the last instant that Spark, Trino and Python all can print."""
AHEAD_US: Final = 300_000_000
"""A trade may be up to five minutes ahead of its arrival: venue clocks run ahead of ours by seconds."""
RAW_LIMIT_BYTES: Final = 65_536
"""An unparsed message keeps this much of its text."""

Side: TypeAlias = str | None
"""The taker's side: ``buy``, ``sell``, or None where the venue does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One trade, as its venue told it. Key: exchange + symbol + source + trade_id."""

    kind: ClassVar[str] = "trade"
    exchange: str
    symbol: str
    """Canonical BASE-QUOTE in upper case."""
    source: str
    """The feed that read it: coinbase, binance-agg, synthetic, …"""
    trade_id: str
    price: str
    """Exact plain decimal text, without an exponent."""
    size: str
    """In base units; exact plain decimal text."""
    side: Side
    event_time_us: int
    received_time_us: int
    backfilled: bool = False
    trader: str | None = None
    """A person's name; the synthetic source only."""


class _Draft:
    """A trade in the making: the same slots, not yet frozen."""

    __slots__ = Trade.__slots__
    exchange: str
    symbol: str
    source: str
    trade_id: str
    price: str
    size: str
    side: Side
    event_time_us: int
    received_time_us: int
    backfilled: bool
    trader: str | None


def new_trade(
    *,
    exchange: str,
    symbol: str,
    source: str,
    trade_id: str,
    price: str,
    size: str,
    side: Side,
    event_time_us: int,
    received_time_us: int,
    backfilled: bool = False,
    trader: str | None = None,
) -> Trade:
    """The same as ``Trade(...)`` in a fraction of the time, for who makes hundreds of thousands a second.

    A frozen dataclass sets each field past its own guard. This fills an object of the same layout instead, and then
    turns it into a Trade.
    """
    made = _Draft()
    made.exchange = exchange
    made.symbol = symbol
    made.source = source
    made.trade_id = trade_id
    made.price = price
    made.size = size
    made.side = side
    made.event_time_us = event_time_us
    made.received_time_us = received_time_us
    made.backfilled = backfilled
    made.trader = trader
    made.__class__ = Trade  # type: ignore[assignment]
    return cast(Trade, made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A hole in a market: trades that were made and not seen. Bounds are ids, times, or both."""

    kind: ClassVar[str] = "gap"
    exchange: str
    symbol: str
    source: str
    gap_id: str
    from_id: str | None
    """First missing trade id, inclusive."""
    to_id: str | None
    """Last missing trade id, inclusive."""
    from_us: int | None
    """Event time of the last trade seen before the hole."""
    to_us: int | None
    """Event time of the first trade seen after it; None while it is still going on."""
    reason: str
    received_time_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GapClosed:
    """The gap of this id is no more: filled, or found to have been empty."""

    kind: ClassVar[str] = "gap_closed"
    exchange: str
    symbol: str
    source: str
    gap_id: str
    reason: str
    received_time_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The market was wholly seen from ``from_us`` to ``through_us``: no trade of that span is unknown to us."""

    kind: ClassVar[str] = "coverage"
    exchange: str
    symbol: str
    source: str
    from_us: int
    """Inclusive."""
    through_us: int
    """Exclusive: spans that meet leave no hole."""
    last_id: str | None
    received_time_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """A trade-type venue message with bad fields, kept so that it can be judged again after the parser is mended."""

    kind: ClassVar[str] = "unparsed"
    exchange: str
    source: str
    raw: str
    """The message as it came, cut at 64 KB."""
    raw_bytes: int
    """Its whole length in UTF-8 bytes."""
    raw_sha256: str
    error: str
    received_time_us: int
    symbol: str | None = None


Record: TypeAlias = Trade | Gap | GapClosed | Coverage | Unparsed

KINDS: Final[Mapping[str, type[Record]]] = {cls.kind: cls for cls in (Trade, Gap, GapClosed, Coverage, Unparsed)}
_NAMES: Final = {cls: tuple(f.name for f in fields(cls)) for cls in KINDS.values()}


def partition_key(record: Record) -> str:
    """The Kinesis partition key: the market, so that one market keeps its order inside a shard."""
    return f"{record.exchange}:{record.symbol or ''}"


def encode(record: Record) -> bytes:
    """Compact JSON in UTF-8. A lone surrogate in venue text is written as its escape, so no text makes this raise."""
    if type(record) is Trade:
        try:
            return _trade_text(record).encode("utf-8")
        except (UnicodeEncodeError, TypeError):
            pass  # a lone surrogate, or a value that is not what its field says: the general way knows
    body: dict[str, Any] = {"v": VERSION, "kind": record.kind}
    for name in _NAMES[type(record)]:
        body[name] = getattr(record, name)
    try:
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":")).encode("ascii")


_TRADE_HEAD: Final = f'{{"v":{VERSION},"kind":"{Trade.kind}","exchange":'


def _trade_text(trade: Trade) -> str:
    """What json.dumps would write of a trade, in a fifth of its time: nearly all records are trades.

    Raises TypeError where a field has a value of another type than its own.
    """
    side, trader, event_us, received_us = trade.side, trade.trader, trade.event_time_us, trade.received_time_us
    backfilled = trade.backfilled
    if type(event_us) is not int or type(received_us) is not int or type(backfilled) is not bool:
        raise TypeError
    return (
        f'{_TRADE_HEAD}{_quoted(trade.exchange)},"symbol":{_quoted(trade.symbol)}'
        f',"source":{_quoted(trade.source)},"trade_id":{_quoted(trade.trade_id)},"price":{_quoted(trade.price)}'
        f',"size":{_quoted(trade.size)},"side":{"null" if side is None else _quoted(side)}'
        f',"event_time_us":{event_us},"received_time_us":{received_us}'
        f',"backfilled":{"true" if backfilled else "false"}'
        f',"trader":{"null" if trader is None else _quoted(trader)}}}'
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one payload."""

    kind: str | None
    """The record's kind where it could be read, else None."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Field → value of an accepted record; price and size are Decimal. Empty when there are reasons."""
    reasons: tuple[str, ...] = ()
    """Why the record is quarantined; empty when it is accepted."""
    claimed: Mapping[str, str] = field(default_factory=dict)
    """Of a record with reasons, those of its exchange, symbol and source that can be read, and are names by the rules:
    whom to ask. Empty when it is accepted."""


NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
"""An exchange or a source."""
SYMBOL: Final = re.compile(r"[A-Z0-9.]{1,24}-[A-Z0-9.]{1,24}")
TEXT_LIMIT: Final = 256
"""Characters that an id or another free text may have."""
_TEXT = re.compile(rf"[^\x00-\x1f\x7f\ud800-\udfff]{{1,{TEXT_LIMIT}}}")
PLAIN_DECIMAL: Final = re.compile(rf"[0-9]{{1,{INTEGER_DIGITS}}}(?:\.[0-9]{{1,{DECIMALS}}})?")
"""A quantity that fits its column as it stands; the rules take longer ones too, where the rest of them is zeros."""
_PLAIN_TRADE = re.compile("\n".join(each.pattern for each in (NAME, SYMBOL, NAME, _TEXT, PLAIN_DECIMAL, PLAIN_DECIMAL)))
"""Six fields of a trade, a line each: none of them may hold the end of a line, so no field can pass for two."""
_DECIMAL = re.compile(r"-?[0-9]{1,64}(?:\.[0-9]{1,64})?")
_NUMBER_ID = re.compile(r"(?:a:)?([0-9]{1,38})")
_EXACT: Final = Context(prec=64)  # 28 + 28 digits: the default context would round just below the limit up to it
_MISSING: Final = object()
_Rule: TypeAlias = Callable[[Any, int], tuple[Any, str | None]]


def id_number(trade_id: str) -> int:
    """The numeric value of a trade id, by which trades of one microsecond are ordered; -1 where it has none.

    Digits, or the digits behind the ``a:`` of an aggregate trade; more than 38 of them do not fit a decimal(38,0).
    """
    match = _NUMBER_ID.fullmatch(trade_id)
    return int(match[1]) if match else -1


def _matched(pattern: re.Pattern[str]) -> _Rule:
    def rule(value: Any, _: int) -> tuple[Any, str | None]:
        if not isinstance(value, str):
            return None, "type"
        return (value, None) if pattern.fullmatch(value) else (None, "format")

    return rule


def _quantity(value: Any, _: int) -> tuple[Any, str | None]:
    if not isinstance(value, str):
        return None, "type"
    if not _DECIMAL.fullmatch(value):
        return None, "format"
    whole, _point, part = value.partition(".")
    if len(part.rstrip("0")) > DECIMALS:
        return None, "scale"
    if len(whole.lstrip("-0")) > INTEGER_DIGITS:
        return None, "range"
    number = Decimal(f"{whole}.{part[:DECIMALS]}")  # without the zeros behind: Arrow takes no more digits than 38
    return (number, None) if number > 0 else (None, "range")


def _instant(value: Any, latest_us: int) -> tuple[Any, str | None]:
    if not isinstance(value, int) or isinstance(value, bool):
        return None, "type"
    return (value, None) if EARLIEST_US <= value <= latest_us else (None, "range")


def _by_arrival(value: Any, arrival_time_us: int) -> tuple[Any, str | None]:
    return _instant(value, min(arrival_time_us + AHEAD_US, LATEST_US))


def _any_time(value: Any, _: int) -> tuple[Any, str | None]:
    return _instant(value, LATEST_US)


def _side(value: Any, _: int) -> tuple[Any, str | None]:
    if not isinstance(value, str):
        return None, "type"
    return (value, None) if value in ("buy", "sell") else (None, "format")


def _flag(value: Any, _: int) -> tuple[Any, str | None]:
    return (value, None) if isinstance(value, bool) else (None, "type")


_exchange, _symbol, _text = _matched(NAME), _matched(SYMBOL), _matched(_TEXT)
_MARKET: Final[dict[str, _Rule]] = {"exchange": _exchange, "symbol": _symbol, "source": _exchange}
_RULES: Final[dict[str, dict[str, _Rule]]] = {
    "trade": {
        **_MARKET,
        "trade_id": _text,
        "price": _quantity,
        "size": _quantity,
        "side": _side,
        "event_time_us": _by_arrival,
        "received_time_us": _any_time,
        "backfilled": _flag,
        "trader": _text,
    },
    "gap": {
        **_MARKET,
        "gap_id": _text,
        "from_id": _text,
        "to_id": _text,
        "from_us": _by_arrival,
        "to_us": _by_arrival,
        "reason": _text,
        "received_time_us": _any_time,
    },
    "gap_closed": {**_MARKET, "gap_id": _text, "reason": _text, "received_time_us": _any_time},
    "coverage": {
        **_MARKET,
        "from_us": _by_arrival,
        "through_us": _by_arrival,
        "last_id": _text,
        "received_time_us": _any_time,
    },
}
_NULLABLE: Final = {
    "trade": frozenset({"side", "trader"}),
    "gap": frozenset({"from_id", "to_id", "from_us", "to_us"}),
    "gap_closed": frozenset[str](),
    "coverage": frozenset({"last_id"}),
}


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _parse(payload: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return None, "payload.utf8"
    try:
        body = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None, "payload.json"
    return (body, "") if isinstance(body, dict) else (None, "payload.object")


def _extra_reasons(kind: str, values: Mapping[str, Any]) -> list[str]:
    """Rules that need more than one field, asked only when each field by itself is right."""
    if kind == "trade" and _EXACT.multiply(values["price"], values["size"]) >= NOTIONAL_LIMIT:
        return ["notional.range"]
    if kind == "coverage" and values["through_us"] <= values["from_us"]:
        return ["through_us.range"]
    if kind == "gap":
        if values["from_us"] is None and (values["from_id"] is None or values["to_id"] is None):
            return ["gap.bounds"]
        if values["from_us"] is not None and values["to_us"] is not None and values["to_us"] < values["from_us"]:
            return ["to_us.range"]
    return []


def _plain_trade(body: Mapping[str, Any], arrival_time_us: int) -> dict[str, Any] | None:
    """The values of a trade that is right at first sight, as nearly all are; None where the rules have to be asked.

    It accepts less than the rules do and nothing else, and gives the very same values, in a third of their time.
    """
    try:
        exchange, symbol, source, trade_id = body["exchange"], body["symbol"], body["source"], body["trade_id"]
        price_text, size_text, backfilled = body["price"], body["size"], body["backfilled"]
        event_us, received_us = body["event_time_us"], body["received_time_us"]
        lines = "\n".join((exchange, symbol, source, trade_id, price_text, size_text))
    except (KeyError, TypeError):  # a field is missing, or is not text
        return None
    side, trader = body.get("side"), body.get("trader")
    if (
        _PLAIN_TRADE.fullmatch(lines) is None
        or not (side is None or side in ("buy", "sell"))
        or type(event_us) is not int
        or not EARLIEST_US <= event_us <= min(arrival_time_us + AHEAD_US, LATEST_US)
        or type(received_us) is not int
        or not EARLIEST_US <= received_us <= LATEST_US
        or type(backfilled) is not bool
        or not (trader is None or (type(trader) is str and _TEXT.fullmatch(trader)))
    ):
        return None
    price, size = Decimal(price_text), Decimal(size_text)
    if not 0 < _EXACT.multiply(price, size) < NOTIONAL_LIMIT:
        return None
    return {
        "exchange": exchange,
        "symbol": symbol,
        "source": source,
        "trade_id": trade_id,
        "price": price,
        "size": size,
        "side": side,
        "event_time_us": event_us,
        "received_time_us": received_us,
        "backfilled": backfilled,
        "trader": trader,
    }


def _refused(kind: str | None, body: Mapping[str, Any], *reasons: str) -> Judged:
    read = {name: rule(body.get(name), 0)[0] for name, rule in _MARKET.items()}
    return Judged(kind, reasons=reasons, claimed={name: text for name, text in read.items() if text is not None})


def judge(payload: bytes, arrival_time_us: int) -> Judged:
    """Accept a payload or say why not. Never raises, whatever the bytes.

    ``arrival_time_us`` (Kinesis' ApproximateArrivalTimestamp, µs UTC) bounds event times: the wall clock is never
    asked, so the same record judged again next year gets the same verdict.
    """
    body, fault = _parse(payload)
    if body is None:
        return Judged(None, reasons=(fault,))
    kind = body.get("kind")
    named = kind if isinstance(kind, str) and kind in KINDS else None
    version = body.get("v")
    if version != VERSION or isinstance(version, bool) or not isinstance(version, int):
        return _refused(named, body, "version")
    if named is None:
        return _refused(None, body, "kind")
    if named == "unparsed":
        return _refused(named, body, "unparsed")
    if named == "trade" and (plain := _plain_trade(body, arrival_time_us)) is not None:
        return Judged(named, plain)
    values: dict[str, Any] = {}
    reasons: list[str] = []
    for name, rule in _RULES[named].items():
        value = body.get(name, _MISSING)
        if name in _NULLABLE[named] and (value is None or value is _MISSING):
            values[name] = None
        elif value is _MISSING:
            reasons.append(f"{name}.missing")
        else:
            values[name], broken = rule(value, arrival_time_us)
            if broken:
                reasons.append(f"{name}.{broken}")
    reasons = reasons or _extra_reasons(named, values)
    return _refused(named, body, *reasons) if reasons else Judged(named, values)
