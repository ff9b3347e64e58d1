"""Athena's SQL in DuckDB's words, or a refusal by name.

A question is read into a tree (``reading``), and each node of it is given Athena's type (``types``) and DuckDB's words
for Athena's meaning. Nothing is passed on that is not known here: a function by its signature (``functions``), an
operator by the types that it stands between (``operators``), a clause by its name. What is known is proven by the
corpus in ``tests/tapehouse/query/corpus``, each question of which a real Trino has answered too. All else raises
RefusedError.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tapehouse.query.dialect import queries, reading
from tapehouse.query.dialect.expressions import Expressions
from tapehouse.query.dialect.names import Scope
from tapehouse.query.dialect.types import Type


@dataclass(frozen=True, slots=True)
class Translated:
    """One question, ready for DuckDB."""

    sql: str
    columns: tuple[tuple[str, Type], ...]
    """The answer's, by Athena's names and types; one without a name is called after its place: ``_col0``."""


def tables_of(sql: str) -> tuple[str, ...]:
    """The tables that a question reads, as layer.table, sorted.

    Raises TerminalError for SQL that cannot be read, for several statements, and for anything but a question.
    """
    return reading.tables_of(reading.read(sql))


def translate(sql: str, columns_of: Callable[[str], Mapping[str, Type]]) -> Translated:
    """A question in DuckDB's words. ``columns_of``: the columns of a table of ``tables_of``.

    Raises TerminalError where Athena would refuse it too, RefusedError for what is not answered at home.
    """
    withs = queries.Withs(columns_of, Expressions, {}, [0])
    found = queries.query(reading.read(sql), withs)
    for function in found.inexact.values():
        Expressions(Scope([]), withs).check_digits(function)
    columns = tuple((name or f"_col{place}", kind) for place, (name, kind) in enumerate(found.columns))
    return Translated(found.sql, columns)
