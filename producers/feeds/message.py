"""One venue message: decoded without a binary float, and kept whole where its trades cannot be read."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from producers.feeds.fields import BadFieldError
from producers.feeds.symbols import SymbolError
from tapehouse.record import RAW_LIMIT_BYTES, Record, Trade, Unparsed

NOT_JSON: Final = "not_json"
"""Counted under this name: a text that is no JSON cannot be told to be of a trade type."""
UNKNOWN: Final = "unknown"
_FAULTS_SHOWN: Final = 5
_ERROR_LIMIT: Final = 500
_LONGEST_INTEGER: Final = 64
_NAME = re.compile(r"[A-Za-z0-9_.@!-]{1,40}")
_NAN: Final = Decimal("NaN")


class NotJsonError(ValueError):
    """The text is not JSON, not UTF-8, or nested too deep to be read."""


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
        return _NAN


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INTEGER else _NAN


# NaN and Infinity become decimals that are not finite, so that they are bad fields of a message that is told whole.
_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=Decimal)
_PATIENT: Final = json.JSONDecoder(parse_float=_decimal, parse_int=_integer, parse_constant=Decimal)


def decode(message: str | bytes) -> tuple[str, Any]:
    """The message as text, and its JSON value: numbers are ``int`` or ``Decimal``, never ``float``.

    Raises NotJsonError. A number too long for Python is not a reason for that: it becomes a Decimal NaN.
    """
    try:
        text = message if isinstance(message, str) else message.decode("utf-8")
        try:
            return text, _DECODER.decode(text)
        except json.JSONDecodeError:
            raise
        except (ValueError, InvalidOperation):  # an integer of over 4,300 digits, an absurd exponent
            return text, _PATIENT.decode(text)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(type(error).__name__) from error


def type_name(value: object) -> str:
    """The name under which a message is counted: what the venue calls its type, if that looks like a name at all."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else UNKNOWN


def error_text(*values: object) -> str:
    """A venue's own words about an error, from those of ``values`` that are texts or whole numbers."""
    said = [str(v) for v in values if (isinstance(v, str) and v) or (type(v) is int and abs(v) < 10**18)]
    return ": ".join(said)[:_ERROR_LIMIT] or "an error without words"


def number_or_none(value: object) -> int | None:
    """A counter such as a sequence number, where it is one."""
    return value if type(value) is int else None


def made_id(event_time_us: int, position: int, *parts: str) -> str:
    """An id for a trade whose venue gives none: its time, its place in the frame, and a hash of what else it says.

    The same frame always gives the same ids, and two equal rows of one frame are two trades.
    """
    digest = hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{event_time_us}-{position:04d}-{digest[:16]}"


def kept(text: str, faults: Iterable[str], *, exchange: str, source: str, at_us: int, symbol: str | None) -> Unparsed:
    """The message as an Unparsed record: its text cut at 64 KB, the length and SHA-256 of the whole."""
    data = text.encode("utf-8", "surrogatepass")
    listed = list(faults)
    error = "; ".join(listed[:_FAULTS_SHOWN])
    if len(listed) > _FAULTS_SHOWN:
        error += f"; and {len(listed) - _FAULTS_SHOWN} more"
    return Unparsed(
        exchange=exchange,
        source=source,
        raw=text if len(data) <= RAW_LIMIT_BYTES else _cut(data),
        raw_bytes=len(data),
        raw_sha256=hashlib.sha256(data).hexdigest(),
        error=error,
        received_time_us=at_us,
        symbol=symbol,
    )


def _cut(data: bytes) -> str:
    end = RAW_LIMIT_BYTES
    while end and data[end] & 0xC0 == 0x80:  # never inside a character
        end -= 1
    return data[:end].decode("utf-8", "surrogatepass")


def read_rows(
    text: str,
    rows: object,
    read: Callable[[int, Any], Trade],
    name: Callable[[Any], str | None],
    *,
    exchange: str,
    source: str,
    at_us: int,
) -> tuple[list[Trade], tuple[Record, ...]]:
    """The trades of ``rows`` that can be read, and, where some cannot, one Unparsed with the whole message.

    ``read`` gets the row's place in the message and the row; ``name`` gives a row's canonical symbol if it can be
    told, and gets None for the message as a whole. ``rows`` that is no list is one fault.
    """
    trades: list[Trade] = []
    faults: list[str] = []
    markets: set[str | None] = set()
    if not isinstance(rows, list):
        faults.append("the list of trades is missing")
        markets.add(name(None))
        rows = []
    for position, row in enumerate(rows):
        try:
            trades.append(read(position, row))
        except (BadFieldError, SymbolError) as fault:
            faults.append(f"trade {position}: {fault}")
            markets.add(name(row))
    if not faults:
        return trades, ()
    symbol = markets.pop() if len(markets) == 1 else None
    return trades, (kept(text, faults, exchange=exchange, source=source, at_us=at_us, symbol=symbol),)
