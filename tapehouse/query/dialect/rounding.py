"""Decimals made coarser: round, truncate, floor and ceil keep Athena's precision and scale."""

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import functions, signatures, types
from tapehouse.query.dialect.casts import coerced
from tapehouse.query.dialect.formats import Special
from tapehouse.query.dialect.names import Translator, Typed

EXACT_PLACES: Final = 12
"""To so many places, what differs in the last digit of a double is alike."""


def _special(name: str) -> Special:
    def make(at: Translator, nodes: Sequence[exp.Expr]) -> Typed:
        if not 1 <= len(nodes) <= 2:
            raise TerminalError(f"The SQL is wrong: {name} takes one or two arguments.")
        if name != "round":
            at = at.exact()
        elif len(nodes) == 2 and _is_few(nodes[1]):
            at = at.rounded()
        value, *places = [at.value(each) for each in nodes]
        if value.type.name == "unknown" and (places or name == "truncate"):
            raise RefusedError(f"{name} of NULL", "give it a type by CAST")
        if value.type.name in types.WHOLE and name == "truncate":  # Athena has it of decimals and doubles alone
            kind = types.as_decimal(value.type)
            value = Typed(coerced(value.sql, value.type, kind), kind)
        if value.type.name == "decimal":
            return _decimal(name, value, _places(at, name, nodes[1]) if places else None)
        if value.type.name in types.WHOLE and places and name == "round":
            if _places(at, name, nodes[1]) < 0:
                raise RefusedError("round of a whole number to tens", "divide, and multiply")
            return value
        return _of_signature(name, [value, *places])

    return make


def _is_few(places: exp.Expr) -> bool:
    return isinstance(places, exp.Literal) and places.name.isdigit() and int(places.name) <= EXACT_PLACES


def _of_signature(name: str, values: Sequence[Typed]) -> Typed:
    signature, bound = signatures.choose(name, [each.type for each in values], functions.scalars()[name])
    wanted = [signatures.filled(pattern, bound) for pattern in signature.wanted(len(values)) or ()]
    made = [f"CAST({each.sql} AS {kind.duckdb})" for each, kind in zip(values, wanted, strict=True)]
    return Typed(signatures.fill(signature.template, made, bound), signatures.filled(signature.returns, bound))


def _places(at: Translator, name: str, node: exp.Expr) -> int:
    minus = isinstance(node, exp.Neg)
    found = at.value(node.this if minus else node).text
    if found is None or not found.isdigit():
        raise RefusedError(f"{name} to a number of places that is no constant", "write it as a number")
    return -int(found) if minus else int(found)


def _decimal(name: str, value: Typed, places: int | None) -> Typed:
    precision, scale = value.type.decimal
    if places is None:
        digits = precision - scale + (0 if name == "truncate" else min(scale, 1))
        kind = types.decimal(max(1, digits), 0)
        call = {"round": value.sql, "truncate": f"trunc({value.sql})"}.get(
            name, f"{'floor' if name == 'floor' else 'ceil'}({value.sql})"
        )
        return Typed(f"CAST({call} AS {kind.duckdb})", kind)
    if name not in ("round", "truncate") or places < 0:
        raise RefusedError(f"{name} of {value.type} to {places} places", "name a number of places from 0 on")
    kind = types.decimal(min(38, precision + 1), scale) if name == "round" else value.type
    if places >= scale:
        return Typed(f"CAST({value.sql} AS {kind.duckdb})", kind)
    if name == "round":
        return Typed(f"CAST(CAST({value.sql} AS DECIMAL({min(38, precision + 1)},{places})) AS {kind.duckdb})", kind)
    step = f"CAST('{'0.' + '0' * (places - 1) + '1' if places else '1'}' AS DECIMAL({places + 1},{places}))"
    return Typed(f"CAST({value.sql} - {value.sql} % {step} AS {kind.duckdb})", kind)


SPECIAL: Final[dict[str, Special]] = {
    name: _special(name) for name in ("round", "truncate", "floor", "ceil", "ceiling")
}
