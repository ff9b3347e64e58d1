"""What stands behind FROM: tables, queries, UNNEST, and how they are joined."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import operators, queries, types
from tapehouse.query.dialect.casts import coerced
from tapehouse.query.dialect.names import Relation, Translator, Typed, column
from tapehouse.query.dialect.predicates import common_of, condition
from tapehouse.query.dialect.reading import name_of, only
from tapehouse.query.dialect.types import BIGINT, ZONED, Type

if TYPE_CHECKING:
    from tapehouse.query.dialect.queries import Columns, Withs

__all__ = ["common_of", "renamed", "source"]


def renamed(columns: "Columns", names: Sequence[str]) -> "Columns":
    """The columns by the names of an alias. Raises TerminalError where those are not as many."""
    if not names:
        return columns
    if len(names) != len(columns):
        raise TerminalError(f"The SQL is wrong: {len(names)} names for {len(columns)} columns.")
    return tuple((name.lower(), kind) for name, (_, kind) in zip(names, columns, strict=True))


def source(node: exp.Select, at: Translator, withs: "Withs") -> str:
    """FROM and its joins; the scope knows their columns from then on."""
    if node.args.get("laterals"):
        raise RefusedError("LATERAL VIEW", "CROSS JOIN UNNEST")
    first = node.args.get("from_")
    if first is None:
        return ""
    sql, relation = _relation(first.this, at, withs)
    at.scope.relations.append(relation)
    for join in [*(first.this.args.get("joins") or ()), *(node.args.get("joins") or ())]:
        sql = f"{sql} {_join(join, at, withs)}"
    return sql


def _join(join: exp.Join, at: Translator, withs: "Withs") -> str:
    only(join, "this", "on", "using", "kind", "side", "method")
    if join.args.get("method"):
        raise RefusedError(f"{join.args['method']} JOIN", "say ON which columns")
    kind, side = str(join.args.get("kind") or "").upper(), str(join.args.get("side") or "").upper()
    if kind not in ("", "INNER", "CROSS", "OUTER") or side not in ("", "LEFT", "RIGHT", "FULL"):
        raise RefusedError(f"{side} {kind} JOIN".strip(), "take LEFT JOIN or EXISTS")
    sql, relation = _relation(join.this, at, withs)
    unnests = isinstance(join.this, exp.Unnest)
    on, using = join.args.get("on"), join.args.get("using")
    if unnests and (side not in ("", "LEFT") or (on is not None and not (isinstance(on, exp.Boolean) and on.this))):
        raise RefusedError("UNNEST joined by a condition", "CROSS JOIN it, and filter by WHERE")
    before = list(at.scope.relations)
    at.scope.relations.append(relation)
    word = f"{side or 'INNER'} JOIN{' LATERAL' if unnests else ''}"
    if using:
        condition_of, merged = _using(using, at, before, relation, side)
        at.scope.relations.insert(0, merged)
        return f"{word} {sql} ON {condition_of}"
    if on is None:
        if side:
            raise TerminalError(f"The SQL is wrong: {side} JOIN takes ON.")
        return f"CROSS JOIN{' LATERAL' if unnests else ''} {sql}"
    return f"{word} {sql} ON {condition(at, on)}"


def _using(
    names: Sequence[exp.Expr], at: Translator, before: Sequence[Relation], right: Relation, side: str
) -> tuple[str, Relation]:
    """USING: what is compared, and the columns that both sides have from then on, once and of no table."""
    conditions, merged = [], Relation(None, [])
    if len(before) > 1:
        raise RefusedError(f"{side} JOIN … USING of more than two tables".strip(), "join by ON")
    for each in names:
        name = each.name.lower()
        places = [
            [place for place, (known, _) in enumerate(one.columns) if known == name] for one in (before[0], right)
        ]
        if [len(found) for found in places] != [1, 1]:
            raise TerminalError(f"The SQL is wrong: USING takes a column {name} of both sides.")
        pair = [one.columns[found[0]][1] for one, found in zip((before[0], right), places, strict=True)]
        for value in pair:
            if value.inexact:
                at.exact().check_digits(value.inexact)
        conditions.append(operators.compare("=", *pair).sql)
        merged.columns.append((name, _merged(pair, side)))
        before[0].hidden.add(places[0][0])
        right.hidden.add(places[1][0])
    return " AND ".join(conditions), merged


def _merged(pair: Sequence[Typed], side: str) -> Typed:
    """What both sides of USING have, of the side that has it."""
    kind = common_of(pair, "USING")
    left, right = (coerced(value.sql, value.type, kind) for value in pair)
    if side in ("", "LEFT") and pair[0].type == kind:
        return pair[0]
    return Typed({"RIGHT": right, "FULL": f"coalesce({left}, {right})"}.get(side, left), kind)


def _relation(node: exp.Expr, at: Translator, withs: "Withs") -> tuple[str, Relation]:
    if isinstance(node, exp.Table):
        return _table(node, withs)
    if isinstance(node, exp.Unnest):
        return _unnest(node, at, withs)
    if isinstance(node, exp.Subquery | exp.Values):
        only(node, "this", "alias", "expressions")
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            raise RefusedError("a table in parentheses", "write it without")
        inner = (
            queries.values(node, withs, at.scope.parent)
            if isinstance(node, exp.Values)
            else queries.query(node.this, withs, at.scope.parent)
        )
        alias = node.args.get("alias")
        name = alias.name.lower() if alias is not None and alias.name else None
        columns = renamed(
            inner.columns, [each.name for each in alias.args.get("columns") or ()] if alias is not None else []
        )
        inside = withs.fresh("t")
        return f"({inner.sql}) AS {types.quoted(inside)}", Relation(name, _numbered(inside, columns, inner.inexact))
    way = "name a table, or a query in parentheses"
    if isinstance(node, exp.Lateral):
        way = "join a query with row_number() OVER (PARTITION BY …), and keep the first"
    raise RefusedError(f"{type(node).__name__.upper()} behind FROM", way)


def _numbered(
    alias: str, columns: "Columns", inexact: Mapping[int, str] = MappingProxyType({})
) -> list[tuple[str | None, Typed]]:
    return [
        (name, replace(column(alias, f"c{place}", kind), inexact=inexact.get(place - 1)))
        for place, (name, kind) in enumerate(columns, 1)
    ]


def _table(node: exp.Table, withs: "Withs") -> tuple[str, Relation]:
    only(node, "this", "db", "catalog", "alias", "joins")
    alias, inside = node.args.get("alias"), withs.fresh("t")
    names = [each.name for each in alias.args.get("columns") or ()] if alias is not None else []
    shown = (node.alias or node.name).lower()
    layer = None if node.alias else (node.db or "").lower() or None
    if not node.db and node.name.lower() in withs.named:
        name, inner = withs.named[node.name.lower()]
        return f"{types.quoted(name)} AS {types.quoted(inside)}", Relation(
            shown, _numbered(inside, renamed(inner.columns, names), inner.inexact)
        )
    full = name_of(node)
    there = withs.columns_of(full)
    columns = renamed(tuple((name.lower(), kind) for name, kind in there.items()), names)
    made: list[tuple[str | None, Typed]] = [
        (name, _stored(column(inside, spelled, kind))) for (name, kind), spelled in zip(columns, there, strict=True)
    ]
    sql = f"{'.'.join(types.quoted(part) for part in full.split('.'))} AS {types.quoted(inside)}"
    return sql, Relation(shown, made, layer)


def _stored(value: Typed) -> Typed:
    """A Delta TIMESTAMP is seen in milliseconds, cut off; what is stored has microseconds."""
    if value.type.name != ZONED:
        return value
    return Typed(f"athena_ms({value.sql})", value.type, stored=value.sql)


def _unnest(node: exp.Unnest, at: Translator, withs: "Withs") -> tuple[str, Relation]:
    only(node, "expressions", "alias", "offset")
    lists: list[tuple[str, Type]] = []
    for each in node.expressions:
        value = at.value(each)
        if value.type.name == "map":
            types.refuse_unordered(value.type, "UNNEST")
            lists += [(f"map_keys({value.sql})", value.type.of), (f"map_values({value.sql})", value.type.value)]
        elif value.type.name == "array" and value.type.of.name != "row":
            lists.append((value.sql, value.type.of))
        elif value.type.name == "array":
            lists += [(f"list_transform({value.sql}, lambda part: struct_extract(part, '{name}'))", kind)
                      for name, kind in zip(types.field_names(value.type.of), value.type.of.args, strict=True)
                      if isinstance(kind, Type)]  # fmt: skip
        else:
            raise TerminalError(f"The SQL is wrong: {value.type} cannot be unnested.")
    alias, offset = node.args.get("alias"), node.args.get("offset")
    names = [each.name for each in alias.args.get("columns") or ()] if alias is not None else []
    if isinstance(offset, exp.Identifier):
        names.append(offset.name)
    columns: Columns = tuple((None, kind) for _, kind in lists)
    made = [f'unnest({sql}) AS "c{place}"' for place, (sql, _) in enumerate(lists, 1)]
    if offset:
        longest = f"greatest({', '.join(f'coalesce(len({sql}), 0)' for sql, _ in lists)}, 0)"
        made.append(f'unnest(range(CAST(1 AS BIGINT), CAST({longest} AS BIGINT) + 1)) AS "c{len(made) + 1}"')
        columns = (*columns, (None, BIGINT))
    inside = withs.fresh("t")
    name = alias.name.lower() if alias is not None and alias.name else None
    return f"(SELECT {', '.join(made)}) AS {types.quoted(inside)}", Relation(
        name, _numbered(inside, renamed(columns, names))
    )
