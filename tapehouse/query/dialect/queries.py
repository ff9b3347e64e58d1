"""Queries: SELECT, VALUES, sets of them, WITH. Inside, their columns are called ``c1``, ``c2``, …"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import functions, relations, types, windows
from tapehouse.query.dialect.casts import coerced
from tapehouse.query.dialect.names import Relation, Scope, Translator, Typed
from tapehouse.query.dialect.predicates import condition
from tapehouse.query.dialect.reading import only
from tapehouse.query.dialect.types import Type

Columns = tuple[tuple[str | None, Type], ...]
_SETS: Final = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


@dataclass(frozen=True, slots=True)
class Query:
    """One query in DuckDB's words."""

    sql: str
    columns: Columns
    inexact: Mapping[int, str] = field(default_factory=dict)
    """Places of columns in whose last digit engines differ, from 0, and the function that makes them so."""


@dataclass(frozen=True, slots=True)
class Withs:
    """What queries are made with: the tables' columns, the WITHs in sight, and what makes expressions."""

    columns_of: Callable[[str], Mapping[str, Type]]
    expressions: "Callable[[Scope, Withs], Translator]"
    named: Mapping[str, tuple[str, Query]]
    """A WITH's name → what DuckDB knows it by, and the query with its columns named."""
    counter: list[int]

    def fresh(self, letter: str) -> str:
        """A name that nothing else has."""
        self.counter[0] += 1
        return f"{letter}{self.counter[0]}"


def query(node: exp.Expr, withs: Withs, parent: Scope | None = None) -> Query:
    """A query and all inside it. Raises RefusedError, TerminalError."""
    prefix, withs = _withs(node, withs, parent)
    if isinstance(node, exp.Select):
        found = _select(node, withs, parent)
    elif isinstance(node, exp.SetOperation):
        found = _set(node, withs, parent)
    elif isinstance(node, exp.Values):
        only(node, "expressions", "order", "limit", "offset", "with_")
        inner = values(node, withs, parent)
        found = _ended(node, replace(inner, sql=f'SELECT * FROM ({inner.sql}) AS "q"'), withs, parent)
    elif isinstance(node, exp.Subquery):
        only(node, "this", "order", "limit", "offset", "with_")
        inner = query(node.this, withs, parent)
        found = _ended(node, replace(inner, sql=f'SELECT * FROM ({inner.sql}) AS "q"'), withs, parent)
    elif isinstance(node, exp.Table):
        found = _select(exp.select("*").from_(node.copy()), withs, parent)
    else:
        raise RefusedError(f"{type(node).__name__.upper()} as a query", "write a SELECT")
    return replace(found, sql=prefix + found.sql)


def _withs(node: exp.Expr, withs: Withs, parent: Scope | None) -> tuple[str, Withs]:
    clause = node.args.get("with_")
    if clause is None:
        return "", withs
    only(clause, "expressions")
    made, named = [], dict(withs.named)
    here: set[str] = set()
    for cte in clause.expressions:
        only(cte, "this", "alias")
        inner = query(cte.this, replace(withs, named=named), parent)
        alias, name = cte.args["alias"], withs.fresh("w")
        if alias.name.lower() in here:
            raise TerminalError(f"The SQL is wrong: WITH names {alias.name} twice.")
        here.add(alias.name.lower())
        columns = relations.renamed(inner.columns, [each.name for each in alias.args.get("columns") or ()])
        made.append(f"{types.quoted(name)} AS ({inner.sql})")
        named = {**named, alias.name.lower(): (name, replace(inner, columns=columns))}
    return f"WITH {', '.join(made)} ", replace(withs, named=named)


def _select(node: exp.Select, withs: Withs, parent: Scope | None) -> Query:
    only(node, "expressions", "from_", "joins", "where", "group", "having", "distinct", "order", "limit", "offset",
         "with_", "laterals", "windows")  # fmt: skip
    scope = Scope([], parent)
    at = withs.expressions(scope, withs)
    source = relations.source(node, at, withs)
    for window in node.args.get("windows") or ():
        windows.name_window(at, window)
    chosen = list(_chosen(node.expressions, at))
    distinct = node.args.get("distinct")
    if distinct is not None:
        only(distinct, "expressions")
        if distinct.args.get("on"):
            raise RefusedError("DISTINCT ON", "take row_number()")
        _check_digits(at, chosen)
    listed = ", ".join(f'{_said(value)} AS "c{place}"' for place, (_, value) in enumerate(chosen, 1))
    parts = [f"SELECT{' DISTINCT' if distinct else ''} {listed}"]
    if source:
        parts.append(f"FROM {source}")
    if node.args.get("where") is not None:
        _no_aggregate(node.args["where"].this, "WHERE")
        parts.append(f"WHERE {condition(at, node.args['where'].this)}")
    if node.args.get("group") is not None:
        parts.append(f"GROUP BY {_group(node.args['group'], at, chosen)}")
    if node.args.get("having") is not None:
        parts.append(f"HAVING {condition(at, node.args['having'].this)}")
    if node.args.get("order") is not None:
        parts.append(_order(node.args["order"], at, chosen, distinct is not None))
    parts += _limits(node)
    if scope.looks_out and (
        node.find(exp.Window) or any(node.args.get(each) for each in ("limit", "offset", "having"))
    ):
        raise RefusedError(
            "LIMIT, HAVING or OVER in a query that looks at the one around it",
            "take max_by(x, time), or join a row_number()",
        )
    if scope.looks_out and parent is not None and not node.find_ancestor(exp.Exists) and not _is_total(node):
        raise RefusedError("a query of rows that looks at the one around it", "aggregate in it, join, or take EXISTS")
    return Query(" ".join(parts), tuple((name, value.type) for name, value in chosen), _inexact(chosen))


def _inexact(chosen: "Sequence[tuple[str | None, Typed]]") -> Mapping[int, str]:
    return {place: value.inexact for place, (_, value) in enumerate(chosen) if value.inexact}


def _check_digits(at: Translator, chosen: "Sequence[tuple[str | None, Typed]]") -> None:
    """Where rows are compared."""
    for function in _inexact(chosen).values():
        at.check_digits(function)


def _said(value: Typed, kind: Type | None = None) -> str:
    """A value as a column; NULL alone is of a type in DuckDB too."""
    kind = kind or value.type
    return f"CAST(NULL AS {kind.duckdb})" if value.type.name == "unknown" else coerced(value.sql, value.type, kind)


def _is_total(node: exp.Select) -> bool:
    """Whether it makes one row, whatever it reads."""
    known = functions.aggregates()
    return node.args.get("group") is None and any(
        str(each.this).lower() in known for each in node.find_all(exp.Anonymous)
    )


def _no_aggregate(node: exp.Expr, where: str) -> None:
    for each in node.find_all(exp.Anonymous):
        if str(each.this).lower() in functions.aggregates() and each.find_ancestor(exp.Select) is node.find_ancestor(
            exp.Select
        ):
            raise TerminalError(f"The SQL is wrong: {where} cannot contain aggregations.")


def _chosen(nodes: Sequence[exp.Expr], at: Translator) -> "list[tuple[str | None, Typed]]":
    found: list[tuple[str | None, Typed]] = []
    for node in nodes:
        star = node if isinstance(node, exp.Star) else node.this if isinstance(node, exp.Column) else None
        if isinstance(star, exp.Star):
            only(star)
            found += _all_of(node, at.scope)
            continue
        name: str | None = None
        if isinstance(node, exp.Alias):
            only(node, "this", "alias")
            name = node.alias
        value = bare = node.this if isinstance(node, exp.Alias) else node
        while isinstance(bare, exp.Paren):
            bare = bare.this
        if name is None and isinstance(bare, exp.Column | exp.Dot):
            name = _name_of(bare)
        seen: list[str] = []
        made = at.noting(seen).value(value)
        found.append((name.lower() if name is not None else None, replace(made, inexact=next(iter(seen), None))))
    return found


def _name_of(node: exp.Expr) -> str | None:
    """Of a column its own, of a row's field the field's; of a field of what is made here, none."""
    inner = node
    while isinstance(inner, exp.Dot):
        inner = inner.this
    if not isinstance(inner, exp.Column):
        return None
    return node.name if isinstance(node, exp.Column) else node.expression.name


def _all_of(node: exp.Expr, scope: Scope) -> "list[tuple[str | None, Typed]]":
    table = node.args.get("table") if isinstance(node, exp.Column) else None
    wanted = [each for each in scope.relations if table is None or each.name == table.name.lower()]
    if not wanted:
        raise TerminalError("The SQL is wrong: there is nothing that * could mean.")
    return [column for relation in wanted for column in relation.shown()]


def _group(node: exp.Expr, at: Translator, chosen: "Sequence[tuple[str | None, Typed]]") -> str:
    only(node, "expressions")

    def one(each: exp.Expr, *, in_set: bool = False) -> str:
        is_column = isinstance(each, exp.Column) and (not each.table or at.scope.is_table(each.table))
        if in_set and not is_column and not isinstance(each, exp.Tuple | exp.Paren):
            raise TerminalError("The SQL is wrong: GROUPING SETS, CUBE and ROLLUP take columns: name them before.")
        _no_minus(each)
        if isinstance(each, exp.Literal) and not each.is_string:
            value = _place(each, chosen)
            _check_digits(at, [(None, value)])
            return value.sql
        if isinstance(each, exp.GroupingSets | exp.Cube | exp.Rollup):
            word = {exp.GroupingSets: "GROUPING SETS", exp.Cube: "CUBE", exp.Rollup: "ROLLUP"}[type(each)]
            return f"{word} ({', '.join(one(part, in_set=True) for part in each.expressions)})"
        if isinstance(each, exp.Tuple):
            return f"({', '.join(one(part, in_set=in_set) for part in each.expressions)})"
        if isinstance(each, exp.Paren):
            return f"({one(each.this, in_set=in_set)})"
        _no_aggregate(each, "GROUP BY")
        return at.value(each).sql

    return ", ".join(one(each) for each in node.expressions)


def _no_minus(node: exp.Expr) -> None:
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and node.this.name.isdigit():
        raise TerminalError(f"The SQL is wrong: there is no column -{node.this.name} to group or order by.")


def _place(node: exp.Expr, chosen: "Sequence[tuple[str | None, Typed]]") -> Typed:
    if not node.name.isdigit() or not 0 < int(node.name) <= len(chosen):
        raise TerminalError(f"The SQL is wrong: there is no column {node.name} to group or order by.")
    return chosen[int(node.name) - 1][1]


def _order(node: exp.Expr, at: Translator, chosen: "Sequence[tuple[str | None, Typed]]", only_chosen: bool) -> str:
    only(node, "expressions")
    made = []
    for each in node.expressions:
        made.append(f"{_key(each.this, at, chosen, only_chosen)}{windows.direction(each)}")
    return f"ORDER BY {', '.join(made)}"


def _key(node: exp.Expr, at: Translator, chosen: "Sequence[tuple[str | None, Typed]]", only_chosen: bool) -> str:
    """A place, a name of the answer's, or else an expression, in which those names come first too."""
    _no_minus(node)
    if isinstance(node, exp.Literal) and not node.is_string:
        windows.sortable(_place(node, chosen))
        return node.name
    named: dict[str, Typed] = {}
    for name, value in chosen:
        if name is not None:
            if _aggregates_over(node, name):
                raise TerminalError(
                    f"The SQL is wrong: in an aggregate behind ORDER BY, {name} needs its table's name."
                )
            if (
                name in named
                and named[name].sql != value.sql
                and isinstance(node, exp.Column)
                and node.name.lower() == name
            ):
                raise TerminalError(f"The SQL is wrong: column {name} is ambiguous.")
            named[name] = value
    value = at.within(named).value(node)
    windows.sortable(value)
    for place, (_, each) in enumerate(chosen, 1):
        if each.sql == value.sql:
            return str(place)
    if only_chosen:
        raise TerminalError("The SQL is wrong: with DISTINCT, ORDER BY takes what is selected.")
    if value.text is not None:
        raise RefusedError("ORDER BY of a constant", "leave it out")
    return value.sql


def _aggregates_over(node: exp.Expr, name: str) -> bool:
    """Whether an aggregate takes what is selected under that name: Athena finds neither that nor a column there."""
    known = functions.aggregates()
    return any(
        column.name.lower() == name and not column.table
        for call in node.find_all(exp.Anonymous)
        if str(call.this).lower() in known and not call.find_ancestor(exp.Window)
        for column in call.find_all(exp.Column)
    )


def _limits(node: exp.Expr) -> list[str]:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    made = []
    if isinstance(limit, exp.Fetch):
        only(limit, "direction", "count", "limit_options")
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
            raise RefusedError("FETCH … WITH TIES", "take rank()")
        made.append(f"LIMIT {_count(limit.args.get('count'), 1)}")
    elif limit is not None:
        only(limit, "expression")
        if not (isinstance(limit.expression, exp.Column) and limit.expression.name.lower() == "all"):
            made.append(f"LIMIT {_count(limit.expression)}")
    if offset is not None:
        only(offset, "expression")
        made.append(f"OFFSET {_count(offset.expression)}")
    return made


def _count(node: exp.Expr | None, bare: int | None = None) -> str:
    if node is None and bare is not None:
        return str(bare)
    if not isinstance(node, exp.Literal) or not node.name.isdigit():
        raise RefusedError("LIMIT or OFFSET of what is no constant", "write a number")
    return node.name


def _set(node: exp.SetOperation, withs: Withs, parent: Scope | None) -> Query:
    only(node, "this", "expression", "distinct", "order", "limit", "offset", "with_")
    left, right = query(node.this, withs, parent), query(node.expression, withs, parent)
    if len(left.columns) != len(right.columns):
        raise TerminalError(
            f"The SQL is wrong: {_SETS[type(node)]} of {len(left.columns)} and {len(right.columns)} columns."
        )
    columns: list[tuple[str | None, Type]] = []
    for (name, a), (_, b) in zip(left.columns, right.columns, strict=True):
        kind = types.common(a, b)
        if kind is None:
            raise TerminalError(f"The SQL is wrong: {_SETS[type(node)]} of {a} and {b} in one column.")
        columns.append((name, kind))
    word = f"{_SETS[type(node)]}{'' if node.args.get('distinct') else ' ALL'}"
    sides = [_side(side, columns) for side in (left, right)]
    inexact = {**left.inexact, **right.inexact}
    for function in inexact.values() if word != "UNION ALL" else ():
        withs.expressions(Scope([], parent), withs).check_digits(function)
    found = Query(f'SELECT * FROM (({sides[0]}) {word} ({sides[1]})) AS "q"', tuple(columns), inexact)
    return _ended(node, found, withs, parent)


def _side(side: Query, columns: Sequence[tuple[str | None, Type]]) -> str:
    made = ", ".join(
        f'{coerced(f"c{place}", old, new)} AS "c{place}"'
        for place, ((_, old), (_, new)) in enumerate(zip(side.columns, columns, strict=True), 1)
    )
    return f'SELECT {made} FROM ({side.sql}) AS "q"'


def _ended(node: exp.Expr, found: Query, withs: Withs, parent: Scope | None) -> Query:
    """ORDER BY and LIMIT behind a set or a query in parentheses: they see its columns."""
    chosen = [
        (name, Typed(f'"q"."c{place}"', kind, inexact=found.inexact.get(place - 1)))
        for place, (name, kind) in enumerate(found.columns, 1)
    ]
    at = withs.expressions(Scope([Relation(None, chosen)], parent), withs)
    order = [_order(node.args["order"], at, chosen, False)] if node.args.get("order") is not None else []
    return replace(found, sql=" ".join([found.sql, *order, *_limits(node)]))


def values(node: exp.Values, withs: Withs, parent: Scope | None) -> Query:
    """VALUES, each column of the type that all of its values meet in."""
    at = withs.expressions(Scope([], parent), withs)
    rows = [
        [at.value(each) for each in (row.expressions if isinstance(row, exp.Tuple) else [row])]
        for row in node.expressions
    ]
    if any(len(row) == 1 and row[0].type.name == "row" for row in rows):
        raise RefusedError("ROW in VALUES", "write its fields in parentheses")
    if len({len(row) for row in rows}) != 1:
        raise TerminalError("The SQL is wrong: VALUES of rows that differ in length.")
    kinds = [relations.common_of(list(column), "VALUES") for column in zip(*rows, strict=True)]
    made = ", ".join(f"({', '.join(_said(each, kind) for each, kind in zip(row, kinds, strict=True))})" for row in rows)
    names = ", ".join(f'"c{place}"' for place in range(1, len(kinds) + 1))
    return Query(f'SELECT * FROM (VALUES {made}) AS "v"({names})', tuple((None, kind) for kind in kinds))
