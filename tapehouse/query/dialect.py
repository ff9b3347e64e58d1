"""Athena's SQL told to DuckDB.

sqlglot renames functions and literals; here is what it leaves different in meaning:

================================  ==================================================================================
``date_diff(unit, a, b)``         Athena counts whole units that have passed, DuckDB's counts borders: ``date_sub``
``min_by``, ``max_by``            Athena keeps a NULL of the chosen row, DuckDB's skips that row: ``arg_min_null``
a column without a name           Athena names it after its place: ``_col0``, ``_col1``, …
``a / b`` of whole numbers        Athena cuts to a whole number (a setting of the session, see ``duckdb_port``)
``width_bucket``, ``from_utf8``,  are macros of the session (see ``duckdb_port``)
``at_timezone``
================================  ==================================================================================

Left as it is: the quotient and the average of decimals are doubles in DuckDB, decimals in Athena; a Delta TIMESTAMP has
microseconds in DuckDB and milliseconds in Athena; bytes that are not UTF-8 show as ? in DuckDB, as U+FFFD in Athena.
"""

from dataclasses import dataclass
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tapehouse.errors import TerminalError
from tapehouse.lake import LAYERS

CATALOG: Final = "awsdatacatalog"


@dataclass(frozen=True, slots=True)
class Translated:
    """One question, ready for DuckDB."""

    sql: str
    tables: tuple[str, ...]
    """The tables that it reads, as layer.table, sorted."""


def translate(sql: str) -> Translated:
    """Reads one SELECT in Athena's dialect and writes it in DuckDB's.

    Raises TerminalError for SQL that cannot be read, for several statements, and for anything but a question.
    """
    tree = _parse(sql)
    tables = sorted({_name(table) for table in tree.find_all(exp.Table) if not _is_cte(table)})
    _name_columns(tree)
    tree = tree.transform(_mend)
    return Translated(tree.sql(dialect="duckdb", identify=True), tuple(tables))


def with_databases(sql: str, prefix: str) -> str:
    """The question with the layers' names as the databases are called, where a prefix stands before them.

    All else stays as it was written. Raises TerminalError as ``translate`` does.
    """
    if not prefix:
        return sql
    named = [node.args.get("db") for node in _parse(sql).find_all(exp.Table, exp.Column)]
    places = {name.meta["start"] for name in named if isinstance(name, exp.Identifier) and name.name.lower() in LAYERS}
    for place in sorted(places, reverse=True):
        at = place + (sql[place] == '"')
        sql = f"{sql[:at]}{prefix}{sql[at:]}"
    return sql


def _parse(sql: str) -> exp.Expr:
    try:
        statements = [tree for tree in sqlglot.parse(sql, read="athena") if tree is not None]
    except SqlglotError as error:
        reason = str(error).split("\n", maxsplit=1)[0].rstrip(".")
        raise TerminalError(f"The SQL cannot be read: {reason}.") from error
    if len(statements) != 1:
        raise TerminalError(f"One SELECT at a time, please: this holds {len(statements)} statements.")
    tree = statements[0]
    if not isinstance(tree, exp.Query) or tree.find(exp.Into, exp.DML, exp.DDL, exp.Command):
        raise TerminalError("Only questions are answered here (SELECT, WITH … SELECT): the tables are read-only.")
    return tree


def _is_cte(table: exp.Table) -> bool:
    """Whether the bare name is a WITH of this or an enclosing query."""
    if table.db or not isinstance(table.this, exp.Identifier):
        return False
    scope: exp.Expr | None = table
    while scope is not None:
        scope = scope.parent
        found = scope.args.get("with_") or scope.args.get("with") if scope is not None else None
        if found and any(cte.alias.lower() == table.name.lower() for cte in found.expressions):
            return True
    return False


def _name(table: exp.Table) -> str:
    if not isinstance(table.this, exp.Identifier):
        raise TerminalError(f"{table.this.sql(dialect='athena')} is no table: only tables of the lake are read.")
    return f"{table.db}.{table.name}".lower() if table.db else table.name.lower()


def _name_columns(tree: exp.Expr) -> None:
    """Gives the answer's unnamed columns Athena's names for them; of a UNION, the first SELECT names them."""
    while isinstance(tree, exp.SetOperation | exp.Subquery):
        tree = tree.this
    if not isinstance(tree, exp.Select):
        return
    named = (exp.Alias, exp.Aliases, exp.Column, exp.Star)
    for place, column in enumerate(list(tree.expressions)):
        if not isinstance(column, named):
            column.replace(exp.alias_(column.copy(), f"_col{place}", quoted=True))


def _mend(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Table) and node.catalog.lower() == CATALOG:
        node.set("catalog", None)
    elif isinstance(node, exp.DateDiff):
        unit = exp.Literal.string(str(node.args.get("unit") or "day").lower())
        return exp.Anonymous(this="date_sub", expressions=[unit, node.expression, node.this])
    elif isinstance(node, exp.ArgMin | exp.ArgMax) and node.args.get("count") is None:
        name = "arg_min_null" if isinstance(node, exp.ArgMin) else "arg_max_null"
        return exp.Anonymous(this=name, expressions=[node.this, node.expression])
    elif isinstance(node, exp.Decode):
        return exp.Anonymous(this="from_utf8", expressions=[node.this])
    return node
