"""Delta tables made without Spark: a first version by the log's protocol, and commits by the same."""

import json
import uuid
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from glue_jobs.engine import Steps, Workspace
from glue_jobs.engine.files import schema_of
from tapehouse.lake import Lake
from tapehouse.tables import Table

_SPARK = {"STRING": "string", "BINARY": "binary", "BOOLEAN": "boolean", "INT": "integer", "BIGINT": "long"}
_SPARK |= {"DOUBLE": "double", "DATE": "date", "TIMESTAMP": "timestamp"}


def create(lake: Lake, tables: Iterable[Table]) -> None:
    """Version 0 of each table, as its declaration says."""
    for table in tables:
        log = Path(lake.table_uri(table.name)) / "_delta_log"
        log.mkdir(parents=True)
        metadata = {
            "id": str(uuid.uuid4()),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps(
                {
                    "type": "struct",
                    "fields": [
                        {"name": c.name, "type": _type(c.type), "nullable": c.nullable, "metadata": {}}
                        for c in table.columns
                    ],
                }
            ),
            "partitionColumns": list(table.partition_by),
            "configuration": {},
            "createdTime": 0,
        }
        actions = [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata}]
        text = "\n".join(json.dumps(action) for action in actions)
        (log / f"{0:020d}.json").write_text(text)


def without_spark(lake: Lake, tables: Iterable[Table]) -> Workspace:
    """A workspace whose commits are written by the protocol, with empty tables."""
    create(lake, tables)
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    for table in tables:
        workspace._there.add(table.name)
    return workspace


def rows_of(table: Table, rows: list[dict[str, object]]) -> pa.Table:
    """Rows of a table's declared types; a column that is left out is null."""
    schema = schema_of(table)
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)


def _type(declared: str) -> object:
    if declared == "ARRAY<STRING>":
        return {"type": "array", "elementType": "string", "containsNull": True}
    return _SPARK.get(declared, declared.lower())
