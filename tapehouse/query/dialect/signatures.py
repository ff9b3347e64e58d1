"""Functions by their signatures, as Athena's manual writes them, and behind ``=`` DuckDB's SQL::

    strpos(varchar, varchar) -> bigint = strpos({0}, {1})

In a signature one capital letter is any type, the same wherever it stands; a small one is a number (of digits, of a
text's length) that ``{s}`` gives to the SQL too. ``...`` behind the last argument is any number of it, ``{*}`` gives
them all. ``function(T) -> U`` is a lambda. An aggregate's own call is written with brackets, ``sum[{0}]``: there go
DISTINCT, ORDER BY, FILTER and OVER.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from tapehouse.errors import RefusedError
from tapehouse.query.dialect import types
from tapehouse.query.dialect.types import Type

_WORD = re.compile(r"->|\.\.\.|[A-Za-z_]\w*|\d+|[(),]")
Pattern: TypeAlias = tuple[str, tuple["Pattern", ...]]
Bound: TypeAlias = dict[str, Type | int]


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function."""

    name: str
    arguments: tuple[Pattern, ...]
    returns: Pattern
    template: str
    is_variadic: bool

    def bind(self, kinds: Sequence[Type | None], *, coerce: bool) -> Bound | None:
        """What its letters stand for with arguments of these types, None for a lambda's; None where they do not fit."""
        wanted = self.wanted(len(kinds))
        if wanted is None:
            return None
        bound: Bound = {}
        for pattern, kind in zip(wanted, kinds, strict=True):
            if (pattern[0] == "function") != (kind is None):
                return None
            if kind is not None and not _fits(pattern, kind, bound, coerce=coerce):
                return None
        return bound

    def wanted(self, count: int) -> tuple[Pattern, ...] | None:
        """The patterns of so many arguments."""
        if not self.is_variadic:
            return self.arguments if len(self.arguments) == count else None
        more = count - len(self.arguments)
        return None if more < 0 else (*self.arguments, *[self.arguments[-1]] * more)


def filled(pattern: Pattern, bound: Mapping[str, Type | int]) -> Type:
    """The type that the pattern is with its letters known."""
    name, args = pattern
    if len(name) == 1:
        found = bound[name]
        return found if isinstance(found, Type) else types.UNKNOWN
    numbers = [_number(arg, bound) for arg in args] if _has_numbers(name) else []
    if name == "varchar":
        return Type("varchar", tuple(numbers)) if numbers and numbers != [-1] else types.VARCHAR
    if _has_numbers(name):
        return Type(name, tuple(numbers))
    if name == "row":
        return types.row([filled(arg, bound) for arg in args], [None] * len(args))
    return Type(name, tuple(filled(arg, bound) for arg in args))


def _has_numbers(name: str) -> bool:
    return name in ("varchar", "decimal", "timestamp", types.ZONED)


def _number(pattern: Pattern, bound: Mapping[str, Type | int]) -> int:
    name = pattern[0]
    found = int(name) if name.isdigit() else bound[name]
    return found if isinstance(found, int) else 0


def _fits(pattern: Pattern, kind: Type, bound: Bound, *, coerce: bool) -> bool:
    name, args = pattern
    if len(name) == 1:
        before = bound.get(name)
        together = kind if not isinstance(before, Type) else types.common(before, kind)
        if together is None or (not coerce and isinstance(before, Type) and not _alike(before, kind)):
            return False
        bound[name] = together
        return True
    if kind.name == "unknown":
        return all(arg[0] in bound or bound.setdefault(arg[0], _unsaid(name, arg[0])) is not None for arg in args)
    return _fits_name(pattern, kind, bound, coerce=coerce) if kind.name == name else coerce and _widens(kind, name)


def _fits_name(pattern: Pattern, kind: Type, bound: Bound, *, coerce: bool) -> bool:
    name, args = pattern
    if _has_numbers(name):
        for arg, number in zip(args, kind.args or (-1,), strict=False):
            if arg[0].isdigit():
                if int(arg[0]) != number:
                    return False
            else:
                before = bound.get(arg[0])
                is_wider = isinstance(before, int) and name == "timestamp" and before > int(str(number))
                bound[arg[0]] = before if is_wider and isinstance(before, int) else number
        return True
    return len(args) == len(kind.args) and all(
        _fits(arg, part, bound, coerce=coerce)
        for arg, part in zip(args, kind.args, strict=True)
        if isinstance(part, Type)
    )


def _alike(a: Type, b: Type) -> bool:
    return a == b or "unknown" in (a.name, b.name) or a.name == b.name


def _unsaid(name: str, letter: str) -> Type | int:
    if _has_numbers(name):
        return {"decimal": 1, "varchar": 0}.get(name, 3)
    return types.UNKNOWN


def _widens(kind: Type, name: str) -> bool:
    if kind.name in types.WHOLE:
        return name == "double" or (name in types.WHOLE and types.WHOLE[name] > types.WHOLE[kind.name])
    return kind.name == "decimal" and name == "double"


@cache
def parsed(line: str) -> Signature:
    """One line of a table of functions."""
    head, template = line.split(" = ", 1)
    words = _WORD.findall(head)
    name, rest = words[0], words[2:]
    arguments: list[Pattern] = []
    is_variadic = False
    while rest[0] != ")":
        pattern, rest = _pattern(rest)
        arguments.append(pattern)
        if rest[0] == "...":
            is_variadic, rest = True, rest[1:]
        rest = rest[1:] if rest[0] == "," else rest
    returns, rest = _pattern(rest[2:])
    assert not rest, line  # noqa: S101 - a table of our own
    return Signature(name, tuple(arguments), returns, template.strip(), is_variadic)


def _pattern(words: list[str]) -> tuple[Pattern, list[str]]:
    name, rest = words[0], words[1:]
    args: list[Pattern] = []
    if rest[:1] == ["("]:
        rest = rest[1:]
        while rest[0] != ")":
            arg, rest = _pattern(rest)
            args.append(arg)
            rest = rest[1:] if rest[0] == "," else rest
        rest = rest[1:]
    if name == "function":
        result, rest = _pattern(rest[1:])
        return ("function", (*args, result)), rest
    if rest[:3] == ["with", "time", "zone"]:
        name, rest = types.ZONED, rest[3:]
    if name == "interval":
        name, rest = " ".join([name, *rest[:3]]), rest[3:]
    return (name, tuple(args)), rest


NO_COERCION: Final = frozenset(
    ("corr", "covar_pop", "covar_samp", "approx_percentile", "geometric_mean", "regr_slope", "regr_intercept")
)
"""Of decimals and whole numbers Athena makes REAL here, of seven digits."""

AMBIGUOUS: Final = frozenset(("reverse", "cardinality", "element_at", "json_extract_scalar", "json_array_length"))
"""Of text or of arrays: which is meant by NULL?"""


def choose(name: str, kinds: Sequence[Type | None], known: Sequence[Signature]) -> tuple[Signature, Bound]:
    """The signature that fits as it is, else the first that fits when numbers are widened."""
    if name in AMBIGUOUS and any(kind is not None and kind.name == "unknown" for kind in kinds):
        raise RefusedError(f"{name} of NULL", "give it a type by CAST")
    for coerce in (False,) if name in NO_COERCION else (False, True):
        for signature in known:
            bound = signature.bind(kinds, coerce=coerce)
            if bound is not None:
                return signature, bound
    said = ", ".join("a lambda" if kind is None else str(kind) for kind in kinds)
    raise RefusedError(f"{name}({said})", "cast its arguments to another type")


def fill(template: str, made: Sequence[str], bound: Bound) -> str:
    """The template with its arguments."""

    def put(found: re.Match[str]) -> str:
        word = found.group(1)
        if word == "*":
            return ", ".join(made)
        return made[int(word)] if word.isdigit() else str(bound[word])

    return re.sub(r"\{(\w|\*)\}", put, template)
