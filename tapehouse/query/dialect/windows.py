"""What OVER says: windows by their names, frames, and what they are ordered by."""

import re
from collections.abc import Sequence
from typing import Final, NoReturn

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import predicates, types
from tapehouse.query.dialect.casts import coerced
from tapehouse.query.dialect.names import Translator, Typed
from tapehouse.query.dialect.reading import only
from tapehouse.query.dialect.types import ZONED, Type

_DAY_MS: Final = 86_400_000


def window(at: Translator, node: exp.Window) -> str:
    """What stands in the parentheses of OVER."""
    node = _named(at, node)
    partition = ", ".join(at.value(each).sql for each in node.args.get("partition_by") or ())
    ordered: Sequence[exp.Expr] = node.args["order"].expressions if node.args.get("order") is not None else ()
    spec = node.args.get("spec")
    frame, key = _frame(at, spec, ordered) if spec is not None else ("", None)
    said = [f"PARTITION BY {partition}"] if partition else []
    if key is not None:
        said.append(f"ORDER BY {key}{direction(ordered[0])}")
    elif ordered:
        said.append(order_by(at, ordered))
    return " ".join([*said, frame])


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


def _frame(at: Translator, spec: exp.Expr, ordered: Sequence[exp.Expr]) -> tuple[str, str | None]:
    """The frame, and where RANGE goes by offsets, what is ordered by then."""
    only(spec, "kind", "start", "start_side", "end", "end_side")
    kind = str(spec.args["kind"]).upper()
    bounds = [
        (spec.args.get("start"), spec.args.get("start_side")),
        (spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side")),
    ]
    nodes = [bound for bound, _ in bounds if isinstance(bound, exp.Expr)]
    key = None
    if kind == "RANGE" and nodes:
        key, made = _offsets(at, nodes, ordered)
    else:
        made = [_count(kind, each) for each in nodes]
    start, end = (
        f"{made.pop(0) if isinstance(bound, exp.Expr) else str(bound).upper()} {(side or '').upper()}"
        for bound, side in bounds
    )
    return f"{kind} BETWEEN {start} AND {end}", key


def _count(kind: str, node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal) or not node.name.isdigit():
        raise RefusedError(f"{kind} of what is no constant", "count by a whole number")
    return node.name


def _offsets(at: Translator, nodes: Sequence[exp.Expr], ordered: Sequence[exp.Expr]) -> tuple[str, list[str]]:
    """What RANGE is ordered by, and how far it goes from a row's own: constant numbers, or spans of time."""
    if len(ordered) != 1:
        raise TerminalError("The SQL is wrong: RANGE of an offset takes ORDER BY of one value.")
    key, spans = at.value(ordered[0].this), [at.value(each) for each in nodes]
    if key.type.name in ("date", "timestamp", ZONED):
        moment = f"athena_utc({key.sql})" if key.type.name == ZONED else key.sql
        return moment, [_span(node, span, key.type) for node, span in zip(nodes, spans, strict=True)]
    kinds = [key.type, *(span.type for span in spans)]
    exact = all(kind.name in (*types.WHOLE, "decimal") for kind in kinds)
    if not exact or not all(isinstance(each, exp.Literal) for each in nodes):
        _refuse_range(spans[0].type, key.type)
    kind = predicates.common_of([key, *spans], "RANGE")
    return coerced(key.sql, key.type, kind), [coerced(span.sql, span.type, kind) for span in spans]


def _span(node: exp.Expr, span: Typed, key: Type) -> str:
    if span.type == types.INTERVAL_MONTHS and key.names:
        raise RefusedError(
            f"RANGE of months over an instant in the zone {key.names[0]}",
            "cast it to timestamp: its months are that zone's",
        )
    whole = re.fullmatch(r"CAST\((\d+) AS BIGINT\)", span.sql)
    if (
        not whole
        or not isinstance(node, exp.Interval)
        or (key.name == "date" and span.type == types.INTERVAL_DAYS and int(whole.group(1)) % _DAY_MS)
    ):
        _refuse_range(span.type, key)
    return f"to_m{'onths' if span.type == types.INTERVAL_MONTHS else 'illiseconds'}({whole.group(1)})"


def _refuse_range(span: Type, key: Type) -> NoReturn:
    raise RefusedError(
        f"RANGE of {span} over {key}",
        "go by a constant that is not negative: a number over numbers, INTERVAL over times",
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
