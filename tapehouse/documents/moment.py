"""Times as sources write them, as microseconds UTC; None for what is no such time.

A time without an offset is one only where the source's contract says that it is UTC: guessed zones are hours wrong.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Final

from tapehouse.intervals import micros_of

_COMPACT: Final = re.compile(r"[0-9]{8}T[0-9]{4}(?:[0-9]{2})?")
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.,]{5,20} ?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})")
_ZONE: Final = re.compile(r" (?:[+-][0-9]{4}|UTC?|GMT|Z|[ECMP][SD]T)$")
"""Those of RFC 822 with a time of their own; of any other name (CET) the email parser makes UTC, silently."""
_MOST_SECONDS: Final = 10**12


def of_compact(text: str) -> int | None:
    """``20240506T203214``, or without its seconds, UTC (Alpha Vantage)."""
    if not _COMPACT.fullmatch(text):
        return None
    try:
        return micros_of(datetime.strptime(f"{text:0<15}", "%Y%m%dT%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def of_iso(text: str) -> int | None:
    """ISO 8601, RFC 3339: date, time and offset. More than six decimals are cut."""
    if not _ISO.fullmatch(text.strip()):
        return None
    try:
        return micros_of(datetime.fromisoformat(text.strip().upper().replace(" +", "+").replace(" Z", "Z")))
    except ValueError:
        return None


def of_rfc822(text: str) -> int | None:
    """``Mon, 06 May 2024 20:32:14 +0000``: with a numeric offset, or a zone that RFC 822 names."""
    line = " ".join(text.split())
    if len(line) > 60 or not _ZONE.search(line):
        return None
    try:
        at = parsedate_to_datetime(line)
        return micros_of(at)  # -0000 is UTC, and comes without a zone
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def of_seconds(value: object) -> int | None:
    """UNIX seconds: a JSON number, or its digits as text. More than six decimals are cut."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if isinstance(value, Decimal) and not value.is_finite():
        return None
    return int(value * 1_000_000) if 0 <= value < _MOST_SECONDS else None
