"""Functions over many rows, and what stands around one: DISTINCT, ORDER BY, FILTER, IGNORE NULLS, OVER."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import functions, macros, operators, predicates, signatures, types
from tapehouse.query.dialect.casts import coerced
from tapehouse.query.dialect.names import Translator, Typed
from tapehouse.query.dialect.reading import only
from tapehouse.query.dialect.types import BIGINT, DOUBLE, ZONED, Type

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
            over = replace(over, window=f" OVER ({_window(at.exact(), node)})")
        elif isinstance(node, exp.Filter):
            over = replace(over, filter=f" FILTER (WHERE {predicates.condition(at, node.expression.this)})")
        else:
            over = replace(over, nulls=" IGNORE NULLS" if isinstance(node, exp.IgnoreNulls) else "")
        node = node.this
    return over, node


def _window(at: Translator, node: exp.Window) -> str:
    node = _named(at, node)
    partition = ", ".join(at.value(each).sql for each in node.args.get("partition_by") or ())
    ordered = node.args["order"].expressions if node.args.get("order") is not None else ()
    spec = node.args.get("spec")
    frame = _frame(at, spec, ordered) if spec is not None else ""
    said = [f"PARTITION BY {partition}"] if partition else []
    if ordered and frame.startswith("RANGE") and " OFFSET " in frame:
        key = at.value(ordered[0].this)
        sql = f"athena_utc({key.sql})" if key.type.name == ZONED else key.sql
        said.append(f"ORDER BY {sql}{direction(ordered[0])}")
    elif ordered:
        said.append(order_by(at, ordered))
    return " ".join([*said, frame.replace(" OFFSET ", " ")])


def name_window(at: Translator, node: exp.Window) -> None:
    """What WINDOW says, by its name. Raises TerminalError for one that is there already."""
    only(node, "this", "partition_by", "order", "spec", "alias")
    name = node.name.lower()
    if name in at.scope.windows:
        raise TerminalError(f"The SQL is wrong: there are two windows {name}.")
    at.scope.windows[name] = _named(at, node)


def _named(at: Translator, node: exp.Window) -> exp.Window:
    """The window with what it takes over from the one that it names. Raises TerminalError where Athena does not."""
    if not node.args.get("alias"):
        return node
    name = node.args["alias"].name.lower()
    if name not in at.scope.windows:
        raise TerminalError(f"The SQL is wrong: there is no window {name}.")
    base = at.scope.windows[name]
    in_brackets = "order" in node.args  # OVER (w) may not name one that has a frame, OVER w may
    mine = {part for part in ("partition_by", "order", "spec") if node.args.get(part)}
    if (
        "partition_by" in mine
        or ("order" in mine and base.args.get("order"))
        or (in_brackets and base.args.get("spec"))
    ):
        raise TerminalError(f"The SQL is wrong: what window {name} says cannot be said anew.")
    said = {part: node.args.get(part) or base.args.get(part) for part in ("partition_by", "order", "spec")}
    return exp.Window(this=node.this.copy(), **said)


def _frame(at: Translator, spec: exp.Expr, ordered: Sequence[exp.Expr]) -> str:
    only(spec, "kind", "start", "start_side", "end", "end_side")
    kind = str(spec.args["kind"]).upper()

    def bound(of: "exp.Expr | str | None", side: str | None) -> str:
        if isinstance(of, str):
            return " ".join(filter(None, [of.upper(), (side or "").upper()]))
        if kind == "RANGE" and of is not None:
            return f" OFFSET {_offset(at, of, ordered)} {(side or '').upper()}"
        if not isinstance(of, exp.Literal) or not of.name.isdigit():
            raise RefusedError(f"{kind} of an offset", "count ROWS by a constant")
        return f"{of.name} {(side or '').upper()}"

    start = bound(spec.args.get("start"), spec.args.get("start_side"))
    end = bound(spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side"))
    return f"{kind} BETWEEN {start} AND {end}"


def _offset(at: Translator, node: exp.Expr, ordered: Sequence[exp.Expr]) -> str:
    """How far RANGE goes from a row's own value: a constant number, or a span of time."""
    if len(ordered) != 1:
        raise TerminalError("The SQL is wrong: RANGE of an offset takes ORDER BY of one value.")
    key, span = at.value(ordered[0].this).type, at.value(node)
    if isinstance(node, exp.Interval) and key.name in ("date", "timestamp", ZONED):
        whole = re.fullmatch(r"CAST\((\d+) AS BIGINT\)", span.sql)
        if whole and span.type == types.INTERVAL_MONTHS:
            return f"to_months({whole.group(1)})"
        if whole and (key.name != "date" or int(whole.group(1)) % 86_400_000 == 0):
            return f"to_milliseconds({whole.group(1)})"
    elif (
        isinstance(node, exp.Literal) and key.name in (*types.WHOLE, "decimal") and types.common(key, span.type) == key
    ):
        return coerced(span.sql, span.type, key)
    raise RefusedError(
        f"RANGE of {span.type} over {key}", "go by a constant that is not negative, of the type that is ordered by"
    )


def order_by(at: Translator, ordered: Sequence[exp.Expr]) -> str:
    """ORDER BY inside a call or a window."""
    return "ORDER BY " + ", ".join(f"{sortable(at.value(each.this))}{direction(each)}" for each in ordered)


def sortable(value: Typed) -> str:
    """A value that both engines put into one order."""
    if value.type.name in ("array", "map", "row", "json"):
        raise RefusedError(f"ORDER BY of {value.type}", "order by its parts")
    return value.sql


def direction(ordered: exp.Expr) -> str:
    """NULL comes last unless it is said otherwise, up and down."""
    only(ordered, "this", "desc", "nulls_first")
    down = " DESC" if ordered.args.get("desc") else " ASC"
    return f"{down} NULLS {'FIRST' if ordered.args.get('nulls_first') else 'LAST'}"


def aggregate(at: Translator, name: str, nodes: Sequence[exp.Expr], over: Over) -> Typed:
    """The call of an aggregate, or of a function that only a window has."""
    if name in functions.windows() and (not over.window or over.filter):
        raise TerminalError(f"The SQL is wrong: {name} takes OVER, and no FILTER.")
    if over.filter and over.window:
        raise RefusedError("FILTER with OVER", "take CASE, since Athena has no such thing")
    if over.nulls and name not in _NULLS:
        raise RefusedError(f"IGNORE NULLS behind {name}", "filter by IS NOT NULL")
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

    def inside(called: str, arguments: str) -> str:
        nulls = over.nulls if name in _NULLS else ""
        return f"{called}({distinct}{arguments}{nulls}{order}){over.filter}{over.window}"

    special = _SPECIAL.get(signature.template)
    if special is not None:
        return Typed(special(inside, made, wanted), returns)
    template = _BRACKETS.sub(lambda found: inside(found.group(1), found.group(2)), signature.template)
    return Typed(signatures.fill(template, made, bound), returns)


def _check_count(name: str, values: Sequence[Typed]) -> None:
    least = 1 if name in ("ntile", "nth_value") else 0
    if values and (values[0].text is None or not values[0].text.isdigit() or int(values[0].text) < least):
        raise RefusedError(f"{name} by what is no constant, or less than {least}", "write a number")


def _inside(at: Translator, nodes: Sequence[exp.Expr]) -> tuple[str, str, list[exp.Expr]]:
    """DISTINCT, ORDER BY, and the arguments."""
    distinct = order = ""
    found = list(nodes)
    if len(found) == 1 and isinstance(found[0], exp.Order):
        order, found = f" {order_by(at, found[0].expressions)}", [found[0].this]
    elif found and isinstance(found[-1], exp.Order):
        order, found = f" {order_by(at, found[-1].expressions)}", [*found[:-1], found[-1].this]
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
    quotient = operators.of_digits(f"athena_quotient({total}, CAST({count} AS HUGEINT))", wanted[0])
    return f"CASE WHEN {count} > 0 THEN {quotient} END"


def _sum(inside: Inside, made: list[str], wanted: list[Type]) -> str:
    """DuckDB's own may hold 39 digits."""
    scale = wanted[0].decimal[1]
    most = f"CAST('{'9' * (38 - scale)}.{'9' * scale}' AS DECIMAL(38,{scale}))"
    return f"athena_within({inside('sum', made[0])}, {most})"


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
