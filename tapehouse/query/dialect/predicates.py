"""What is true or not: comparisons, AND and OR, IN, LIKE, BETWEEN, CASE."""

from collections.abc import Sequence
from functools import reduce

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import operators, types
from tapehouse.query.dialect.casts import coerced, text
from tapehouse.query.dialect.names import Translator, Typed
from tapehouse.query.dialect.reading import only
from tapehouse.query.dialect.types import BOOLEAN, Type

_PREDICATES = (
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between, exp.Like, exp.Escape, exp.Is,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Not, exp.And, exp.Or,
)  # fmt: skip


def condition(at: Translator, node: exp.Expr) -> str:
    """SQL of what must be a truth value."""
    found = at.exact().value(node)
    if found.type.name not in ("boolean", "unknown"):
        raise TerminalError(f"The SQL is wrong: a condition is of type {found.type}.")
    return coerced(found.sql, found.type, BOOLEAN)


def both(at: Translator, node: exp.Expr) -> Typed:
    word = "AND" if isinstance(node, exp.And) else "OR"
    only(node, "this", "expression")
    return Typed(f"({condition(at, node.this)} {word} {condition(at, node.expression)})", BOOLEAN)


def negation(at: Translator, node: exp.Expr) -> Typed:
    return Typed(f"(NOT {condition(at, node.this)})", BOOLEAN)


def comparison(at: Translator, node: exp.Expr) -> Typed:
    only(node, "this", "expression")
    operator = operators.COMPARISONS[type(node).__name__]
    if isinstance(node.this, exp.Tuple) and isinstance(node.expression, exp.Tuple):
        return _rows(at, operator, node.this, node.expression)
    return operators.compare(operator, _operand(at, node.this), _operand(at, node.expression))


def _operand(at: Translator, node: exp.Expr) -> Typed:
    """What is compared: not itself a comparison without parentheses, which Athena does not read."""
    if isinstance(node, _PREDICATES):
        raise RefusedError("a comparison of comparisons", "put parentheses around them")
    return at.exact().value(node)


def _rows(at: Translator, operator: str, left: exp.Tuple, right: exp.Tuple) -> Typed:
    """``(a, b) = (1, 2)``, field by field."""
    if operator != "=" or len(left.expressions) != len(right.expressions):
        raise RefusedError(f"rows compared by {operator}", "compare their fields")
    fields, at = zip(left.expressions, right.expressions, strict=True), at.exact()
    return Typed(f"({' AND '.join(operators.compare('=', at.value(a), at.value(b)).sql for a, b in fields)})", BOOLEAN)


def between(at: Translator, node: exp.Expr) -> Typed:
    only(node, "this", "low", "high")
    value = _operand(at, node.this)
    low = operators.compare(">=", value, _operand(at, node.args["low"]))
    high = operators.compare("<=", value, _operand(at, node.args["high"]))
    return Typed(f"({low.sql} AND {high.sql})", BOOLEAN)


def distinct(at: Translator, node: exp.Expr) -> Typed:
    """IS [NOT] DISTINCT FROM."""
    a, b, kind = operators.together("IS DISTINCT FROM", _operand(at, node.this), _operand(at, node.expression))
    _refuse_deep(kind, "IS DISTINCT FROM")
    word = "IS DISTINCT FROM" if isinstance(node, exp.NullSafeNEQ) else "IS NOT DISTINCT FROM"
    return Typed(f"({a} {word} {b})", BOOLEAN)


def is_null(at: Translator, node: exp.Expr) -> Typed:
    only(node, "this", "expression")
    if not isinstance(node.expression, exp.Null):
        raise RefusedError(f"IS {node.expression.sql()}", "write = true, or coalesce")
    return Typed(f"({_operand(at, node.this).sql} IS NULL)", BOOLEAN)


def like(at: Translator, node: exp.Expr) -> Typed:
    escape = ""
    if isinstance(node, exp.Escape):
        mark = node.expression
        if not isinstance(mark, exp.Literal) or len(mark.name) != 1:
            raise TerminalError("The SQL is wrong: ESCAPE takes one character.")
        escape, node = f" ESCAPE {text(mark.name)}", node.this
    if not isinstance(node, exp.Like):
        raise RefusedError(f"{type(node).__name__.upper()}", "take LIKE or regexp_like")
    only(node, "this", "expression", "negate")
    value, pattern = _operand(at, node.this), _operand(at, node.expression)
    for kind in (value.type, pattern.type):
        if kind.name not in ("varchar", "unknown"):
            raise operators.wrong("LIKE", value.type, pattern.type)
    if escape and pattern.text is None:
        raise RefusedError("ESCAPE of a pattern that is no constant", "write the pattern as a text")
    if escape and pattern.text is not None:
        _check_escapes(pattern.text, str(mark.name))
    word = "NOT LIKE" if node.args.get("negate") else "LIKE"
    a, b = (coerced(each.sql, each.type, types.VARCHAR) for each in (value, pattern))
    return Typed(f"({a} {word} {b}{escape})", BOOLEAN)


def _check_escapes(pattern: str, mark: str) -> None:
    place = 0
    while (place := pattern.find(mark, place)) >= 0:
        if pattern[place + 1 : place + 2] not in ("%", "_", mark):
            raise TerminalError("The SQL is wrong: behind an escape character stands %, _ or itself.")
        place += 2


def within(at: Translator, node: exp.Expr) -> Typed:
    """IN a list or a query."""
    only(node, "this", "expressions", "query")
    if node.args.get("query") is not None:
        return _within_query(at, node)
    if isinstance(node.this, exp.Tuple):
        if not all(isinstance(each, exp.Tuple) for each in node.expressions):
            raise RefusedError("IN of a row and what is none", "compare fields")
        return Typed(f"({' OR '.join(_rows(at, '=', node.this, each).sql for each in node.expressions)})", BOOLEAN)
    value, listed = _operand(at, node.this), [at.exact().value(each) for each in node.expressions]
    if any(each.type.name == "unknown" for each in listed):
        raise RefusedError("IN of a list with NULL", "leave it out: Athena's own answer to it is wrong")
    kind = common_of([value, *listed], "IN")
    if kind.name in ("double", "array", "row", "map"):
        return Typed(f"({' OR '.join(operators.compare('=', value, each).sql for each in listed)})", BOOLEAN)
    made = ", ".join(coerced(each.sql, each.type, kind) for each in listed)
    return Typed(f"({coerced(value.sql, value.type, kind)} IN ({made}))", BOOLEAN)


def _within_query(at: Translator, node: exp.Expr) -> Typed:
    if isinstance(node.this, exp.Tuple):
        return _rows_within_query(at, node.this, node.args["query"])
    value = _operand(at, node.this)
    sql, kind = at.exact().column_of(node.args["query"])
    wanted = types.common(value.type, kind)
    if wanted is None:
        raise operators.wrong("IN", value.type, kind)
    if wanted.name in ("double", "array", "row", "map"):
        raise RefusedError(f"IN (SELECT …) of {wanted}", "join, or compare by EXISTS")
    inner = f'SELECT {coerced(types.quoted("c1"), kind, wanted)} FROM ({sql}) AS "q"'
    return Typed(f"({coerced(value.sql, value.type, wanted)} IN ({inner}))", BOOLEAN)


def _filters(node: exp.Expr | None) -> bool:
    """Whether NULL and false are alike there: where they are not, what Athena says of NULL differs with the place."""
    while isinstance(node, exp.In | exp.And | exp.Paren):
        node = node.parent
    return isinstance(node, exp.Where)


def _rows_within_query(at: Translator, row: exp.Tuple, query: exp.Expr) -> Typed:
    """``(a, b) IN (SELECT x, y …)``: where one of them is NULL, Athena says false."""
    if not _filters(row.parent):
        raise RefusedError(
            "IN of rows and a query, elsewhere than in WHERE", "put it there, behind AND, or take EXISTS"
        )
    found = at.query_of(query)
    for function in found.inexact.values():
        at.exact().check_digits(function)
    if len(found.columns) != len(row.expressions):
        raise TerminalError(f"The SQL is wrong: IN of {len(row.expressions)} and {len(found.columns)} columns.")
    pairs = [
        operators.compare("=", at.exact().value(each), Typed(f'"rows"."c{place}"', kind)).sql
        for place, (each, (_, kind)) in enumerate(zip(row.expressions, found.columns, strict=True), 1)
    ]
    return Typed(f'EXISTS (SELECT 1 FROM ({found.sql}) AS "rows" WHERE {" AND ".join(pairs)})', BOOLEAN)


def exists(at: Translator, node: exp.Expr) -> Typed:
    return Typed(f"EXISTS ({at.query_of(node.this).sql})", BOOLEAN)


def case(at: Translator, node: exp.Expr) -> Typed:
    """CASE in both forms, and if()."""
    if isinstance(node, exp.If):
        only(node, "this", "true", "false")
        cases = [(condition(at, node.this), at.value(node.args["true"]))]
        otherwise = node.args.get("false")
    else:
        only(node, "this", "ifs", "default")
        value = at.exact().value(node.this) if node.this else None
        cases = [(_when(at, value, each.this), at.value(each.args["true"])) for each in node.args["ifs"]]
        otherwise = node.args.get("default")
    last = [at.value(otherwise)] if otherwise is not None else []
    kind = common_of([made for _, made in cases] + last, "CASE")
    whens = " ".join(f"WHEN {when} THEN {coerced(made.sql, made.type, kind)}" for when, made in cases)
    end = f" ELSE {coerced(last[0].sql, last[0].type, kind)}" if last else ""
    return Typed(f"CASE {whens}{end} END", kind)


def _when(at: Translator, value: Typed | None, node: exp.Expr) -> str:
    return condition(at, node) if value is None else operators.compare("=", value, at.exact().value(node)).sql


def common_of(values: Sequence[Typed], word: str) -> Type:
    """The type that all meet in. Raises TerminalError where there is none."""

    def meet(a: Type, b: Type) -> Type:
        found = types.common(a, b)
        if found is None:
            raise operators.wrong(word, a, b)
        return found

    return reduce(meet, (value.type for value in values))


def _refuse_deep(kind: Type, word: str) -> None:
    if kind.name in ("array", "map", "row"):
        raise RefusedError(f"{word} of {kind}", "compare its parts")
