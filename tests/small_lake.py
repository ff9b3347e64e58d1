"""A small lake written by hand: Parquet files and the least Delta log that names them. No Spark."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tapehouse.lake import Lake

_DELTA = {
    "string": pa.string(),
    "long": pa.int64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "timestamp": pa.timestamp("us", "UTC"),
    "decimal(28,12)": pa.decimal128(28, 12),
}

Action: TypeAlias = dict[str, Any]
"""One line of the log."""
WriteTable: TypeAlias = Callable[[str, dict[str, str], Sequence[Sequence[Any]]], None]
"""Appends rows to a table of these columns (name to Delta type), in one commit."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "the lake's")


@pytest.fixture
def write_table(lake: Lake) -> WriteTable:
    def write(name: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> None:
        written(lake, name, columns, rows)

    return write


def written(lake: Lake, name: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """Appends rows to a table, in one commit; timestamps as the jobs write them (``glue_jobs.engine.files``)."""
    folder = Path(lake.table_uri(name))
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    version = len(list(log.iterdir()))
    data = {
        column: pa.array([row[i] for row in rows], _DELTA[kind]) for i, (column, kind) in enumerate(columns.items())
    }
    head = [] if version else _head(columns)
    commit(folder, version, [*head, added(folder / f"part-{version}.parquet", pa.table(data))])


def added(file: Path, rows: pa.Table, partition: Mapping[str, str] | None = None) -> Action:
    """Writes a file of a table, and gives what names it in the log. ``partition``: column → value, which rows lack."""
    pq.write_table(rows, file, use_deprecated_int96_timestamps=True, store_schema=False)
    add = {"path": file.name, "partitionValues": partition or {}, "size": file.stat().st_size, "modificationTime": 0}
    return {"add": {**add, "dataChange": True}}


def commit(folder: Path, version: int, actions: Sequence[Action]) -> None:
    """Writes a commit of a table, with nothing that our own writers add to one."""
    text = "\n".join(json.dumps(action) for action in actions)
    (folder / "_delta_log" / f"{version:020d}.json").write_text(text)


def _head(columns: dict[str, str]) -> list[Action]:
    fields = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in columns.items()]
    schema = json.dumps({"type": "struct", "fields": fields})
    meta = {"id": "hand-made", "format": {"provider": "parquet", "options": {}}, "schemaString": schema}
    return [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {**meta, "partitionColumns": [], "configuration": {}, "createdTime": 0}},
    ]
