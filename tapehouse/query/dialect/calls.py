"""Functions called: which signature fits, what goes into it, and DISTINCT, ORDER BY, FILTER and OVER around it."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import (
    aggregation,
    foreign,
    formats,
    functions,
    nesting,
    operators,
    patterns,
    rounding,
    signatures,
    types,
    windows,
)
from tapehouse.query.dialect.casts import coerced, text
from tapehouse.query.dialect.formats import Special
from tapehouse.query.dialect.names import Translator, Typed
from tapehouse.query.dialect.predicates import common_of
from tapehouse.query.dialect.reading import only
from tapehouse.query.dialect.signatures import Signature, filled
from tapehouse.query.dialect.types import ZONED, Type

PAIRED: Final = frozenset(("map_filter", "transform_values", "zip_with"))
"""A lambda of theirs takes two, which in DuckDB are one row of ``key`` and ``value``."""
SOUND: Final = frozenset(
    ("contains", "array_position", "array_remove", "arrays_overlap", "array_union", "array_intersect", "array_except",
     "array_distinct", "array_sort", "array_max", "array_min", "greatest", "least", "array_join", "map", "element_at")
)  # fmt: skip
"""They compare what they hold, or write it: rows, and doubles (NaN, and digits), are taken otherwise in DuckDB."""


def call(at: Translator, node: exp.Expr) -> Typed:
    """A function, bare or inside FILTER, IGNORE NULLS and OVER."""
    over, inner = aggregation.around(at, node)
    if not isinstance(inner, exp.Anonymous):
        if isinstance(inner, exp.GroupConcat):
            raise RefusedError("listagg with FILTER or OVER", "group in a query of its own")
        raise RefusedError(f"FILTER or OVER behind {inner.sql(dialect='trino')}", "take an aggregate function")
    name = str(inner.this).lower()
    nodes = list(inner.expressions)
    if name in functions.windows() or name in functions.aggregates():
        return aggregation.aggregate(at, name, nodes, over)
    if over.said:
        raise RefusedError(f"{over.said} behind {name}", "take an aggregate function")
    special = SPECIAL.get(name)
    if special is not None:
        return special(at, nodes)
    known = functions.scalars().get(name)
    if known is None:
        raise _unknown(name)
    return applied(at, name, nodes, known)


def _unknown(name: str) -> TerminalError:
    """A function that is not answered: one of another engine's, one whose name is near to another's, or any."""
    if name in foreign.FUNCTIONS:
        return TerminalError(f"The SQL is wrong: Athena has no function {name}: take {foreign.FUNCTIONS[name]}.")
    near = difflib.get_close_matches(name, [*functions.scalars(), *functions.aggregates(), *SPECIAL], 1, 0.85)
    said = f"did you mean {near[0]}?" if near else "its meaning here is not proven to be Athena's; say it otherwise"
    return RefusedError(f"the function {name}", said)


def applied(at: Translator, name: str, nodes: Sequence[exp.Expr], known: Sequence[Signature]) -> Typed:
    """The call by the signature that fits its arguments."""
    if name in functions.INEXACT and not is_square(name, nodes):
        at.check_digits(name)
    values = [None if isinstance(each, exp.Lambda) else at.value(each) for each in nodes]
    kinds = [None if value is None else value.type for value in values]
    signature, bound = signatures.choose(name, kinds, known)
    if name in ("array_sort", "array_max", "array_min") and kinds == [types.array(types.DOUBLE)]:
        values = [Typed(f"athena_sound_list({value.sql})", value.type) for value in values if value is not None]
    else:
        _refuse_unsound(name, kinds)
    made: list[str] = []
    for pattern, value, node in zip(signature.wanted(len(nodes)) or (), values, nodes, strict=True):
        if value is None:
            made.append(_lambda(at, name, node, pattern, bound))
        else:
            made.append(coerced(value.sql, value.type, filled(pattern, bound)))
    returns = filled(signature.returns, bound)
    if returns.name == "map" and any(kind is not None and kind.name == "map" and kind.names for kind in kinds):
        returns = replace(returns, names=(types.UNORDERED,))
    if signature.template in FOLDS:
        return Typed(FOLDS[signature.template].format(*made), returns)
    if is_square(name, nodes):
        return Typed(nesting.once(made[:1], lambda x: f"({x} * {x})"), types.DOUBLE)
    template = _in_their_zone(name, signature.template, values)
    return Typed(signatures.fill(template, made, bound), returns)


def _refuse_unsound(name: str, kinds: Sequence[Type | None]) -> None:
    """Raises RefusedError for what would be compared, or seen in an order, otherwise than in Athena."""
    first = kinds[0] if kinds else None
    if name in ("map_keys", "map_values", "map_entries") and first is not None:
        types.refuse_unordered(first, name)
    if name not in SOUND:
        return
    compared = kinds
    if name == "map":  # it compares its keys alone
        compared = kinds[:1]
    elif name == "element_at" and first is not None:  # of an array, nothing
        compared = [first.of, *kinds[1:]] if first.name == "map" else []
    for kind in compared:
        if kind is not None and _is_unsound(kind):
            raise RefusedError(f"{name} of {kind}", "cast to decimal")


def _is_unsound(kind: Type) -> bool:
    if kind.name in ("array", "map"):
        return any(
            isinstance(part, Type) and (_is_unsound(part) or part.name in ("row", "array")) for part in kind.args
        )
    return kind.name in ("double", "row", "json")


def _lambda(
    at: Translator, name: str, node: exp.Expr, pattern: "tuple[str, tuple[object, ...]]", bound: signatures.Bound
) -> str:
    """A lambda, its arguments typed by what is known; a letter that is only its result's is known from then on."""
    *wanted, result = pattern[1]
    names = [each.name.lower() for each in node.expressions]
    if len(names) != len(wanted):
        raise TerminalError(f"The SQL is wrong: a lambda of {len(wanted)} arguments is wanted.")
    _refuse_hiding(at, node, names)
    said = [types.quoted(f"p_{name}") for name in names]
    places = said
    if name in PAIRED:
        said = said[:1]
        places = [f"struct_extract({said[0]}, '{part}')" for part in ("key", "value")]
    arguments = {
        each: Typed(place, filled(kind, bound))  # type: ignore[arg-type]
        for each, place, kind in zip(names, places, wanted, strict=True)
    }
    body = at.within(arguments).value(node.this)
    letter = result[0]  # type: ignore[index]
    if len(letter) == 1 and letter not in bound:
        bound[letter] = body.type
    expected = filled(result, bound)  # type: ignore[arg-type]
    if types.common(body.type, expected) != expected:
        raise RefusedError(
            f"a lambda that makes {body.type} where {expected} is wanted", "cast what it makes, or begins with"
        )
    return f"lambda {', '.join(said)}: {coerced(body.sql, body.type, expected)}"


def _refuse_hiding(at: Translator, node: exp.Expr, names: Sequence[str]) -> None:
    """Of ``x -> x + 1`` Athena takes the column x, where the query groups by ``x + 1`` or has a window of it."""
    around = node.find_ancestor(exp.Select)
    if around is None or not (around.args.get("group") or around.find(exp.Window)):
        return
    columns = {name for relation in at.scope.relations for name, _ in relation.shown()}
    for name in names:
        if name in columns:
            raise RefusedError(f"a lambda's {name} beside a column {name}, with GROUP BY or OVER", "name it otherwise")


def _in_their_zone(name: str, template: str, values: Sequence[Typed | None]) -> str:
    """Of an instant that is shown in another zone, the parts are that zone's."""
    for place, value in enumerate(values):
        if value is None or value.type.name != ZONED or not value.type.names:
            continue
        mark = f"athena_utc({{{place}}})"
        if name != "to_unixtime" and mark not in template:
            types.refuse_zone(value.type)
        template = template.replace(mark, formats.local(value))
    return template


def in_zone(value: Typed, zone: str | None) -> Typed:
    """An instant as it is shown somewhere."""
    if zone is None or value.type.name not in (ZONED, "timestamp"):
        raise RefusedError("a time zone that is no constant", "name it as 'Europe/Berlin'")
    instant = types.timestamp(value.type.digits, zoned=True)
    sql = value.sql if value.type.name == ZONED else coerced(value.sql, value.type, instant)
    return Typed(sql, instant if zone == "UTC" else Type(ZONED, (value.type.digits,), (types.zone(zone),)))


def tried(sql: str) -> str:
    """NULL where Athena would fail. Raises RefusedError around what may be refused while it runs: that is none."""
    if re.search(r"coalesce\(| AND | OR |lambda ", sql):  # DuckDB 1.5 gives rows of these another row's value, at times
        raise RefusedError("TRY around coalesce, AND, OR or a lambda", "put TRY inside")
    if "SELECT" in sql or re.search(rf"athena_({'|'.join(REFUSING)})\b", sql):
        raise RefusedError("TRY around this", "try what is inside")
    return f"TRY({sql})"


EXTRACTED: Final = frozenset(
    ("year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy",
     "year_of_week", "yow", "hour", "minute", "second")
)  # fmt: skip
REFUSING: Final = (
    "round", "time_text", "plain", "instant", "url", "json_scalar", "json", "json_array_length", "no_newline", "odd",
    "in_format", "lower", "upper", "iso_date", "sound", "from_utf8", "no_folding", "no_far_letters", "months",
    "json_whole", "unixtime", "utc_text", "format", "double_text", "near_digits", "split_part", "pad", "sound_list",
)  # fmt: skip
"""Macros that may say no while they run (see ``macros``)."""


def row(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    """ROW(…), and (a, b)."""
    values = [at.value(each) for each in nodes]
    kind = types.row([value.type for value in values], [None] * len(values))
    fields = ", ".join(f"field{place} := {value.sql}" for place, value in enumerate(values))
    return Typed(f"struct_pack({fields})", kind)


def _coalesce(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    values, kind = _together(at, nodes, "coalesce")
    return Typed(f"coalesce({', '.join(values)})", kind)


def _together(at: Translator, nodes: Sequence[exp.Expr], word: str) -> tuple[list[str], Type]:
    values = [at.value(each) for each in nodes]
    if len(values) < (2 if word == "coalesce" else 1):
        raise TerminalError(f"The SQL is wrong: {word} takes more arguments.")
    kind = common_of(values, word)
    return [coerced(each.sql, each.type, kind) for each in values], kind


def _extreme(word: str) -> Special:
    def make(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
        values, kind = _together(at.exact(), nodes, word)
        values = [aggregation.sound(value, kind, word) for value in values]
        if kind.name == "row":
            raise RefusedError(f"{word} of {kind}", "compare its fields")
        missing = " OR ".join(f"{value} IS NULL" for value in values)
        return Typed(f"CASE WHEN {missing} THEN NULL ELSE {word}({', '.join(values)}) END", kind)

    return make


def _nullif(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    first, second = _exactly(at.exact(), "nullif", nodes, 2)
    return Typed(f"CASE WHEN {operators.compare('=', first, second).sql} THEN NULL ELSE {first.sql} END", first.type)


def _exactly(at: Translator, name: str, nodes: Sequence[exp.Expr], count: int) -> list[Typed]:
    if len(nodes) != count:
        raise TerminalError(f"The SQL is wrong: {name} takes {count} argument(s).")
    return [at.value(each) for each in nodes]


def _concat(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    first, *others = [at.value(each) for each in nodes]
    for other in others:
        first = operators.join_text(first, other)
    return first


def _replace(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    values = [at.value(each) for each in nodes]
    if len(values) not in (2, 3) or any(each.type.name not in ("varchar", "unknown") for each in values):
        raise TerminalError("The SQL is wrong: replace takes two or three texts.")
    if values[1].text is None or values[1].text == "":
        raise RefusedError("replace of what is no constant", "write what is to be replaced as a text")
    with_ = values[2] if len(values) == 3 else Typed("''", Type("varchar", (0,)))
    length = _replaced_length(values[0].type, with_.type) if len(values) == 3 else values[0].type
    return Typed(f"replace({values[0].sql}, {values[1].sql}, {with_.sql})", length)


def _replaced_length(value: Type, with_: Type) -> Type:
    """Athena reckons with a replacement at every place between two characters."""
    if not value.args or not with_.args:
        return types.VARCHAR
    n, more = value.args[0], with_.args[0]
    assert isinstance(n, int) and isinstance(more, int)  # noqa: S101 - for the type checker
    return Type("varchar", (min(2**31 - 1, n + more * (n + 1)),))


def _try(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    (value,) = _exactly(at, "try", nodes, 1)
    return Typed(tried(value.sql), value.type)


def _typeof(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    (value,) = _exactly(at, "typeof", nodes, 1)
    said = re.sub(r"(decimal\(\d+), ", r"\1,", str(value.type))
    return Typed(text(said), types.VARCHAR)


def _mod(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    return operators.modulo(*_exactly(at.exact(), "mod", nodes, 2))


def is_square(name: str, nodes: Sequence[exp.Expr]) -> bool:
    """Of power(x, 2) both engines make x * x, to the last digit."""
    return name in ("power", "pow") and len(nodes) == 2 and isinstance(nodes[1], exp.Literal) and nodes[1].name == "2"


def _grouping(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    return Typed(f"CAST(GROUPING({', '.join(at.value(each).sql for each in nodes)}) AS INTEGER)", types.INTEGER)


def _url_encode(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    """A character is four bytes at most, each of three signs."""
    (value,) = _exactly(at, "url_encode", nodes, 1)
    if value.type.name != "varchar":
        raise TerminalError(f"The SQL is wrong: url_encode takes text, not {value.type}.")
    length = value.type.args[0] if value.type.args else None
    kind = Type("varchar", (length * 12,)) if isinstance(length, int) else types.VARCHAR
    made = f"url_encode({value.sql})"
    for sign, spelled in (("%20", "+"), ("%2A", "*"), ("~", "%7E")):
        made = f"replace({made}, '{sign}', '{spelled}')"
    return Typed(made, kind)


def _at_timezone(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
    value, zone = _exactly(at, "at_timezone", nodes, 2)
    if value.type.name != ZONED:
        raise RefusedError(f"at_timezone of {value.type}", "cast it to timestamp with time zone")
    return in_zone(value, zone.text)


def extract(at: Translator, node: exp.Expr) -> Typed:
    """EXTRACT(unit FROM moment): the function of the unit's name."""
    only(node, "this", "expression")
    name = node.name.lower()
    if name not in EXTRACTED:
        raise RefusedError(f"extract({node.name})", "take the function of the part")
    return applied(at, name, [node.expression], functions.scalars()[name])


def trim(at: Translator, node: exp.Expr) -> Typed:
    """trim(x), and TRIM(LEADING FROM x)."""
    only(node, "this", "position")
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or ""), "trim")
    return applied(at, name, [node.this], functions.scalars()[name])


def position(at: Translator, node: exp.Expr) -> Typed:
    only(node, "this", "substr")
    return applied(at, "position", [node.this, node.args["substr"]], functions.scalars()["position"])


def substring(at: Translator, node: exp.Expr) -> Typed:
    only(node, "this", "start", "length")
    nodes = [node.this, *(node.args[name] for name in ("start", "length") if node.args.get(name) is not None)]
    return applied(at, "substring", nodes, functions.scalars()["substring"])


def listed(at: Translator, node: exp.Expr) -> Typed:
    """listagg(x, ',') WITHIN GROUP (ORDER BY y)."""
    only(node, "this", "separator")
    if not isinstance(node.this, exp.Order):
        raise RefusedError("listagg without WITHIN GROUP", "say in which order")
    value = at.value(node.this.this)
    separator = at.value(node.args["separator"]) if node.args.get("separator") else Typed("''", types.VARCHAR)
    if value.type.name != "varchar" or (separator.text is None and separator.sql != "''"):
        raise RefusedError(f"listagg({value.type})", "cast to varchar, with a constant between")
    order = windows.order_by(at, node.this.expressions)
    return Typed(f"string_agg({value.sql}, {separator.sql} {order})", types.VARCHAR)


FOLDS: Final = {
    "athena_reduce": "list_transform([list_reduce({0}, {2}, {1})], {3})[1]",
}

SPECIAL: Final[dict[str, Special]] = {
    "coalesce": _coalesce,
    "nullif": _nullif,
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "concat": _concat,
    "replace": _replace,
    "row": row,
    "try": _try,
    "typeof": _typeof,
    "mod": _mod,
    "grouping": _grouping,
    "url_encode": _url_encode,
    "at_timezone": _at_timezone,
    **formats.SPECIAL,
    **patterns.SPECIAL,
    **rounding.SPECIAL,
}
