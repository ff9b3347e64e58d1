"""Questions answered at home, by DuckDB over the lake's Delta tables.

DuckDB's delta extension comes from the package index as ``duckdb-extension-delta`` and is loaded by its path: DuckDB's
own ``INSTALL``, which would download, is switched off. Each question sees the tables' newest versions.
"""

import datetime as dt
import difflib
import importlib.util
import re
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.lake import Lake
from tapehouse.query.dialect import MACROS, Translated, tables_of, translate
from tapehouse.query.dialect.types import DAYS, MONTHS, ZONED, Type, of_duckdb, refuse_zone
from tapehouse.query.port import Result

_COLUMNS: Final = (
    "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = {} AND table_name = {} "
    "ORDER BY column_index"
)
"""Not with parameters: DuckDB imports pandas to look at one, which takes a second of the first question."""


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

    What it answers, Athena answers alike; the rest raises RefusedError: see ``dialect`` and docs/query.md.
    """

    def __init__(self, lake: Lake, *, memory_mb: int = 1024, threads: int = 2) -> None:
        self._lake = lake
        self._connection: Any = _connect(lake.path, memory_mb, threads)

    def close(self) -> None:
        """Lets go of DuckDB's memory, and of what did not fit into it."""
        self._connection.close()

    def run(self, sql: str) -> Result:
        names = tables_of(sql)
        self._refuse_unknown(names)
        seen = {name: self._view(name) for name in names}
        question = translate(sql, seen.__getitem__)
        try:
            answer = self._connection.execute(question.sql)
            check_types(question, [str(column[1]) for column in answer.description])
            rows = answer.fetchall()
        except duckdb.Error as error:
            raise _ended_by(error) from error
        kinds = [kind for _, kind in question.columns]
        return Result(tuple(name for name, _ in question.columns), _shown(rows, kinds), tuple(map(str, kinds)))

    def _refuse_unknown(self, names: Sequence[str]) -> None:
        there = self._lake.existing_tables()
        for name in names:
            if name not in there:
                known = f"its tables are {', '.join(there)}" if there else "it has no tables yet (`tapehouse refresh`)"
                near = _near(name, there)
                if near and len(there) > len(near):
                    known = f"did you mean {' or '.join(near)}? All are in docs/tables.md"
                raise TerminalError(f"There is no table {name} in the lake {self._lake.uri}: {known}.")

    def _view(self, name: str) -> Mapping[str, Type]:
        """A view over the table's newest version, and its columns; made anew each time, since some may be new."""
        layer, _, table = name.partition(".")
        place = _text(self._lake.table_uri(name))
        try:
            self._connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
            self._connection.execute(
                f'CREATE OR REPLACE VIEW "{layer}"."{table}" AS SELECT * FROM delta_scan({place})'  # noqa: S608
            )
            # The catalog keeps what the view's making found; DESCRIBE would read the table's log a second time.
            described = self._connection.execute(_COLUMNS.format(_text(layer), _text(table))).fetchall()
        except duckdb.Error as error:
            raise TerminalError(f"{name} cannot be read: {_sentence(error)}") from error
        return {str(row[0]): of_duckdb(str(row[1])) for row in described}


def _near(name: str, there: Sequence[str]) -> list[str]:
    """The tables that may have been meant: in another layer, or spelled alike."""
    same = [each for each in there if each.rpartition(".")[2] == name.rpartition(".")[2]]
    return same or difflib.get_close_matches(name, there, 2, 0.8)


def _connect(folder: Path, memory_mb: int, threads: int) -> Any:
    """A session in memory that can reach the lake's folder and nothing else."""
    config = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # A live lake's files are many, small and soon replaced; the system keeps what is read again.
        "enable_external_file_cache": "false",
        "memory_limit": f"{memory_mb}MB",
        # What does not fit into memory would lie where the command was run, and stay there behind a killed process.
        "temp_directory": str(Path(tempfile.gettempdir()) / f"tapehouse-query-{uuid.uuid4().hex}"),
        "threads": str(threads),
    }
    connection = duckdb.connect(":memory:", config=config)
    connection.execute(f"LOAD {_text(str(extension_path()))}")
    connection.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        connection.execute(macro)
    connection.execute(f"SET allowed_directories = [{_text(str(folder))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _text(value: str) -> str:
    """A literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def check_types(question: Translated, found: Sequence[str]) -> None:
    """Raises RefusedError where DuckDB made another type of an answer than Athena does: then its values differ too."""
    for (name, kind), made in zip(question.columns, found, strict=True):
        if _bare(made) not in (_bare(kind.duckdb), "NULL"):
            raise RefusedError(f"column {name}", f"it is {made} here, and {kind} in Athena: cast it")


def _bare(kind: str) -> str:
    return kind.replace('"', "").replace(", ", ",")


def _ended_by(error: duckdb.Error) -> TerminalError:
    """What ended the question: Athena's own failure, our refusal, or DuckDB's."""
    said = re.search(r"'ATHENA:(!?)([^']*)'", str(error))
    if said and said.group(1):
        return RefusedError(said.group(2), "see there what to write instead")
    if not said and ("INT128" in _sentence(error) or "HUGEINT" in _sentence(error)):
        return RefusedError("a quotient of decimals as large as these", "cast them to double")
    return TerminalError(f"The question cannot be answered: {said.group(2) if said else _sentence(error)}")


def _shown(rows: list[tuple[Any, ...]], kinds: Sequence[Type]) -> list[tuple[Any, ...]]:
    """Instants as datetimes of Python's own UTC instead of DuckDB's pytz zone, spans of time as text."""
    refuse_zone(*_parts(kinds))
    shows = {place: _SHOWS[_inner(kind).name] for place, kind in enumerate(kinds) if _inner(kind).name in _SHOWS}
    if not shows:
        return rows
    return [
        tuple(_each(shows[place], value) if place in shows else value for place, value in enumerate(row))
        for row in rows
    ]


def _parts(kinds: Iterable[Type]) -> Iterator[Type]:
    """The types and all that they are made of."""
    for kind in kinds:
        yield kind
        yield from _parts(each for each in kind.args if isinstance(each, Type))


def _inner(kind: Type) -> Type:
    return _inner(kind.of) if kind.name == "array" else kind


def _each(show: Callable[[Any], Any], value: Any) -> Any:
    """The value as it is shown; of an array, each."""
    if isinstance(value, list):
        return [_each(show, each) for each in value]
    return None if value is None else show(value)


def _day(value: Any) -> Any:
    """DuckDB gives text where Python has no such year."""
    if isinstance(value, str):
        raise RefusedError("a year beyond 9999", "bound what is asked for")
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) and value.tzinfo else value


def _days(ms: int) -> str:
    minutes, left = divmod(abs(ms), 60_000)
    days, minutes = divmod(minutes, 1440)
    clock = f"{minutes // 60:02}:{minutes % 60:02}:{left // 1000:02}.{left % 1000:03}"
    return f"{'-' if ms < 0 else ''}{days} {clock}"


def _months(count: int) -> str:
    return f"{'-' if count < 0 else ''}{abs(count) // 12}-{abs(count) % 12}"


_SHOWS: Final[Mapping[str, Callable[[Any], Any]]] = {
    ZONED: _day,
    "date": _day,
    "timestamp": _day,
    DAYS: _days,
    MONTHS: _months,
}


def _sentence(error: Exception) -> str:
    """DuckDB's first paragraph, without the drawing of where in the SQL it is."""
    text = str(error).split("\n\n", maxsplit=1)[0].split("\nLINE", maxsplit=1)[0]
    return re.sub(r"\s+", " ", text).strip()
