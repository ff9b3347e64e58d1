"""Functions over many rows, and what stands around one: DISTINCT, ORDER BY, FILTER, IGNORE NULLS, OVER."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import functions, macros, nesting, operators, predicates, signatures, types, windows
from tapehouse.query.dialect.casts import coerced
from tapehouse.query.dialect.names import Translator, Typed
from tapehouse.query.dialect.reading import only
from tapehouse.query.dialect.types import BIGINT, DOUBLE, Type

_ORDERED: Final = frozenset(("min", "max", "min_by", "max_by"))
_BRACKETS: Final = re.compile(r"(\w+)\[(.*?)\]")
_COUNTED: Final = {"lag": 1, "lead": 1, "nth_value": 1, "ntile": 0}
_NULLS: Final = frozenset(("lag", "lead", "first_value", "last_value", "nth_value"))


@dataclass(frozen=True, slots=True)
class Over:
    """What stands around a call."""

    filter: str = ""
    nulls: str = ""
    window: str = ""

    @property
    def said(self) -> str:
        """The first of its words."""
        return "OVER" if self.window else "FILTER" if self.filter else self.nulls


def around(at: Translator, node: exp.Expr) -> tuple[Over, exp.Expr]:
    """What stands around, and the call inside."""
    over = Over()
    while isinstance(node, exp.Window | exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        if isinstance(node, exp.Window):
            only(node, "this", "partition_by", "order", "spec", "over", "alias")
            over = replace(over, window=f" OVER ({windows.window(at.exact(), node)})")
        elif isinstance(node, exp.Filter):
            over = replace(over, filter=f" FILTER (WHERE {predicates.condition(at, node.expression.this)})")
        else:
            over = replace(over, nulls=" IGNORE NULLS" if isinstance(node, exp.IgnoreNulls) else "")
        node = node.this
    return over, node


def aggregate(at: Translator, name: str, nodes: Sequence[exp.Expr], over: Over) -> Typed:
    """The call of an aggregate, or of a function that only a window has."""
    _check_around(name, over)
    if name == "approx_percentile":
        _refuse_percentile(nodes)
    if name in functions.INEXACT:
        at.check_digits(name)
    distinct, order, nodes = _inside(at, nodes)
    if distinct:
        at = at.exact()
    elif name in functions.ADDING:
        at = at.rounded()
    if name == "count" and (not nodes or isinstance(nodes[0], exp.Star)):
        return Typed(f"count(*){over.filter}{over.window}", BIGINT)
    if order and name != "array_agg":
        raise RefusedError(f"ORDER BY in {name}", "leave it out")
    values = [at.value(each) for each in nodes]
    if name in ("sum", "avg") and any(value.type.name == "unknown" for value in values):
        raise TerminalError(f"The SQL is wrong: {name} of NULL could be of several types: give it one by CAST.")
    signature, bound = signatures.choose(
        name,
        [value.type for value in values],
        [*functions.windows().get(name, ()), *functions.aggregates().get(name, ())],
    )
    wanted = [signatures.filled(pattern, bound) for pattern in signature.wanted(len(values)) or ()]
    made = [coerced(value.sql, value.type, kind) for value, kind in zip(values, wanted, strict=True)]
    if name in _ORDERED:
        made = [sound(value, kind, name) for value, kind in zip(made, wanted, strict=True)]
    if name in _COUNTED:
        _check_count(name, values[_COUNTED[name] :])
    returns = signatures.filled(signature.returns, bound)
    if name in ("histogram", "map_agg"):
        returns = replace(returns, names=(types.UNORDERED,))

    def inside(called: str, arguments: str) -> str:
        nulls = over.nulls if name in _NULLS else ""
        return f"{called}({distinct}{arguments}{nulls}{order}){over.filter}{over.window}"

    special = _SPECIAL.get(signature.template)
    if special is not None:
        return Typed(special(inside, made, wanted), returns)
    template = _BRACKETS.sub(lambda found: inside(found.group(1), found.group(2)), signature.template)
    return Typed(signatures.fill(template, made, bound), returns)


def _check_around(name: str, over: Over) -> None:
    if name in functions.windows() and (not over.window or over.filter):
        raise TerminalError(f"The SQL is wrong: {name} takes OVER, and no FILTER.")
    if over.filter and over.window:
        raise RefusedError("FILTER with OVER", "take CASE, since Athena has no such thing")
    if over.nulls and name not in _NULLS:
        raise RefusedError(f"IGNORE NULLS behind {name}", "filter by IS NOT NULL")


def _check_count(name: str, values: Sequence[Typed]) -> None:
    least = 1 if name in ("ntile", "nth_value") else 0
    if values and (values[0].text is None or not values[0].text.isdigit() or int(values[0].text) < least):
        raise RefusedError(f"{name} by what is no constant, or less than {least}", "write a number")


def _inside(at: Translator, nodes: Sequence[exp.Expr]) -> tuple[str, str, list[exp.Expr]]:
    """DISTINCT, ORDER BY, and the arguments."""
    distinct = order = ""
    found = list(nodes)
    if len(found) == 1 and isinstance(found[0], exp.Order):
        order, found = f" {windows.order_by(at, found[0].expressions)}", [found[0].this]
    elif found and isinstance(found[-1], exp.Order):
        order, found = f" {windows.order_by(at, found[-1].expressions)}", [*found[:-1], found[-1].this]
    if len(found) == 1 and isinstance(found[0], exp.Distinct):
        distinct, found = "DISTINCT ", list(found[0].expressions)
    return distinct, order, found


def sound(sql: str, kind: Type, name: str) -> str:
    """A value that both engines compare alike: NaN and rows with NULL inside end the question."""
    if kind == DOUBLE:
        return f"athena_sound({sql})"
    if kind.name == "row":
        missing = " OR ".join(f"struct_extract({sql}, '{field}') IS NULL" for field in types.field_names(kind))
        fails = macros.fails("ROW comparison not supported for fields with null elements", sql)
        return f"CASE WHEN {sql} IS NULL THEN NULL WHEN {missing} THEN {fails} ELSE {sql} END"
    if kind.name in ("array", "map", "json"):
        raise RefusedError(f"{name} of {kind}", "compare its parts")
    return sql


Inside: TypeAlias = Callable[[str, str], str]


def _average(inside: Inside, made: list[str], wanted: list[Type]) -> str:
    """Of decimals: of their scale, half of a last digit and more rounded away from zero."""
    total = operators.unscaled(_sum(inside, made, wanted), 0)
    count = inside("count", made[0])
    quotient = nesting.once((total, f"CAST({count} AS HUGEINT)"), lambda a, b: f"athena_quotient({a}, {b})")
    return f"CASE WHEN {count} > 0 THEN {operators.of_digits(quotient, wanted[0])} END"


def _sum(inside: Inside, made: list[str], wanted: list[Type]) -> str:
    """DuckDB's own may hold 39 digits."""
    scale = wanted[0].decimal[1]
    most = f"CAST('{'9' * (38 - scale)}.{'9' * scale}' AS DECIMAL(38,{scale}))"
    return nesting.once((inside("sum", made[0]), most), lambda a, b: f"athena_within({a}, {b})")


def _approximate(inside: Inside, made: list[str], wanted: list[Type]) -> str:
    raise RefusedError("approx_distinct", "take count(DISTINCT …)")


def _refuse_percentile(nodes: Sequence[exp.Expr]) -> None:
    """Athena's is an estimate that differs with the order of rows; with what is exact in both."""
    value, share = [*(each.sql(dialect="trino") for each in nodes), "x", "0.5"][:2]
    share = share if re.fullmatch(r"0?\.\d+", share) else "0.5"
    place = f"CAST(ceil(count({value}) * {share}) AS bigint)"
    raise RefusedError("approx_percentile", f"take an exact one: element_at(array_sort(array_agg({value})), {place})")


def _histogram(inside: Inside, made: list[str], wanted: list[Type]) -> str:
    return f"athena_histogram({inside('array_agg', made[0])})"


def _map_agg(inside: Inside, made: list[str], wanted: list[Type]) -> str:
    return f"athena_map_agg({inside('array_agg', made[0])}, {inside('array_agg', made[1])})"


_SPECIAL: Final = {
    "athena_sum": _sum,
    "athena_avg": _average,
    "approx_distinct": _approximate,
    "athena_histogram": _histogram,
    "athena_map_agg": _map_agg,
}
