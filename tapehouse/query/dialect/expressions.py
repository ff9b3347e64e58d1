"""One expression: each kind of node and what makes it. A kind that is not here is refused."""

import difflib
from collections.abc import Callable
from typing import Final

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import calls, formats, literals, nesting, operators, predicates, queries, types
from tapehouse.query.dialect.casts import cast, coerced, text
from tapehouse.query.dialect.names import Scope, Translator, Typed
from tapehouse.query.dialect.reading import Asked, only
from tapehouse.query.dialect.types import Type


class Expressions:
    """What expressions mean in one scope."""

    def __init__(
        self, scope: Scope, withs: "queries.Withs", *, is_rounded: bool = False, seen: list[str] | None = None
    ) -> None:
        self.scope, self._withs, self._is_rounded, self._seen = scope, withs, is_rounded, seen

    def value(self, node: exp.Expr) -> Typed:
        """Raises RefusedError for what is not had here, TerminalError for what Athena refuses too."""
        make = HANDLERS.get(type(node))
        if make is None:
            raise RefusedError(f"{_spelled(node)}", "say it otherwise")
        found = make(self, node)
        nesting.refuse_long(found.sql, sum(1 for _ in node.walk()), lambda: _spelled(node))
        return found

    def within(self, arguments: dict[str, Typed]) -> "Expressions":
        return Expressions(self.scope.of(arguments), self._withs, is_rounded=self._is_rounded, seen=self._seen)

    def rounded(self) -> "Expressions":
        return Expressions(self.scope, self._withs, is_rounded=True)

    def exact(self) -> "Expressions":
        return Expressions(self.scope, self._withs)

    def noting(self, seen: list[str]) -> "Expressions":
        return Expressions(self.scope, self._withs, seen=seen)

    def check_digits(self, function: str) -> None:
        if self._seen is not None:
            self._seen.append(function)
        elif not self._is_rounded:
            raise RefusedError(
                f"{function} without round", f"write round({function}(…), 12): engines differ in the last digit"
            )

    def column_of(self, node: exp.Expr) -> tuple[str, Type]:
        found = queries.query(_bare(node), self._withs, self.scope)
        if len(found.columns) != 1:
            raise RefusedError(f"a query of {len(found.columns)} columns as a value", "select one")
        if 0 in found.inexact:
            self.check_digits(found.inexact[0])
        return found.sql, found.columns[0][1]

    def query_of(self, node: exp.Expr) -> "queries.Query":
        return queries.query(_bare(node), self._withs, self.scope)


def _bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Subquery) and not node.args.get("alias"):
        node = node.this
    return node


def _spelled(node: exp.Expr) -> str:
    words = " ".join(node.sql(dialect="trino").split())
    return words if len(words) <= 60 else f"{words[:57]}…"


def _literal(at: Translator, node: exp.Expr) -> Typed:
    return literals.string(node.name) if node.args["is_string"] else literals.number(node.name)


def _column(at: Translator, node: exp.Expr) -> Typed:
    assert isinstance(node, exp.Column)  # noqa: S101 - for the type checker
    only(node, "this", "table", "db", "catalog")
    name, table, layer = node.name, node.table or None, node.text("db") or None
    if layer is None and table is not None and not at.scope.is_table(table):
        if at.scope.find(table) is not None:
            return field(_column(at, exp.column(table)), name)
    elif layer is not None and not at.scope.is_table(table or ""):
        return field(_column(at, exp.column(table or "", layer)), name)
    found = at.scope.find(name, table, layer)
    if found is not None and found.inexact:
        at.check_digits(found.inexact)
    if found is None:
        if name.startswith("$"):
            raise RefusedError(f"the hidden column {name}", "it is not had here")
        raise TerminalError(
            f"The SQL is wrong: there is no column {f'{table}.' if table else ''}{name}{_near(at.scope, node)}"
        )
    return found


def _near(scope: Scope, node: exp.Column) -> str:
    """What may have been meant by the name of no column."""
    if node.table and not scope.is_table(node.table):
        tables = [relation.name for relation in scope.relations if relation.name]
        return f": what is read is called {', '.join(tables)}." if tables else "."
    names = {name for relation in scope.relations for name, _ in relation.shown() if name}
    near = difflib.get_close_matches(node.name.lower(), names, 3, 0.6)
    if near:
        return f": did you mean {' or '.join(near)}?"
    return ": texts stand in single quotes." if isinstance(node.this, exp.Identifier) and node.this.quoted else "."


def field(row: Typed, name: str) -> Typed:
    """A row's field by its name."""
    if row.type.name != "row":
        raise TerminalError(f"The SQL is wrong: {row.type} has no field {name}.")
    names = [each.lower() if each else None for each in row.type.names]
    if name.lower() not in names:
        raise TerminalError(f"The SQL is wrong: {row.type} has no field {name}.")
    return _nth(row, names.index(name.lower()))


def _nth(row: Typed, place: int) -> Typed:
    kind = row.type.args[place]
    assert isinstance(kind, Type)  # noqa: S101 - for the type checker
    return Typed(f"struct_extract({row.sql}, {text(types.field_names(row.type)[place])})", kind)


def _dot(at: Translator, node: exp.Expr) -> Typed:
    if not isinstance(node.expression, exp.Identifier):
        raise RefusedError(_spelled(node), "name a field")
    return field(at.value(node.this), node.expression.name)


def _argument(at: Translator, node: exp.Expr) -> Typed:
    found = at.scope.find(node.name)
    if found is None:
        raise TerminalError(f"The SQL is wrong: there is no column {node.name}.")
    if found.inexact:
        at.check_digits(found.inexact)
    return found


def _cast(at: Translator, node: exp.Expr) -> Typed:
    only(node, "this", "to", "safe")
    written = node.args["to"].sql(dialect=Asked)
    if node.meta.get("literal"):
        if not isinstance(node.this, exp.Literal):
            raise RefusedError(_spelled(node), "take CAST")
        return literals.of_type(written, node.this.name)
    wanted = types.parse(written)
    value = (at if wanted == types.DOUBLE else at.exact()).value(node.this)
    if isinstance(node, exp.TryCast):
        made = cast(value.sql, value.type, wanted)
        for odd in (f"athena_odd({value.sql})", f"athena_near_digits({value.sql})"):
            if odd in made:  # what is refused is refused outside TRY
                return Typed(
                    f"CASE WHEN {odd} IS NOT NULL THEN {calls.tried(made.replace(odd, value.sql))} END", wanted
                )
        return Typed(calls.tried(made), wanted)
    if value.type.name == types.ZONED and value.type.names:
        if types.is_text(wanted):
            types.refuse_zone(value.type)
        value = Typed(formats.local(value), types.timestamp(value.type.digits))
        types.refuse_zone(wanted if wanted.name != types.ZONED else Type(types.ZONED, (3,), ("another",)))
    return Typed(cast(value.sql, value.type, wanted), types.ordered_as(wanted, value.type))


def _array(at: Translator, node: exp.Expr) -> Typed:
    values = [at.value(each) for each in node.expressions]
    kind = predicates.common_of(values, "ARRAY") if values else types.UNKNOWN
    made = ", ".join(coerced(each.sql, each.type, kind) for each in values)
    return Typed(f"CAST([{made}] AS {kind.duckdb}[])", types.array(kind))


def _bracket(at: Translator, node: exp.Expr) -> Typed:
    only(node, "this", "expressions")
    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise RefusedError(_spelled(node), "take slice()")
    value, key = at.value(node.this), at.value(node.expressions[0])
    if (
        value.type.name == "row"
        and key.text
        and key.type == types.INTEGER
        and 0 < int(key.text) <= len(value.type.args)
    ):
        return _nth(value, int(key.text) - 1)
    if value.type.name == "array" and key.type.name in types.WHOLE:
        return Typed(f"athena_at({value.sql}, {coerced(key.sql, key.type, types.BIGINT)})", value.type.of)
    if value.type.name == "map" and types.common(key.type, value.type.of) == value.type.of:
        return Typed(f"athena_key({value.sql}, {coerced(key.sql, key.type, value.type.of)})", value.type.value)
    raise TerminalError(f"The SQL is wrong: {value.type} is not subscripted by {key.type}.")


def _subquery(at: Translator, node: exp.Expr) -> Typed:
    found = at.column_of(node)
    return Typed(f"({found[0]})", found[1])


def _arithmetic(at: Translator, node: exp.Expr) -> Typed:
    make = operators.ARITHMETIC[type(node).__name__]
    return make(at.value(node.this), at.value(node.expression))


def _negative(at: Translator, node: exp.Expr) -> Typed:
    if isinstance(node.this, exp.Literal) and not node.this.is_string:
        made = literals.number(node.this.name)
        if made.text == "2147483648":
            return Typed("CAST(-2147483648 AS INTEGER)", types.INTEGER)
    return operators.negative(at.value(node.this))


def _in_zone(at: Translator, node: exp.Expr) -> Typed:
    zone = node.args["zone"]
    return calls.in_zone(at.value(node.this), zone.name if isinstance(zone, exp.Literal) else None)


def _now(at: Translator, node: exp.Expr) -> Typed:
    if isinstance(node, exp.CurrentDate):
        return Typed("CAST(athena_utc(now()) AS DATE)", types.DATE)
    if node.args.get("this") is not None:
        raise RefusedError(_spelled(node), "take current_timestamp")
    if isinstance(node, exp.Localtimestamp):
        return Typed("athena_utc(athena_ms(now()))", types.timestamp(3))
    return Typed("athena_ms(now())", types.timestamp(3, zoned=True))


Handler = Callable[[Translator, exp.Expr], Typed]
HANDLERS: Final[dict[type[exp.Expr], Handler]] = {
    exp.Literal: _literal,
    exp.Boolean: lambda at, node: Typed("true" if node.this else "false", types.BOOLEAN),
    exp.Null: lambda at, node: Typed("NULL", types.UNKNOWN),
    exp.HexString: lambda at, node: Typed(f"unhex({text(str(node.this))})", types.VARBINARY),
    exp.Column: _column,
    exp.Identifier: _argument,
    exp.Dot: _dot,
    exp.Paren: lambda at, node: at.value(node.this),
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Interval: lambda at, node: literals.interval(node),  # type: ignore[arg-type]
    exp.Array: _array,
    exp.Bracket: _bracket,
    exp.Tuple: lambda at, node: calls.row(at, node.expressions),
    exp.Subquery: _subquery,
    exp.Select: _subquery,
    exp.Neg: _negative,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe), _arithmetic),
    **dict.fromkeys((exp.And, exp.Or), predicates.both),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), predicates.comparison),
    exp.Not: predicates.negation,
    exp.Is: predicates.is_null,
    exp.In: predicates.within,
    exp.Between: predicates.between,
    **dict.fromkeys((exp.Like, exp.Escape), predicates.like),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), predicates.distinct),
    **dict.fromkeys((exp.Case, exp.If), predicates.case),
    exp.Exists: predicates.exists,
    exp.AtTimeZone: _in_zone,
    **dict.fromkeys((exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp), _now),
    exp.Anonymous: calls.call,
    exp.Extract: calls.extract,
    exp.Trim: calls.trim,
    exp.StrPosition: calls.position,
    exp.Substring: calls.substring,
    **dict.fromkeys((exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls), calls.call),
    exp.GroupConcat: calls.listed,
}
