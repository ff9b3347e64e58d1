"""A table's declaration as the actions of Delta's log, for tables that are made and changed by its public protocol.

The actions are those that Delta itself writes for the same declaration: a test compares them.

*Source*: Delta protocol, "Change Metadata", "Protocol Evolution", "Clustered Table", "Schema Serialization Format".
"""

import json
import math
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from glue_jobs.engine.files import remove_action
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TableState
from tapehouse.tables import Column, Table

_TYPES: Final[Mapping[str, object]] = {
    "INT": "integer",
    "BIGINT": "long",
    "ARRAY<STRING>": {"type": "array", "elementType": "string", "containsNull": True},
}
"""Where the log's name of a type is not the declared one in small letters."""
_PLAIN: Final[Mapping[str, Any]] = {"minReaderVersion": 1, "minWriterVersion": 2}
_CLUSTERED: Final[Mapping[str, Any]] = {
    "minReaderVersion": 1,
    "minWriterVersion": 7,
    "writerFeatures": ["domainMetadata", "clustering", "invariants", "appendOnly"],
}
_CLUSTERING: Final = "delta.clustering"


def properties(table: Table, uri: str) -> dict[str, str]:
    """What a table's upkeep says, in the words of Delta's table properties.

    Delta cleans the log by whole days, so its own clean-up comes last, and ``glue_jobs.engine.vacuum`` before it. The
    retention of removed files keeps checkpoints small: each holds all files that were removed within it.
    """
    upkeep = table.upkeep
    removed_h = upkeep.removed_kept_on_s3_h if place(uri).is_bucket else upkeep.removed_kept_h
    return {
        "delta.checkpointInterval": str(upkeep.checkpoint_every),
        "delta.deletedFileRetentionDuration": f"interval {math.ceil(removed_h)} hours",
        "delta.logRetentionDuration": f"interval {math.ceil(upkeep.log_kept_at_most_h)} hours",
    }


def creation(table: Table, uri: str, *, now_ms: int) -> list[dict[str, Any]]:
    """The actions of a table's first commit: empty, and of a new id."""
    metadata = {
        "id": str(uuid.uuid4()),
        "description": table.grain,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": _schema(list(map(_field, table.columns))),
        "partitionColumns": list(table.partition_by),
        "configuration": properties(table, uri),
        "createdTime": now_ms,
    }
    actions: list[dict[str, Any]] = [
        {"metaData": metadata},
        {"protocol": dict(_CLUSTERED if table.cluster_by else _PLAIN)},
    ]
    if table.cluster_by:
        columns = {"clusteringColumns": [[name] for name in table.cluster_by], "domainName": _CLUSTERING}
        body = {"domain": _CLUSTERING, "configuration": _compact(columns), "removed": False}
        actions.append({"domainMetadata": body})
    return actions


def anew(state: TableState, *, now_ms: int) -> list[dict[str, Any]]:
    """The actions that make a table anew, empty and filed as it is declared now, in the place of what it is."""
    made = creation(state.table, state.uri, now_ms=now_ms)
    if not state.table.cluster_by:
        made = [action for action in made if "protocol" not in action]  # it has at least this one, and none goes down
    return [*made, *map(remove_action, state.files)]


def brought_up_to_date(state: TableState, missing: Sequence[Column]) -> dict[str, Any]:
    """The action that gives a table columns that were declared since, and the properties of its upkeep now."""
    fields = json.loads(state.described["schemaString"])["fields"]
    metadata = {
        **{name: value for name, value in state.described.items() if value is not None},
        "format": {"provider": "parquet", "options": {}},  # a checkpoint spells no options as a list
        "schemaString": _schema([*fields, *map(_field, missing)]),
        "configuration": {**state.properties, **properties(state.table, state.uri)},
    }
    return {"metaData": metadata}


def _field(column: Column) -> dict[str, Any]:
    type_ = _TYPES.get(column.type, column.type.lower())
    return {"name": column.name, "type": type_, "nullable": column.nullable, "metadata": {"comment": column.comment}}


def _schema(fields: Sequence[Mapping[str, Any]]) -> str:
    return _compact({"type": "struct", "fields": fields})


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
