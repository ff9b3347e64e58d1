"""The fields of a venue's trade: exact decimals, microseconds, ids. Each function reads one JSON value or refuses it.

A number may come as a JSON number or as text: its digits mean the same. Everything else must have the type that the
venue's contract says; a missing field (None) is refused like a mistyped one. ``BadFieldError`` names the field and
what is wrong, and never repeats more than a few characters of what came.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

TimeUnit: TypeAlias = Literal["ms", "us"]

DIGITS: Final = 64
"""Digits on each side of the point beyond which a number is refused: the record's own bound."""
_PLAIN = re.compile(r"-?[0-9]{1,64}(?:\.[0-9]{1,64})?")
_SCIENTIFIC = re.compile(r"-?[0-9]{1,64}(?:\.[0-9]{1,64})?[eE][+-]?[0-9]{1,3}")
_SECONDS = re.compile(r"([0-9]{1,12})(?:\.([0-9]+))?")
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_EPOCH = re.compile(r"[0-9]{1,64}")
_DIGIT_ID = re.compile(r"[0-9]{1,38}")
_ANY_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_UNIT_DIGITS: Final[Mapping[int, int]] = {13: 1_000, 16: 1}
"""Digits of an epoch time of this century → microseconds in its unit."""
_DIGITS_OF: Final[Mapping[TimeUnit, int]] = {"ms": 13, "us": 16}
_NANOSECOND_DIGITS: Final = 19


class BadFieldError(ValueError):
    """A field of a known message type is missing or mistyped."""

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(field, fault)
        self.field = field
        self.fault = fault

    def __str__(self) -> str:
        return f"{self.field} {self.fault}"


def _refuse(field: str, value: object) -> BadFieldError:
    if value is None:
        return BadFieldError(field, "is missing")
    if isinstance(value, str):
        return BadFieldError(field, f"cannot be {value[:40]!a}")
    return BadFieldError(field, f"cannot be of type {type(value).__name__}")


def mapping(value: object, field: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise _refuse(field, value)
    return value


def text(value: object, field: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise _refuse(field, value)
    return value


def flag(value: object, field: str) -> bool:
    """A JSON true or false; nothing else stands for one."""
    if not isinstance(value, bool):
        raise _refuse(field, value)
    return value


def one_of(value: object, field: str, meaning: Mapping[str, str]) -> str:
    """One of the texts that ``meaning`` knows, translated."""
    found = meaning.get(value) if isinstance(value, str) else None
    if found is None:
        raise _refuse(field, value)
    return found


def code(value: object, field: str, meaning: Mapping[str, str]) -> str:
    """One of the codes that ``meaning`` knows, translated; a whole number counts as its digits."""
    return one_of(str(value) if type(value) is int and abs(value) < 10**18 else value, field, meaning)


def number(value: object, field: str) -> str:
    """Exact plain decimal text of a number or of its text: no exponent, no sign but a minus, at most 64 + 64 digits."""
    if isinstance(value, str):
        if _PLAIN.fullmatch(value):
            return value
        if not _SCIENTIFIC.fullmatch(value):
            raise _refuse(field, value)
        value = Decimal(value)
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -DIGITS or value.adjusted() >= DIGITS:
            raise BadFieldError(field, "is no number that can be kept")
        plain = format(value, "f")
    elif type(value) is int and abs(value) < 10**DIGITS:
        return str(value)
    else:
        raise _refuse(field, value)
    if not _PLAIN.fullmatch(plain):
        raise BadFieldError(field, "is no number that can be kept")
    return plain


def digit_id(value: object, field: str) -> str:
    """A trade id of at most 38 digits, as a JSON integer or as text."""
    if type(value) is int and 0 <= value < 10**38:
        return str(value)
    if isinstance(value, str) and _DIGIT_ID.fullmatch(value):
        return value
    raise _refuse(field, value)


def any_id(value: object, field: str) -> str:
    """A trade id of digits, or a UUID as some documentation shows where the wire has digits."""
    if isinstance(value, str) and _ANY_ID.fullmatch(value):
        return value
    return digit_id(value, field)


@lru_cache(maxsize=64)
def _day_start_s(day: str) -> int:
    return (date.fromisoformat(day).toordinal() - _EPOCH_DAY) * 86_400


def _cut_us(fraction: str | None) -> int:
    """Decimals of a second → microseconds: what lies behind the sixth is cut, not rounded."""
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


def rfc3339_us(value: object, field: str) -> int:
    """RFC 3339 text with a zone → microseconds UTC. A leap second (:60) is the first of the next minute."""
    found = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _refuse(field, value)
    day, hour, minute, second, fraction, sign, zone_hour, zone_minute = found.groups()
    if hour > "23" or minute > "59" or second > "60" or (sign and (zone_hour > "23" or zone_minute > "59")):
        raise _refuse(field, value)
    try:
        seconds = _day_start_s(day) + int(hour) * 3600 + int(minute) * 60 + int(second)
    except ValueError:  # no such day
        raise _refuse(field, value) from None
    if sign:
        offset = int(zone_hour) * 3600 + int(zone_minute) * 60
        seconds += offset if sign == "-" else -offset
    return seconds * 1_000_000 + _cut_us(fraction)


def unix_s_us(value: object, field: str) -> int:
    """Seconds since the epoch with any number of decimals, as number or text → microseconds."""
    found = _SECONDS.fullmatch(number(value, field))
    if found is None:
        raise BadFieldError(field, "is no time in seconds")
    return int(found[1]) * 1_000_000 + _cut_us(found[2])


def epoch_us(value: object, field: str, unit: TimeUnit | None) -> int:
    """A JSON integer in ``unit`` → microseconds; its digits must be as many as the unit has (13 or 16).

    With no unit the number of digits decides.
    """
    if type(value) is not int:
        raise _refuse(field, value)
    digits = len(str(value)) if 0 < value < 10**DIGITS else 0
    if digits not in _UNIT_DIGITS or (unit is not None and digits != _DIGITS_OF[unit]):
        wanted = "13 or 16" if unit is None else f"{_DIGITS_OF[unit]} ({unit})"
        raise BadFieldError(field, f"has {digits} digits, not {wanted}")
    return value * _UNIT_DIGITS[digits]


def epoch_text_us(value: object, field: str, unit: TimeUnit) -> int:
    """The same from a text of digits, as Bitstamp and OKX write their times, or from the integer itself."""
    return epoch_us(_integer(value), field, unit)


def epoch_ns_us(value: object, field: str) -> int:
    """Nanoseconds, as an integer or a text of 19 digits → microseconds; the last three digits are cut."""
    found = _integer(value)
    if type(found) is not int:
        raise _refuse(field, value)
    if found < 10 ** (_NANOSECOND_DIGITS - 1) or found >= 10**_NANOSECOND_DIGITS:
        raise BadFieldError(field, f"has not {_NANOSECOND_DIGITS} digits (ns)")
    return found // 1000


def _integer(value: object) -> object:
    return int(value) if isinstance(value, str) and _EPOCH.fullmatch(value) else value
