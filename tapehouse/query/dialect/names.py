"""What a name means where it stands: the columns of what is read, of the query around it, and a lambda's arguments."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect.types import Type, quoted

if TYPE_CHECKING:
    from tapehouse.query.dialect.queries import Query


@dataclass(frozen=True, slots=True)
class Typed:
    """A value: in DuckDB's words, and its type in Athena's."""

    sql: str
    type: Type
    text: str | None = None
    """Of a text constant, its content."""
    stored: str | None = None
    """Of a table's own column of instants, the column as it is stored, in microseconds."""
    inexact: str | None = None
    """Of a query's column in whose last digit engines differ, the function that makes it so."""

    @property
    def is_constant(self) -> bool:
        """Whether it names no column."""
        return '"' not in self.sql


@dataclass(slots=True)
class Relation:
    """What FROM reads: a table, a query, an UNNEST."""

    name: str | None
    columns: list[tuple[str | None, Typed]]
    layer: str | None = None
    hidden: set[int] = field(default_factory=set)
    """Places of columns that USING has merged with those of another table: they are of neither then."""

    def shown(self) -> Iterator[tuple[str | None, Typed]]:
        return (column for place, column in enumerate(self.columns) if place not in self.hidden)


@dataclass(slots=True)
class Scope:
    """What may be named, innermost first."""

    relations: list[Relation]
    parent: "Scope | None" = None
    arguments: dict[str, Typed] = field(default_factory=dict)
    """A lambda's."""
    looks_out: bool = False
    """Whether something of a query around it was named."""
    owner: "Scope | None" = None
    """Of a lambda's scope, the one that it is in."""
    windows: dict[str, exp.Window] = field(default_factory=dict)
    """What WINDOW names."""

    def of(self, arguments: dict[str, Typed]) -> "Scope":
        """The same within a lambda."""
        return Scope(
            self.relations, self.parent, {**self.arguments, **arguments}, owner=self.owner or self, windows=self.windows
        )

    def find(self, name: str, table: str | None = None, layer: str | None = None) -> Typed | None:
        """The value of that name, in here or in the query around. Raises TerminalError where several have it."""
        found, around = self._own(name, table, layer), self.parent
        while found is None and around is not None:
            found = around._own(name, table, layer)
            if found is not None and around is not self.parent:
                raise RefusedError(f"{name} of a query that is not the next one around", "join instead")
            if found is not None:
                (self.owner or self).looks_out = True
            around = around.parent
        return found

    def _own(self, name: str, table: str | None, layer: str | None) -> Typed | None:
        name = name.lower()
        if table is None and name in self.arguments:
            return self.arguments[name]
        found = [
            typed
            for relation in self.relations
            if table is None or (relation.name == table.lower() and layer in (None, relation.layer))
            for named, typed in relation.shown()
            if named == name
        ]
        if len(found) > 1:
            raise TerminalError(f"The SQL is wrong: column {name} is ambiguous.")
        return found[0] if found else None

    def is_table(self, name: str) -> bool:
        return any(relation.name == name.lower() for relation in self.relations)


def column(alias: str, name: str, kind: Type) -> Typed:
    """A column of what DuckDB knows by the alias."""
    return Typed(f"{quoted(alias)}.{quoted(name)}", kind)


class Translator(Protocol):
    """What the pieces of an expression are made with."""

    scope: Scope

    def value(self, node: exp.Expr) -> Typed:
        """What the node is."""

    def within(self, arguments: dict[str, Typed]) -> "Translator":
        """The same inside a lambda."""

    def rounded(self) -> "Translator":
        """The same inside round(), and inside what adds doubles up: where no last digit is seen."""

    def exact(self) -> "Translator":
        """The same where a last digit decides: inside a comparison, floor() and their like."""

    def noting(self, seen: list[str]) -> "Translator":
        """The same where a column of an inner query is made: what would be refused is noted down instead."""

    def check_digits(self, function: str) -> None:
        """Of a value in whose last digit engines differ. Raises RefusedError where that digit would be seen."""

    def column_of(self, node: exp.Expr) -> tuple[str, Type]:
        """A query of one column, ``c1``, and the column's type."""

    def query_of(self, node: exp.Expr) -> "Query":
        """A query, whatever its columns."""
