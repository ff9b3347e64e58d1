"""A table's declaration as the actions of Delta's log, for tables that are made and changed by its public protocol.

The actions are those that Delta itself writes for the same declaration: a test compares them. What a table is in its
log against what it is declared to be now is told here too: the same; other words, or columns that its rows may lack
(``is_current``: a change of metadata mends it); or another table (``clashes``: its rows have to be computed anew).

*Source*: Delta protocol, "Change Metadata", "Protocol Evolution", "Clustered Table", "Schema Serialization Format".
"""

import json
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from glue_jobs.engine.files import remove_action
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import FLOOR, TableState
from tapehouse.errors import TerminalError
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
_KEY: Final = "tapehouse.key"
"""Our own property: the columns that no two rows share."""


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
        _KEY: ",".join(table.key),
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
    """The actions that make a table anew, empty and as it is declared now, in the place of what it is.

    It gets another id: who follows it begins anew. Up to when its rows were forgotten stays known.
    """
    made = creation(state.table, state.uri, now_ms=now_ms)
    if FLOOR in state.properties:
        made[0]["metaData"]["configuration"][FLOOR] = state.properties[FLOOR]
    if not state.table.cluster_by:
        made = [action for action in made if "protocol" not in action]  # it has at least this one, and none goes down
    return [*made, *map(remove_action, state.replaces or state.files)]


def brought_up_to_date(state: TableState) -> dict[str, Any]:
    """The action that says of a table what is declared now, and leaves its rows, its id and its other properties."""
    changed = {
        "description": state.table.grain,
        "schemaString": _schema(list(map(_field, state.table.columns))),
        "partitionColumns": list(state.table.partition_by),
    }
    return described_anew(state, changed, properties(state.table, state.uri))


def described_anew(state: TableState, changed: Mapping[str, Any], configuration: Mapping[str, str]) -> dict[str, Any]:
    """The action that gives a table's description other values, and properties beside those that it has."""
    metadata = {
        **{name: value for name, value in state.described.items() if value is not None},
        "format": {"provider": "parquet", "options": {}},  # a checkpoint spells no options as a list
        **changed,
        "configuration": {**state.properties, **configuration},
    }
    return {"metaData": metadata}


def is_current(state: TableState) -> bool:
    """Whether the log says of the table what the declaration says: columns in their order, words, upkeep."""
    table = state.table
    return (
        _fields(state.described["schemaString"]) == list(map(_field, table.columns))
        and state.partition_by == table.partition_by
        and state.described.get("description") == table.grain
        and properties(table, state.uri).items() <= state.properties.items()
    )


def clashes(state: TableState) -> tuple[str, ...]:
    """In what a table's rows cannot be those of its declaration, in words; () where they can, or there is no table.

    A column that was declared since and may be null is none: it is null in older rows. Nor is one that may be null now.
    """
    if not state.is_there:
        return ()
    return _clashes(state.table, state.described["schemaString"], state.partition_by, state.properties.get(_KEY))


def refuse_clash(state: TableState) -> None:
    """Raises TerminalError where the table's rows cannot be those of its declaration: what was and is, and the mend."""
    found = clashes(state)
    if not found:
        return
    table = state.table
    mend = f"`tapehouse rebuild {table.name}` computes it, and what hangs on it, as it is declared now."
    if table.layer == "bronze":
        mend = (
            "It cannot be computed anew, since the stream forgets: declare the column as it was and a new one that may "
            "be null beside it, or take another lake (LAKE=…)."
        )
    raise TerminalError(f"{state.uri}: {table.name} is not what it is declared to be: {'; '.join(found)}. {mend}")


@lru_cache(maxsize=256)
def _clashes(table: Table, schema: str, partition_by: tuple[str, ...], key: str | None) -> tuple[str, ...]:
    was = {each["name"]: each for each in _fields(schema)}
    found = []
    for column in table.columns:
        before, now = was.pop(column.name, None), _field(column)
        if before is None:
            if not column.nullable:
                found.append(f"{column.name} was not there, is {column.type} and may not be null")
        elif before["type"] != now["type"]:
            found.append(f"{column.name} was {_spelled(before['type'])}, is {column.type}")
        elif before["nullable"] and not column.nullable:
            found.append(f"{column.name} might be null, may not now")
    found += [
        f"{name} was {_spelled(field['type'])}, is not declared (by a newer version, perhaps: then run that one)"
        for name, field in was.items()
    ]
    if partition_by != table.partition_by:
        found.append(f"its partitions were {_listed(partition_by)}, are {_listed(table.partition_by)}")
    if key is not None and key != ",".join(table.key):
        found.append(f"its key was {_listed(key.split(','))}, is {_listed(table.key)}")
    return tuple(found)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _spelled(type_: object) -> str:
    """A type of the log as declarations spell it."""
    names = [declared for declared, logged in _TYPES.items() if logged == type_]
    return names[0] if names else str(type_).upper()


def _fields(schema: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(schema)["fields"]
    return found


def _field(column: Column) -> dict[str, Any]:
    type_ = _TYPES.get(column.type, column.type.lower())
    return {"name": column.name, "type": type_, "nullable": column.nullable, "metadata": {"comment": column.comment}}


def _schema(fields: Sequence[Mapping[str, Any]]) -> str:
    return _compact({"type": "struct", "fields": fields})


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
