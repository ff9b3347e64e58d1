"""Athena's types: how it spells them, what holds their values in DuckDB, and which type two of them meet in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Union

from tapehouse.errors import RefusedError, TerminalError


@dataclass(frozen=True, slots=True)
class Type:
    """One type. ``args``: of a decimal its precision and scale, of text its length, of a timestamp its digits."""

    name: str
    args: tuple[Union[int, "Type"], ...] = ()
    names: tuple[str | None, ...] = ()
    """A row's fields; of an instant the zone that it is shown in; of a map UNORDERED, where rows came in no order."""

    def __str__(self) -> str:
        if self.name == "row":
            fields = (f"{name} {kind}" if name else str(kind) for name, kind in zip(self.names, self.args, strict=True))
            return f"row({', '.join(fields)})"
        if self.name == ZONED:
            return f"timestamp({self.args[0]}) with time zone"
        return f"{self.name}({', '.join(map(str, self.args))})" if self.args else self.name

    @property
    def of(self) -> "Type":
        """An array's element, a map's key."""
        return _type(self.args[0])

    @property
    def value(self) -> "Type":
        """A map's value."""
        return _type(self.args[1])

    @property
    def digits(self) -> int:
        """A timestamp's digits behind the second."""
        return _number(self.args[0])

    @property
    def length(self) -> int | None:
        """A text's; None where it has no bound."""
        return _number(self.args[0]) if self.args else None

    @property
    def decimal(self) -> tuple[int, int]:
        """Precision and scale."""
        return _number(self.args[0]), _number(self.args[1])

    @property
    def duckdb(self) -> str:
        """What holds its values there."""
        if self.name == "array":
            return f"{self.of.duckdb}[]"
        if self.name == "map":
            return f"MAP({self.of.duckdb}, {self.value.duckdb})"
        if self.name == "row":
            fields = zip(field_names(self), self.args, strict=True)
            return f"STRUCT({', '.join(f'{quoted(name)} {_type(kind).duckdb}' for name, kind in fields)})"
        if self.name == "decimal":
            return f"DECIMAL({self.args[0]},{self.args[1]})"
        return _HELD[self.name]


UNORDERED: Final = "unordered"
ZONED: Final = "timestamp with time zone"
DAYS: Final = "interval day to second"
MONTHS: Final = "interval year to month"
_HELD: Final = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "varchar": "VARCHAR",
    "varbinary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    ZONED: "TIMESTAMP WITH TIME ZONE",
    DAYS: "BIGINT",  # milliseconds
    MONTHS: "BIGINT",
    "json": "VARCHAR",
    "unknown": "INTEGER",
}
BOOLEAN, INTEGER, BIGINT, DOUBLE = Type("boolean"), Type("integer"), Type("bigint"), Type("double")
VARCHAR, VARBINARY, DATE, JSON, UNKNOWN = (
    Type("varchar"),
    Type("varbinary"),
    Type("date"),
    Type("json"),
    Type("unknown"),
)
INTERVAL_DAYS, INTERVAL_MONTHS = Type(DAYS), Type(MONTHS)
WHOLE: Final = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
"""Whole numbers, narrowest first, and the digits of the decimal that holds each."""
_NOT_HELD: Final = {"real": "cast to double", "time": "take hour(x) and minute(x)", "char": "cast to varchar"}
_SPELLED: Final = {"int": "integer"}
_WORD = re.compile(r"\s*([a-z_][a-z0-9_]*|\"[^\"]+\"|\d+|[(),])", re.IGNORECASE)


def decimal(precision: int, scale: int) -> Type:
    """Raises TerminalError for what no decimal can be."""
    if not 0 <= scale <= precision <= 38 or precision == 0:
        raise TerminalError(f"The SQL is wrong: there is no decimal({precision}, {scale}).")
    return Type("decimal", (precision, scale))


def array(of: Type) -> Type:
    return Type("array", (of,))


def mapping(key: Type, value: Type) -> Type:
    return Type("map", (key, value))


def row(kinds: Sequence[Type], names: Sequence[str | None]) -> Type:
    return Type("row", tuple(kinds), tuple(names))


def timestamp(digits: int, *, zoned: bool = False) -> Type:
    """Raises RefusedError for more than microseconds."""
    if digits > 6:
        raise RefusedError(f"timestamp({digits})", "six digits of a second are kept here: round it to timestamp(6)")
    return Type(ZONED if zoned else "timestamp", (digits,))


def quoted(name: str) -> str:
    """The name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def field_names(kind: Type) -> tuple[str, ...]:
    """The names of a row's fields in DuckDB, where each needs its own."""
    names = tuple(name.lower() if name else None for name in kind.names)
    if None in names or len(set(names)) < len(names):
        return tuple(f"field{place}" for place in range(len(names)))
    return tuple(str(name) for name in names)


def is_number(kind: Type) -> bool:
    return kind.name in WHOLE or kind.name in ("decimal", "double")


def is_text(kind: Type) -> bool:
    return kind.name == "varchar"


def is_time(kind: Type) -> bool:
    return kind.name in ("date", "timestamp", ZONED)


def as_decimal(kind: Type) -> Type:
    """The decimal that holds all of a whole number's values; NULL is one of a digit."""
    if kind.name == "unknown":
        return decimal(1, 0)
    return kind if kind.name == "decimal" else decimal(WHOLE[kind.name], 0)


def common(left: Type, right: Type) -> Type | None:
    """The type that both become where they meet; None where they cannot."""
    if left == right or "unknown" in (left.name, right.name):
        return right if left.name == "unknown" else left
    if is_number(left) and is_number(right):
        return _common_number(left, right)
    if is_text(left) and is_text(right):
        lengths = [_number(kind.args[0]) for kind in (left, right) if kind.args]
        return Type("varchar", (max(lengths),)) if len(lengths) == 2 else VARCHAR
    if is_time(left) and is_time(right):
        return _common_time(left, right)
    return _common_parts(left, right)


def _common_time(left: Type, right: Type) -> Type:
    refuse_zone(left, right)
    zoned = ZONED in (left.name, right.name)
    return timestamp(max(kind.digits for kind in (left, right) if kind.name != "date"), zoned=zoned)


def _common_parts(left: Type, right: Type) -> Type | None:
    if left.name == right.name and left.name in ("array", "map", "row") and len(left.args) == len(right.args):
        parts = [common(_type(a), _type(b)) for a, b in zip(left.args, right.args, strict=True)]
        if None in parts:
            return None
        if left.name == "map":
            names = left.names or right.names
        else:
            names = tuple(a if a == b else None for a, b in zip(left.names, right.names, strict=True))
        return Type(left.name, tuple(part for part in parts if part is not None), names)
    return None


def _common_number(left: Type, right: Type) -> Type:
    if "double" in (left.name, right.name):
        return DOUBLE
    if left.name in WHOLE and right.name in WHOLE:
        return left if WHOLE[left.name] >= WHOLE[right.name] else right
    (p1, s1), (p2, s2) = as_decimal(left).decimal, as_decimal(right).decimal
    scale = max(s1, s2)
    return decimal(min(38, max(p1 - s1, p2 - s2) + scale), scale)


def refuse_zone(*kinds: Type) -> None:
    """Raises RefusedError for instants that are to be shown in another zone than UTC."""
    for kind in kinds:
        if kind.name == ZONED and kind.names:
            raise RefusedError(f"an instant in the zone {kind.names[0]}", "take its parts, or cast it to timestamp")


def refuse_unordered(kind: Type, shown: str) -> None:
    """Raises RefusedError where a map's order would be seen that is one of hashes in Athena."""
    if kind.name == "map" and kind.names:
        raise RefusedError(
            f"{shown} of a map made by histogram or map_agg", "GROUP BY in a query of its own, and ORDER BY"
        )


def ordered_as(wanted: Type, kind: Type) -> Type:
    """The type that a value is cast to: a map that came in no order has none afterwards."""
    if wanted.name != kind.name or wanted.name not in ("array", "map", "row"):
        return wanted
    args = tuple(ordered_as(_type(a), _type(b)) for a, b in zip(wanted.args, kind.args, strict=True))
    return Type(wanted.name, args, kind.names if wanted.name == "map" else wanted.names)


def zone(name: str) -> str:
    """The name of a zone. Raises RefusedError for one that DuckDB might take for another."""
    if not re.fullmatch(r"[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+)+|UTC", name):
        raise RefusedError(f"the zone {name}", "name it as Europe/Berlin")
    return name


def instant(kind: Type) -> Type:
    """The type without the zone in which it is shown."""
    return Type(kind.name, kind.args) if kind.name == ZONED else kind


def parse(text: str) -> Type:
    """A type as Athena spells it. Raises RefusedError for one that is not had here."""
    words = _WORD.findall(" ".join(text.split()))
    kind, rest = _parsed(words)
    if rest:
        raise RefusedError(f"the type {text}", "it is not had here")
    return kind


def _parsed(words: list[str]) -> tuple[Type, list[str]]:
    name, rest = words[0].lower(), words[1:]
    if name == "double" and rest[:1] and rest[0].lower() == "precision":
        rest = rest[1:]
    name = _SPELLED.get(name, name)
    if name == "interval":
        name, rest = " ".join([name, *(word.lower() for word in rest[:3])]), rest[3:]
    if name == "row":
        return _parsed_row(rest)
    args: list[int | Type] = []
    if rest[:1] == ["("]:
        rest = rest[1:]
        while True:
            if rest[0].isdigit():
                args, rest = [*args, int(rest[0])], rest[1:]
            else:
                inner, rest = _parsed(rest)
                args.append(inner)
            end, rest = rest[0], rest[1:]
            if end == ")":
                break
    if name == "timestamp":
        zoned = [word.lower() for word in rest[:3]] == ["with", "time", "zone"]
        return timestamp(_number(args[0]) if args else 3, zoned=zoned), rest[3:] if zoned else rest
    if name == "decimal":
        return decimal(*([_number(arg) for arg in args] + [38, 0][len(args) :])), rest
    if name not in (*_HELD, "array", "map"):
        raise RefusedError(f"the type {name}", _NOT_HELD.get(name, "it is not had here"))
    return Type(name, tuple(args)), rest


def _parsed_row(rest: list[str]) -> tuple[Type, list[str]]:
    kinds, names = [], []
    rest = rest[1:]
    while True:
        named = rest[1] not in ("(", ",", ")") and rest[1].lower() not in ("with", "precision")
        names.append(rest[0].strip('"') if named else None)
        kind, rest = _parsed(rest[1:] if named else rest)
        kinds.append(kind)
        end, rest = rest[0], rest[1:]
        if end == ")":
            return row(kinds, names), rest


def _type(arg: "int | Type") -> Type:
    assert isinstance(arg, Type)  # noqa: S101 - for the type checker
    return arg


def _number(arg: "int | Type") -> int:
    assert isinstance(arg, int)  # noqa: S101 - for the type checker
    return arg


def of_duckdb(spelled: str) -> Type:
    """The type of a table's column, as Athena shows it. A Delta TIMESTAMP is shown in milliseconds."""
    text = spelled.strip()
    if text.endswith("[]"):
        return array(of_duckdb(text[:-2]))
    if text.startswith("DECIMAL"):
        return parse(text.lower())
    found = {held: name for name, held in _HELD.items() if name not in (DAYS, MONTHS, "json", "unknown")}.get(text)
    if found is None:
        raise RefusedError(f"a column of type {text}", "it is not read here")
    if found == ZONED:
        return timestamp(3, zoned=True)
    return timestamp(6) if found == "timestamp" else Type(found)
