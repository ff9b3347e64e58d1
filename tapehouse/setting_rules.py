"""How a setting's text, or its value in a TOML file, is read and judged.

A rule gives the value, or raises ValueError with words that go behind the value: "is not a number".
"""
# ruff: noqa: TRY004 - a value of the wrong type is a wrong value

import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

Rule: TypeAlias = Callable[[Any], Any]
"""Reads text or a TOML value; raises ValueError saying what is wrong with it."""

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
SYMBOL = re.compile(r"([a-z0-9][a-z0-9._-]{0,31}:)?[A-Z0-9.]{1,24}-[A-Z0-9.]{1,24}")
_LIMIT = re.compile(r"[a-z0-9-]{1,32}(\.[a-z_]{1,40}){1,2}")
_SECRET = re.compile(r"[!-~]{1,512}")
SECRET_NAME = re.compile(r"[a-zA-Z0-9/_+=.@:-]{1,2048}(#[^#\s]{1,256})?")
STREAM = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
LAKE = re.compile(r"(s3a?://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?|file:/.*|(?![a-z][a-z0-9+.-]*://).+)", re.DOTALL)
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


def one_of(*choices: str) -> Rule:
    """One of these words."""

    def rule(value: Any) -> str:
        if value not in choices:
            raise ValueError("is not one of them")
        return str(value)

    return rule


def matching(pattern: re.Pattern[str]) -> Rule:
    """Text of this form."""

    def rule(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError("does not have this form")
        return value

    return rule


def symbol(text: str) -> str:
    """The exchange before a colon in lower case, the pair in upper case."""
    exchange, colon, pair = text.strip().rpartition(":")
    return f"{exchange.lower()}{colon}{pair.upper()}"


def several(pattern: re.Pattern[str], spelled: Callable[[str], str] = str.strip) -> Rule:
    """A list of different names of this form: text with commas, or a TOML array."""

    def rule(value: Any) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            raise ValueError("is not a list of names")
        names = [spelled(part) for part in parts]
        wrong = [name for name in names if name and not pattern.fullmatch(name)]
        if wrong:
            raise ValueError(f"holds {wrong[0]!r}")
        return tuple(dict.fromkeys(name for name in names if name))

    return rule


def flag(value: Any) -> bool:
    """``bool("False")`` is true, so words are compared, and a word that is none of them is a fault."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("is neither yes nor no")
    return word in _TRUE


def whole(least: int, most: int) -> Rule:
    """A whole number from ``least`` to ``most``."""

    def rule(value: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("is not a whole number")
        if not least <= value <= most:
            raise ValueError("is out of range")
        return value

    return rule


def seconds(value: Any) -> float:
    """A span in seconds out of a number, ``5``, ``5s``, ``500ms`` or ``2m``. Raises ValueError."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)?\s*", value)
        if not match:
            raise ValueError("is not a span of time")
        value = float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[match[2] or "s"]
    return _number(value)


def _number(value: Any) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise ValueError("is not a number") from None
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("is not a number")
    return float(value)


def between(least: float, most: float, reads: Callable[[Any], float] = _number) -> Rule:
    """A number from ``least`` to ``most``."""

    def rule(value: Any) -> float:
        number = reads(value)
        if not least <= number <= most:
            raise ValueError("is out of range")
        return number

    return rule


def folder(value: Any) -> Path | None:
    """A folder that is there."""
    if value is None or value == "":
        return None
    if not isinstance(value, str | Path):
        raise ValueError("is not a path")
    path = Path(value).expanduser()
    if not path.is_dir():
        raise ValueError("is no folder here")
    return path.resolve()


def pairs(value: Any) -> Mapping[str, str]:
    """name=name pairs, or a TOML table."""
    if isinstance(value, str):
        items = [part.partition("=")[::2] for part in value.split(",") if part.strip()]
    elif isinstance(value, Mapping):
        items = list(value.items())
    else:
        raise ValueError("is not a list of pairs")
    pairs = {}
    for left, right in items:
        if not isinstance(right, str) or not NAME.fullmatch(left.strip()) or not NAME.fullmatch(right.strip()):
            raise ValueError(f"holds {f'{left}={right}'!r}")
        pairs[left.strip()] = right.strip()
    return pairs


def limits(value: Any) -> Mapping[str, str]:
    """``FEED.LIMIT`` → its number as text; a TOML table may be nested. Its feed knows whether there is such a limit."""
    if isinstance(value, str):
        items: list[tuple[str, Any]] = [part.partition("=")[::2] for part in value.split(",") if part.strip()]
    elif isinstance(value, Mapping):
        items = list(_flat(value))
    else:
        raise ValueError("is not a list of pairs")
    found = {}
    for name, number in items:
        text = str(number).strip().lower()
        if isinstance(number, bool) or not _LIMIT.fullmatch(name.strip()) or not (text == "none" or _is_number(text)):
            raise ValueError(f"holds {f'{name}={number}'!r}")
        found[name.strip()] = text
    return found


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def secret(value: Any) -> str:
    """A key. A line's end behind it, as files have, is not part of it."""
    text = value.strip() if isinstance(value, str) else None
    if text is None or not _SECRET.fullmatch(text):
        raise ValueError("is not 1-512 visible ASCII characters")
    return text


def path(value: Any) -> Path | None:
    """A path that need not be there yet."""
    if value is None or value == "":
        return None
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise ValueError("is not a path")
    return Path(value).expanduser().absolute()
