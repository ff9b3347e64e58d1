"""Questions answered at home, by DuckDB over the lake's Delta tables.

DuckDB's delta extension comes from the package index as ``duckdb-extension-delta`` and is loaded by its path: DuckDB's
own ``INSTALL``, which would download, is switched off. Each question sees the tables' newest versions.
"""

import datetime as dt
import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.query.dialect import translate
from tapehouse.query.port import Result

MACROS: Final = (
    """CREATE MACRO width_bucket
    (x, low, high, buckets) AS CASE
        WHEN x IS NULL THEN NULL
        WHEN x < low THEN 0
        WHEN x >= high THEN buckets + 1
        ELSE CAST(floor((x - low)::DOUBLE / (high - low)::DOUBLE * buckets) AS BIGINT) + 1 END,
    (x, bounds) AS CASE WHEN x IS NULL THEN NULL ELSE len(list_filter(bounds, lambda bound: bound <= x)) END""",
    "CREATE MACRO from_utf8(bytes) AS decode(bytes, 'replace')",
    "CREATE MACRO at_timezone(instant, zone) AS instant",
)
"""Functions of Athena's that DuckDB lacks, and that sqlglot does not spell otherwise. ``at_timezone`` changes how an
instant is shown, not which it is, and instants are shown in UTC here."""


def extension_path() -> Path:
    """The delta extension that came with the environment. Raises TerminalError where there is none."""
    found = importlib.util.find_spec("duckdb_extension_delta")
    for folder in (found.submodule_search_locations if found else None) or ():
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / "delta.duckdb_extension"
        if path.exists():
            return path
    raise TerminalError(f"There is no delta extension for DuckDB {duckdb.__version__} here: run `make setup`.")


class DuckdbPort:
    """A QueryPort over one local lake. Raises TerminalError for a lake on S3.

    Where it differs from Athena: see ``dialect``.
    """

    def __init__(self, lake: Lake, *, memory_mb: int = 1024, threads: int = 2) -> None:
        self._lake = lake
        self._connection: Any = _connect(lake.path, memory_mb, threads)

    def close(self) -> None:
        """Lets go of DuckDB's memory."""
        self._connection.close()

    def run(self, sql: str) -> Result:
        question = translate(sql)
        self._refuse_unknown(question.tables)
        for name in question.tables:
            self._view(name)
        try:
            answer = self._connection.execute(question.sql)
            columns = tuple(column[0] for column in answer.description)
            rows = answer.fetchall()
        except duckdb.Error as error:
            raise TerminalError(f"The question cannot be answered: {_sentence(error)}") from error
        return Result(columns, _in_utc(rows))

    def _refuse_unknown(self, names: Sequence[str]) -> None:
        there = self._lake.existing_tables()
        for name in names:
            if name not in there:
                known = f"its tables are {', '.join(there)}" if there else "it has no tables yet (`tapehouse refresh`)"
                raise TerminalError(f"There is no table {name} in the lake {self._lake.uri}: {known}.")

    def _view(self, name: str) -> None:
        """A view over the table's newest version; made anew each time, since columns may have been added."""
        layer, _, table = name.partition(".")
        place = self._lake.table_uri(name).replace("'", "''")
        try:
            self._connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
            self._connection.execute(
                f'CREATE OR REPLACE VIEW "{layer}"."{table}" AS SELECT * FROM delta_scan(\'{place}\')'  # noqa: S608
            )
        except duckdb.Error as error:
            raise TerminalError(f"{name} cannot be read: {_sentence(error)}") from error


def _connect(folder: Path, memory_mb: int, threads: int) -> Any:
    """A session in memory that can reach the lake's folder and nothing else."""
    config = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # A live lake's files are many, small and soon replaced; the system keeps what is read again.
        "enable_external_file_cache": "false",
        "memory_limit": f"{memory_mb}MB",
        "threads": str(threads),
    }
    connection = duckdb.connect(":memory:", config=config)
    place = str(extension_path()).replace("'", "''")
    connection.execute(f"LOAD '{place}'")
    inside = str(folder).replace("'", "''")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET integer_division = true")
    for macro in MACROS:
        connection.execute(macro)
    connection.execute(f"SET allowed_directories = ['{inside}']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _in_utc(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Instants as datetimes of Python's own UTC instead of DuckDB's pytz zone."""
    if not any(isinstance(value, dt.datetime) and value.tzinfo for row in rows[:100] for value in row):
        return rows
    return [tuple(_utc(value) for value in row) for row in rows]


def _utc(value: Any) -> Any:
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) and value.tzinfo else value


def _sentence(error: Exception) -> str:
    """DuckDB's first paragraph, without the drawing of where in the SQL it is."""
    text = str(error).split("\n\n", maxsplit=1)[0].split("\nLINE", maxsplit=1)[0]
    return re.sub(r"\s+", " ", text).strip()
