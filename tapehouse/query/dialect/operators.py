"""Athena's operators: the type that two values meet in, and what DuckDB does with them then."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import formats, nesting, types
from tapehouse.query.dialect.casts import coerced
from tapehouse.query.dialect.names import Typed
from tapehouse.query.dialect.types import BOOLEAN, DAYS, DOUBLE, INTERVAL_DAYS, MONTHS, WHOLE, ZONED, Type

COMPARISONS: Final = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_TURNED: Final = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DAY_MS: Final = 86_400_000


def wrong(operator: str, left: Type, right: Type) -> TerminalError:
    return TerminalError(
        f"The SQL is wrong: {left} {operator} {right} cannot be, in Athena's types{_way(left, right)}."
    )


def _way(left: Type, right: Type) -> str:
    """What makes them meet, most likely."""
    for one, other in ((left, right), (right, left)):
        if types.is_time(one) and types.is_text(other):
            return ": write DATE '2026-11-22' or TIMESTAMP '2026-11-22 00:00:00'"
        if types.is_time(one) and types.is_number(other):
            return ": write INTERVAL '1' DAY, or take to_unixtime"
        if types.is_number(one) and types.is_text(other):
            return ": CAST one of them"
    return ""


def together(operator: str, left: Typed, right: Typed) -> tuple[str, str, Type]:
    """Both in their common type. Raises TerminalError where there is none."""
    kind = types.common(left.type, right.type)
    if kind is None:
        raise wrong(operator, left.type, right.type)
    return coerced(left.sql, left.type, kind), coerced(right.sql, right.type, kind), kind


def compare(operator: str, left: Typed, right: Typed) -> Typed:
    """``left operator right``."""
    left, right = (replace(each, type=types.instant(each.type)) for each in (left, right))
    stored = _of_stored(operator, left, right) or _of_stored(_TURNED[operator], right, left)
    if stored is not None:
        return Typed(stored, BOOLEAN)
    a, b, kind = together(operator, left, right)
    _refuse_deep(kind)
    if kind == DOUBLE:  # NaN equals nothing and is beside no number; in DuckDB it is the greatest
        sound = " AND ".join(f"NOT isnan({x})" for x in (a, b))
        return Typed(
            f"({a} <> {b} OR NOT ({sound}))" if operator == "<>" else f"({a} {operator} {b} AND {sound})", BOOLEAN
        )
    return Typed(f"({a} {operator} {b})", BOOLEAN)


def _refuse_deep(kind: Type) -> None:
    """With NULL inside, Athena does not know whether two are equal; DuckDB does."""
    if kind.name in ("array", "map", "row", "json"):
        raise RefusedError(f"a comparison of {kind}", "compare its parts")


def _of_stored(operator: str, left: Typed, right: Typed) -> str | None:
    """A table's own instants against a constant, by what is stored, so that files without it are not read.

    The column is seen in milliseconds, cut off: it is at least T where the stored one is at least T, rounded up.
    """
    if left.stored is None or not right.is_constant or right.type.name not in ("timestamp", ZONED, "date"):
        return None
    instant = coerced(right.sql, right.type, types.timestamp(6, zoned=True))
    up = f"make_timestamptz(-athena_floor(-epoch_us({instant}), 1000) * 1000)"
    beyond = f"make_timestamptz(athena_floor(epoch_us({instant}), 1000) * 1000 + 1000)"
    return {
        ">=": f"({left.stored} >= {up})",
        "<": f"({left.stored} < {up})",
        ">": f"({left.stored} >= {beyond})",
        "<=": f"({left.stored} < {beyond})",
        "=": f"({left.stored} >= {up} AND {left.stored} < {beyond})",
    }.get(operator)


def add(operator: str, left: Typed, right: Typed) -> Typed:
    """``+`` and ``-``."""
    if left.type.name in (DAYS, MONTHS) and types.is_time(right.type) and operator == "+":
        left, right = right, left
    if types.is_time(left.type) and right.type.name in (DAYS, MONTHS):
        return _moved(operator, left, right)
    if left.type == right.type and left.type.name in (DAYS, MONTHS):
        return Typed(f"({left.sql} {operator} {right.sql})", left.type)
    if operator == "-" and types.is_time(left.type) and types.is_time(right.type):
        return _between(left, right)
    a, b, kind = _numbers(operator, left, right)
    if kind.name == "decimal":
        (p1, s1), (p2, s2) = _decimals(left, right)
        scale = max(s1, s2)
        kind = types.decimal(min(38, max(p1 - s1, p2 - s2) + scale + 1), scale)
        a, b = coerced(left.sql, left.type, kind), coerced(right.sql, right.type, kind)
        return Typed(f"CAST({a} {operator} {b} AS {kind.duckdb})", kind)
    return Typed(f"({a} {operator} {b})", kind)


def _moved(operator: str, moment: Typed, span: Typed) -> Typed:
    """A moment and a span of time."""
    sign = "" if operator == "+" else "-"
    if moment.type.name == "date":
        if span.type.name == DAYS:
            return Typed(f"({moment.sql} {operator} athena_whole_days({span.sql}))", moment.type)
        return Typed(f"CAST({moment.sql} + to_months(CAST({sign}{span.sql} AS INTEGER)) AS DATE)", moment.type)
    if span.type.name == MONTHS:
        return formats.back(f"({formats.local(moment)} + to_months(CAST({sign}{span.sql} AS INTEGER)))", moment)
    made = f"make_timestamp(epoch_us({moment.sql}) {operator} {span.sql} * 1000)"
    zoned = moment.type.name == ZONED
    kind = Type(moment.type.name, (max(moment.type.digits, 3),), moment.type.names)
    return Typed(f"athena_zoned({made})" if zoned else made, kind)


def _between(left: Typed, right: Typed) -> Typed:
    a, b, kind = together("-", left, right)
    if kind.name == "date":
        return Typed(f"(CAST({a} - {b} AS BIGINT) * {_DAY_MS})", INTERVAL_DAYS)
    if kind.digits > 3:
        raise RefusedError(f"the difference of two values of {kind}", "cast them to timestamp(3)")
    return Typed(f"((epoch_us({a}) - epoch_us({b})) // 1000)", INTERVAL_DAYS)


def multiply(left: Typed, right: Typed) -> Typed:
    """``*``."""
    if right.type.name in (DAYS, MONTHS):
        left, right = right, left
    if left.type.name in (DAYS, MONTHS):
        if right.type.name not in WHOLE:
            raise RefusedError(f"{left.type} * {right.type}", "multiply by a whole number")
        return Typed(f"({left.sql} * {coerced(right.sql, right.type, types.BIGINT)})", left.type)
    a, b, kind = _numbers("*", left, right)
    _refuse_either(kind, left.type, right.type)
    if kind.name == "decimal":
        (p1, s1), (p2, s2) = _decimals(left, right)
        kind = types.decimal(min(38, p1 + p2), s1 + s2)
        a = coerced(left.sql, left.type, types.as_decimal(left.type))
        b = coerced(right.sql, right.type, types.as_decimal(right.type))
        return Typed(f"CAST({a} * {b} AS {kind.duckdb})", kind)
    return Typed(f"({a} * {b})", kind)


def _refuse_either(kind: Type, *both: Type) -> None:
    """A double beside NULL: that may be a number or a span of time."""
    if kind == DOUBLE and any(each.name == "unknown" for each in both):
        raise RefusedError("NULL beside a double", "give it a type by CAST")


def divide(left: Typed, right: Typed) -> Typed:
    """``/``: whole numbers are cut off, decimals rounded to the wider scale."""
    if left.type.name in (DAYS, MONTHS):
        raise RefusedError(f"{left.type} / {right.type}", "divide what it was made of")
    a, b, kind = _numbers("/", left, right)
    _refuse_either(kind, left.type, right.type)
    if kind.name == "decimal":
        (p1, s1), (_, s2) = _decimals(left, right)
        scale = max(s1, s2)
        found = types.decimal(min(38, p1 + s2 + max(s2 - s1, 0)), scale)
        over = coerced(left.sql, left.type, types.as_decimal(left.type))
        under = coerced(right.sql, right.type, types.as_decimal(right.type))
        more = scale - s1 + s2
        if p1 + more > 38:  # with so many zeros behind it, DuckDB could not hold it
            zeros = f"{_zeros(more - more // 2)}, {_zeros(more // 2)}"
            both = unscaled(over, 0), unscaled(under, 0)
            made = nesting.once(both, lambda a, b: f"athena_long_quotient({a}, {b}, {zeros})")
        else:
            both = unscaled(over, more), unscaled(under, 0)
            made = nesting.once(both, lambda a, b: f"athena_quotient({a}, {b})")
        return Typed(of_digits(made, found), found)
    if kind == DOUBLE:
        return Typed(f"({a} / {b})", kind)
    return Typed(f"athena_div({a}, {b})", kind)


def unscaled(sql: str, more: int) -> str:
    """A decimal as a whole number of its last digits, with more zeros behind."""
    whole = f"CAST(replace(CAST({sql} AS VARCHAR), '.', '') AS HUGEINT)"
    return f"({whole} * {_zeros(more)})" if more else whole


def _zeros(count: int) -> str:
    return f"CAST('1{'0' * count}' AS HUGEINT)"


def of_digits(whole: str, kind: Type) -> str:
    """The decimal whose last digits a whole number counts."""
    _, scale = kind.decimal
    made = f"CAST({whole} AS DECIMAL(38,0))"
    if scale:
        made = f"({made} * CAST('0.{'0' * (scale - 1)}1' AS DECIMAL({scale},{scale})))"
    return f"CAST({made} AS {kind.duckdb})"


def modulo(left: Typed, right: Typed) -> Typed:
    """``%``: of the sign of the left."""
    a, b, kind = _numbers("%", left, right)
    if kind.name == "decimal":
        (p1, s1), (p2, s2) = _decimals(left, right)
        scale = max(s1, s2)
        found = types.decimal(min(38, min(p1 - s1, p2 - s2) + scale), scale)
        return Typed(f"CAST(athena_mod({a}, {b}) AS {found.duckdb})", found)
    return Typed(f"({a} % {b})" if kind == DOUBLE else f"athena_mod({a}, {b})", kind)


def negative(value: Typed) -> Typed:
    if not types.is_number(value.type) and value.type.name not in (DAYS, MONTHS):
        raise TerminalError(f"The SQL is wrong: there is no - of {value.type}.")
    return Typed(f"(-{value.sql})", value.type)


def join_text(left: Typed, right: Typed) -> Typed:
    """``||`` of text, of arrays, of bytes; NULL with NULL."""
    if "array" not in (left.type.name, right.type.name):
        for kind in (left.type, right.type):
            if kind.name not in ("varchar", "varbinary", "unknown"):
                raise wrong("||", left.type, right.type)
    kinds = {left.type.name, right.type.name}
    if "array" not in kinds and "varbinary" not in kinds:
        a, b = (coerced(each.sql, each.type, types.VARCHAR) for each in (left, right))
        return Typed(f"({a} || {b})", types.VARCHAR)
    if kinds == {"array"} and (left.type.of.name == "unknown") != (right.type.of.name == "unknown"):
        raise wrong("||", left.type, right.type)
    if kinds == {"array"}:
        a, b, kind = together("||", left, right)
        return Typed(f"CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN list_concat({a}, {b}) END", kind)
    raise RefusedError(f"{left.type} || {right.type}", "join text, or arrays of one type")


def _numbers(operator: str, left: Typed, right: Typed) -> tuple[str, str, Type]:
    for kind in (left.type, right.type):
        if not types.is_number(kind) and kind.name != "unknown":
            raise wrong(operator, left.type, right.type)
    if left.type.name == right.type.name == "unknown":
        raise RefusedError(f"NULL {operator} NULL", "give one of them a type by CAST")
    return together(operator, left, right)


def _decimals(left: Typed, right: Typed) -> tuple[tuple[int, int], tuple[int, int]]:
    return types.as_decimal(left.type).decimal, types.as_decimal(right.type).decimal


ARITHMETIC: Final[dict[str, Callable[[Typed, Typed], Typed]]] = {
    "Add": lambda a, b: add("+", a, b),
    "Sub": lambda a, b: add("-", a, b),
    "Mul": multiply,
    "Div": divide,
    "Mod": modulo,
    "DPipe": join_text,
}
