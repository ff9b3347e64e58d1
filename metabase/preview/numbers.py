"""Values as people read them: as text here, and as a function for the browser, which writes what is drawn.

==============  ===================================
plain           1,234.5, up to four decimals
percent         0.05 is 5%
currency USD    1,234.50 USD
compact         1.2M
signed          +1.5
==============  ===================================
"""

import datetime as dt
import json
import math
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeGuard

from metabase.question import PLAIN, Format

NOTHING: Final = "–"
_MOST_DECIMALS: Final = 4
_CLOSER: Final = 2
_SCALES: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
Number: TypeAlias = int | float | Decimal


def is_number(value: Any) -> TypeGuard[Number]:
    """Whether it can be drawn along an axis."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def number(value: Any) -> float | None:
    """For the browser, which has doubles and no NaN; None where it is no number."""
    if not is_number(value) or not math.isfinite(value):
        return None
    return float(value)


def text(value: Any, form: Format = PLAIN, unit: str = "") -> str:
    """A value in words."""
    if is_number(value):
        return _number(value, form, unit) if math.isfinite(value) else NOTHING
    if isinstance(value, dt.date):
        return instant(value, form)
    return NOTHING if value is None else _words(value)


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(text(each) for each in value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def says_something(words: str) -> bool:
    """Whether what is written of a number is not zero: -0.001 with two decimals is no loss."""
    return any(digit in words for digit in "123456789")


def instant(value: dt.date, form: Format = PLAIN, *, has_seconds: bool = False) -> str:
    """A date or an instant, in UTC, as exact as its format wants; with its seconds also where they are 0, if told."""
    if not isinstance(value, dt.datetime) or form.style == "date":
        return f"{value:%Y-%m-%d}"
    if form.style == "time":
        return f"{value:%H:%M:%S}"
    has_seconds = has_seconds or bool(value.second or value.microsecond)
    return f"{value:%Y-%m-%d %H:%M:%S}" if has_seconds else f"{value:%Y-%m-%d %H:%M}"


def _number(value: Number, form: Format, unit: str) -> str:
    shown: Number = value * 100 if form.style == "percent" else value
    suffix = "%" if form.style == "percent" else _suffix(form, unit)
    decimals, letter = form.decimals, ""
    if form.compact and (short := _compact(float(shown))):
        shown, letter = short
        decimals = 1
    if decimals is None:
        digits = f"{shown:,.{_MOST_DECIMALS}f}"
        digits = digits.rstrip("0").rstrip(".")
    else:
        digits = f"{shown:,.{decimals}f}"
    if digits.strip("-0.,") == "":
        digits = digits.removeprefix("-")  # -0.00 is nothing, and so is not below it
    elif form.signed and shown > 0:
        digits = f"+{digits}"
    return f"{digits}{letter}{suffix}"


def _compact(value: float) -> tuple[float, str] | None:
    """In the greatest of the scales that it reaches, also by rounding, and the scale's letter."""
    parts = [(value / scale, name) for scale, name in _SCALES]
    at = next((at for at, (part, _) in enumerate(parts) if abs(part) >= 1), None)
    if at is None:
        return None
    return parts[max(at - 1, 0)] if round(abs(parts[at][0]), 1) >= 1_000 else parts[at]


def _suffix(form: Format, unit: str) -> str:
    if form.style == "currency":
        return f" {form.currency}"
    return unit if unit.startswith("%") else f" {unit}" if unit else ""


def script(form: Format = PLAIN, unit: str = "", *, axis: bool = False) -> str:
    """A function of JavaScript that writes a value; of an ``axis``, whose ticks are round, without needless zeros, but
    with more decimals where they lie closer together than values are written."""
    percent = form.style == "percent"
    most = _MOST_DECIMALS if form.decimals is None else form.decimals
    if axis and (most or percent):
        most += _CLOSER
    options: dict[str, Any] = {"maximumFractionDigits": most}
    if not axis and form.decimals is not None:
        options["minimumFractionDigits"] = most
    if form.signed and not axis:
        options["signDisplay"] = "exceptZero"
    short = {**options, "notation": "compact", "maximumFractionDigits": 1, "minimumFractionDigits": 0}
    least = 1_000 if form.compact else 1_000_000 if axis else None
    suffix = "%" if percent else "" if axis and not unit.startswith("%") else _suffix(form, unit)
    if axis and suffix.startswith("%"):
        suffix = "%"
    write = f"new Intl.NumberFormat('en-US', {json.dumps(options)}).format(n)"
    if least is not None:
        write = f"(Math.abs(n) >= {least} ? new Intl.NumberFormat('en-US', {json.dumps(short)}).format(n) : {write})"
    return (
        f"v => {{ if (v === null || v === undefined || v === '-' || isNaN(v)) return '{NOTHING}'; "
        f"const n = {'v * 100' if percent else '+v'}; return {write} + {json.dumps(suffix)}; }}"
    )
