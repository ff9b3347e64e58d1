"""Dates by units and formats: each has to be a constant, and a format is taken letter by letter or refused."""

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import types
from tapehouse.query.dialect.casts import coerced, text
from tapehouse.query.dialect.names import Translator, Typed
from tapehouse.query.dialect.types import BIGINT, DATE, VARCHAR, ZONED, Type

Special: TypeAlias = Callable[[Translator, Sequence[exp.Expr]], Typed]
_MS: Final = {
    "millisecond": 1,
    "second": 1000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_OF_DATES: Final = ("day", "week", *_MONTHS)
_MYSQL: Final = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "H": "%H", "h": "%I", "I": "%I", "i": "%M", "j": "%j",
    "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p", "S": "%S", "s": "%S",
    "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "f": "%f", "%": "%%",
}  # fmt: skip
_JODA: Final = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "d": "%-d",
    "DDD": "%j", "D": "%-j", "EEE": "%a", "E": "%a", "EEEE": "%A", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I",
    "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g", "a": "%p",
}  # fmt: skip
_READ: Final = {
    "%Y": "[0-9]{4}", "%m": "[0-9]{2}", "%d": "[0-9]{2}", "%H": "[0-9]{2}", "%M": "[0-9]{2}", "%S": "[0-9]{2}",
    "%H:%M:%S": "[0-9]{2}:[0-9]{2}:[0-9]{2}",
}  # fmt: skip
"""What is read back, and only of so many digits: a text in another form is refused while it runs."""


def _unit(at: Translator, name: str, nodes: Sequence[exp.Expr], count: int) -> tuple[str, list[Typed]]:
    if len(nodes) != count:
        raise TerminalError(f"The SQL is wrong: {name} takes {count} arguments.")
    unit, *values = [at.value(each) for each in nodes]
    if unit.text is None:
        raise RefusedError(f"{name} of a unit that is no constant", "write the unit as a text")
    return unit.text.lower(), values


def _known(name: str, unit: str, kind: Type) -> None:
    allowed = _OF_DATES if kind.name == "date" else (*_MS, *_MONTHS)
    if not types.is_time(kind):
        raise RefusedError(f"{name} of {kind}", "cast it to date or timestamp")
    if unit not in allowed:
        raise TerminalError(f"The SQL is wrong: {name} of {kind} knows no unit '{unit}', but {', '.join(allowed)}.")
    if unit == "millisecond" and kind.name != "date" and kind.digits < 3:
        raise RefusedError(f"{name} by milliseconds of {kind}", "cast it to timestamp(3)")


def local(value: Typed) -> str:
    """What the clock shows at an instant: in UTC, or in the zone it was put into."""
    if value.type.name != ZONED:
        return value.sql
    zone = value.type.names[0] if value.type.names else None
    return f"athena_utc({value.sql})" if zone is None else f"timezone({text(zone)}, {value.sql})"


def back(sql: str, value: Typed, macro: str = "athena_on_clock") -> Typed:
    """A clock's time, made of that of the value, as the type that the value has."""
    kind = value.type
    if kind.name == "date":
        return Typed(f"CAST({sql} AS DATE)", kind)
    if kind.name != ZONED:
        return Typed(sql, kind)
    zone = text(str(kind.names[0])) if kind.names else None
    return Typed(f"{macro}({zone}, {sql}, {value.sql})" if zone else f"athena_zoned({sql})", kind)


def _trunc(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    unit, (value,) = _unit(at, "date_trunc", nodes, 2)
    _known("date_trunc", unit, value.type)
    macro = "athena_same_offset" if unit in _MS and unit not in ("day", "week") else "athena_on_clock"
    return back(f"date_trunc('{unit}', {local(value)})", value, macro)


def _add(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    unit, (count, value) = _unit(at, "date_add", nodes, 3)
    _known("date_add", unit, value.type)
    if count.type.name not in types.WHOLE:
        raise RefusedError(f"date_add of {count.type}", "add a whole number")
    n = coerced(count.sql, count.type, BIGINT)
    if unit in _MONTHS:
        return back(f"({local(value)} + to_months(CAST({n} * {_MONTHS[unit]} AS INTEGER)))", value)
    if value.type == DATE:
        return Typed(f"({value.sql} + CAST({n} * {7 if unit == 'week' else 1} AS INTEGER))", DATE)
    if unit in ("day", "week"):
        return back(f"({local(value)} + to_days(CAST({n} * {7 if unit == 'week' else 1} AS INTEGER)))", value)
    if value.type.name == ZONED:
        return Typed(f"make_timestamptz(epoch_us({value.sql}) + {n} * {_MS[unit] * 1000})", value.type)
    return Typed(f"make_timestamp(epoch_us({value.sql}) + {n} * {_MS[unit] * 1000})", value.type)


def _diff(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    unit, (first, last) = _unit(at, "date_diff", nodes, 3)
    kind = types.common(first.type, last.type)
    if kind is None or not types.is_time(kind):
        raise RefusedError(f"date_diff of {first.type} and {last.type}", "cast both to date or timestamp")
    _known("date_diff", unit, kind)
    types.refuse_zone(kind)
    if kind.name != "date" and kind.digits > 3:
        raise RefusedError(f"date_diff of {kind}", "cast to timestamp(3)")
    a, b = (local(Typed(coerced(each.sql, each.type, kind), kind)) for each in (first, last))
    if unit in _MONTHS:
        return Typed(f"(date_sub('month', {a}, {b}) // {_MONTHS[unit]})", BIGINT)
    return Typed(f"((epoch_us({b}) - epoch_us({a})) // {_MS[unit] * 1000})", BIGINT)


def _mysql(pattern: str, name: str) -> list[str]:
    """DuckDB's pieces of a format in MySQL's letters."""
    found = []
    for piece in re.findall(r"%.|[^%]+|%$", pattern, re.DOTALL):
        if piece[0] != "%":
            found.append(piece)
        elif piece[1:] in _MYSQL:
            found.append(_MYSQL[piece[1:]])
        else:
            raise RefusedError(f"'{piece}' in {name}", "take another letter")
    return found


def _joda(pattern: str, name: str) -> list[str]:
    """DuckDB's pieces of a format in Java's letters."""
    found = []
    for match in re.finditer(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'", pattern):
        piece = match.group(0)
        if piece == "''":
            found.append("'")
        elif piece[0] == "'":
            found.append(piece[1:-1].replace("''", "'").replace("%", "%%"))
        elif not piece[0].isalpha():
            found.append(piece.replace("%", "%%"))
        elif piece in _JODA:
            found.append(_JODA[piece])
        else:
            raise RefusedError(f"'{piece}' in {name}", "take another letter")
    return found


def _formatting(name: str) -> Special:
    pieces_of = _mysql if name == "date_format" else _joda

    def make(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
        value, pattern = _two(at, name, nodes)
        if not types.is_time(value.type) or (value.type.name != "date" and value.type.digits > 3):
            raise RefusedError(f"{name} of {value.type}", "cast to timestamp(3)")
        made = "".join(pieces_of(pattern, name))
        if not re.search("%[^%]", made):
            raise RefusedError(f"{name} without a letter of its format", "write the text itself")
        moment = f"CAST({value.sql} AS TIMESTAMP)" if value.type == DATE else local(value)
        return Typed(f"athena_format({moment}, {text(made)})", VARCHAR)

    return make


def _parsing(name: str) -> Special:
    pieces_of = _mysql if name == "date_parse" else _joda

    def make(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
        value, pattern = _two(at, name, nodes)
        pieces = pieces_of(pattern, name)
        known = [piece for piece in pieces if piece.startswith("%")]
        if value.type.name != "varchar" or not {"%Y", "%m", "%d"} <= set(known) or not set(known) <= _READ.keys():
            raise RefusedError(
                f"{name} by '{pattern}'", "read year, month, day, and hours, minutes, seconds of two digits"
            )
        form = "".join(_READ.get(piece) or re.escape(piece) for piece in pieces)
        made = f"athena_in_format({value.sql}, {text(form)}, {text(''.join(pieces))})"
        return (
            Typed(made, types.timestamp(3))
            if name == "date_parse"
            else Typed(f"athena_zoned({made})", types.timestamp(3, zoned=True))
        )

    return make


def _two(at: Translator, name: str, nodes: Sequence[exp.Expr]) -> tuple[Typed, str]:
    if len(nodes) != 2:
        raise TerminalError(f"The SQL is wrong: {name} takes two arguments.")
    value, pattern = (at.value(each) for each in nodes)
    if pattern.text is None:
        raise RefusedError(f"{name} by a format that is no constant", "write the format as a text")
    return value, pattern.text


SPECIAL: Final[dict[str, Special]] = {
    "date_trunc": _trunc,
    "date_add": _add,
    "date_diff": _diff,
    "date_format": _formatting("date_format"),
    "format_datetime": _formatting("format_datetime"),
    "date_parse": _parsing("date_parse"),
    "parse_datetime": _parsing("parse_datetime"),
}
