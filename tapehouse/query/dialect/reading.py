"""A question in Athena's SQL as a tree: its words as they were written, with no function renamed or reordered."""

import re
from typing import Any, ClassVar, Final

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.parsers.trino import TrinoParser

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.lake import LAYERS
from tapehouse.query.dialect import foreign

CATALOG: Final = "awsdatacatalog"
_ABOUT: Final = ("SHOW", "DESCRIBE", "DESC", "EXPLAIN")
_INSTEAD: Final = {
    "version": "the newest version alone is read here",
    "sample": "leave it out, or bound the time",
    "match": "take lag() and lead() in a query around which WHERE stands",
}
_JOINED: Final = re.compile(r"[\d_.]*[eE]\d+(?=[+-])")
_KEPT = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING", "LISTAGG")


def _literal(self: Any, this: exp.Expr, kind: exp.DataType) -> exp.Expr:
    """``DECIMAL '0.1'`` is no CAST: its type is in its text."""
    found = self.expression(exp.Cast(this=this, to=kind))
    found.meta["literal"] = True
    return found  # type: ignore[no-any-return]


class Asked(Trino):
    """The dialect, but for all that rewrites."""

    INDEX_OFFSET = 0

    def tokenize(self, sql: str, *args: Any, **options: Any) -> Any:
        """sqlglot's words, but for ``1e0-1``, which it reads as one number: it is set apart, and no word moves."""
        apart: list[int] = []
        while True:
            found = super().tokenize(sql, *args, **options)
            joined = ((token, _JOINED.match(token.text)) for token in found if token.token_type is TokenType.NUMBER)
            place = next((token.start + number.end() for token, number in joined if number), None)
            if place is None:
                break
            apart.append(place)
            sql = f"{sql[:place]} {sql[place:]}"
        for token in found if apart else ():
            token.start, token.end = (at - sum(place < at for place in apart) for at in (token.start, token.end))
        return found

    class Parser(TrinoParser):
        FUNCTIONS: ClassVar[Any] = {}
        FUNCTION_PARSERS: ClassVar[Any] = {
            name: parser for name, parser in TrinoParser.FUNCTION_PARSERS.items() if name in _KEPT
        }
        TYPE_LITERAL_PARSERS: ClassVar[Any] = dict.fromkeys(exp.DType, _literal)
        ZONE_AWARE_TIMESTAMP_CONSTRUCTOR = False


def read(sql: str) -> exp.Expr:
    """The one question that the text holds.

    Raises TerminalError for SQL that cannot be read, for several statements, and for anything but a question.
    """
    first = re.match(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*(\w+)", sql, re.DOTALL)
    if first is not None and first.group(1).upper() in _ABOUT:
        raise TerminalError(
            "Only questions are answered here (SELECT, WITH … SELECT): docs/tables.md lists the tables."
        )
    try:
        foreign.refuse(Asked().tokenize(sql), sql)
        statements = [tree for tree in sqlglot.parse(sql, read=Asked) if tree is not None]
    except SqlglotError as error:
        reason = str(error).split("\n", maxsplit=1)[0].rstrip(".")
        raise RefusedError(f"SQL that cannot be read ({reason})", foreign.instead(sql)) from error
    if len(statements) != 1:
        raise TerminalError(f"One SELECT at a time, please: this holds {len(statements)} statements.")
    tree = statements[0]
    if not isinstance(tree, exp.Query | exp.Values) or tree.find(exp.Into, exp.DML, exp.DDL, exp.Command):
        raise TerminalError("Only questions are answered here (SELECT, WITH … SELECT): the tables are read-only.")
    return tree


def tables_of(tree: exp.Expr) -> tuple[str, ...]:
    """The tables that a question reads, as layer.table, sorted."""
    return tuple(sorted({name_of(table) for table in tree.find_all(exp.Table) if not _is_with(table)}))


def with_databases(sql: str, prefix: str) -> str:
    """The question with the layers' names as the databases are called, where a prefix stands before them.

    All else stays as it was written. Raises TerminalError as ``read`` does.
    """
    if not prefix:
        return sql
    named = [node.args.get("db") for node in read(sql).find_all(exp.Table, exp.Column)]
    places = {name.meta["start"] for name in named if isinstance(name, exp.Identifier) and name.name.lower() in LAYERS}
    for place in sorted(places, reverse=True):
        at = place + (sql[place] == '"')
        sql = f"{sql[:at]}{prefix}{sql[at:]}"
    return sql


def _is_with(table: exp.Table) -> bool:
    """Whether the bare name is a WITH of this or an enclosing query."""
    if table.db or not isinstance(table.this, exp.Identifier):
        return False
    scope: exp.Expr | None = table
    while scope is not None:
        scope = scope.parent
        found = scope.args.get("with_") if scope is not None else None
        if found and any(cte.alias.lower() == table.name.lower() for cte in found.expressions):
            return True
    return False


def name_of(table: exp.Table) -> str:
    """layer.table. Raises TerminalError for what is none."""
    if not isinstance(table.this, exp.Identifier):
        raise RefusedError(table.this.sql(dialect="trino"), "only tables of the lake are read")
    if table.catalog and table.catalog.lower() != CATALOG:
        raise TerminalError(f"There is no catalog {table.catalog}: tables are named layer.table.")
    return f"{table.db}.{table.name}".lower() if table.db else table.name.lower()


def only(node: exp.Expr, *known: str) -> None:
    """Raises RefusedError for a part of the node that nobody here reads: it would be left out silently."""
    for name, value in node.args.items():
        if name not in known and value not in (None, False, [], ""):
            word = name.rstrip("_").replace("_", " ").upper()
            raise RefusedError(f"{word} in {type(node).__name__.upper()}", _INSTEAD.get(name, "say it otherwise"))
