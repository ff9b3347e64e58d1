"""Classic checkpoints of a table's log, written by us: commits by the protocol bring none of Delta's.

*Source*: Delta protocol, "Checkpoints" and "Action Reconciliation". A checkpoint holds what all commits up to its
version come to; of removed files those that a reader may still miss. Tables of ours have actions of seven kinds; a log
with others is left without a checkpoint, since what is left out of one is lost.
"""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.engine.objects import Objects
from glue_jobs.engine.places import Place, place
from glue_jobs.engine.table_log import checkpoint_actions, commit_actions_of, newest_checkpoint
from tapehouse.errors import TerminalError, TransientError

_TEXTS: Final = pa.map_(pa.string(), pa.string())
_FILE: Final = [
    ("path", pa.string()),
    ("partitionValues", _TEXTS),
    ("size", pa.int64()),
    ("tags", _TEXTS),
    ("dataChange", pa.bool_()),
    ("stats", pa.string()),
    ("baseRowId", pa.int64()),
    ("defaultRowCommitVersion", pa.int64()),
]
_SCHEMA: Final = pa.schema(
    [
        ("txn", pa.struct([("appId", pa.string()), ("version", pa.int64()), ("lastUpdated", pa.int64())])),
        ("add", pa.struct([*_FILE, ("modificationTime", pa.int64()), ("clusteringProvider", pa.string())])),
        ("remove", pa.struct([*_FILE, ("deletionTimestamp", pa.int64()), ("extendedFileMetadata", pa.bool_())])),
        (
            "metaData",
            pa.struct(
                [
                    ("id", pa.string()),
                    ("name", pa.string()),
                    ("description", pa.string()),
                    ("format", pa.struct([("provider", pa.string()), ("options", _TEXTS)])),
                    ("schemaString", pa.string()),
                    ("partitionColumns", pa.list_(pa.string())),
                    ("configuration", _TEXTS),
                    ("createdTime", pa.int64()),
                ]
            ),
        ),
        (
            "protocol",
            pa.struct(
                [
                    ("minReaderVersion", pa.int32()),
                    ("minWriterVersion", pa.int32()),
                    ("readerFeatures", pa.list_(pa.string())),
                    ("writerFeatures", pa.list_(pa.string())),
                ]
            ),
        ),
        (
            "domainMetadata",
            pa.struct([("domain", pa.string()), ("configuration", pa.string()), ("removed", pa.bool_())]),
        ),
    ]
)
_DERIVED: Final = frozenset({"stats_parsed", "partitionValues_parsed"})
"""What Delta's own checkpoints say of a file twice: the same as ``stats`` and ``partitionValues``."""
_OF_ONE_COMMIT: Final = frozenset({"commitInfo", "cdc", "checkpointMetadata"})
"""Kinds of actions that no checkpoint holds."""


def write_checkpoint(uri: str, version: int, *, removed_since_ms: int) -> int:
    """Write the checkpoint of a version that the log has; the number of its actions.

    Raises:
        TransientError: the log has lost a commit that is needed; a later version's may do.
        TerminalError: the log has an action that this does not know.
    """
    at = place(uri)
    state = _State()
    begun = newest_checkpoint(at)
    if begun is not None and begun <= version:
        state.take(checkpoint_actions(at, begun, _SCHEMA.names), uri)
    else:
        begun = -1
    for each in range(begun + 1, version + 1):
        actions = commit_actions_of(at, each)
        if actions is None:
            raise TransientError(f"{uri}: version {each} is not in the log, so there is no checkpoint of {version}")
        state.take(actions, uri)
    rows = list(state.actions(removed_since_ms))
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), sink, compression="snappy", store_schema=False)
    at.write(f"_delta_log/{version:020d}.checkpoint.parquet", sink.getvalue())
    _point(at, version, len(rows))
    return len(rows)


def _point(at: Place, version: int, size: int) -> None:
    """Say that this is the newest checkpoint, never in the place of a newer one: what that stands for may be gone."""
    name, content = "_delta_log/_last_checkpoint", json.dumps({"version": version, "size": size}).encode()
    if not at.is_bucket:
        at.delete("_delta_log/._last_checkpoint.crc")  # Spark's sum of the one that it wrote
        at.write(name, content)
        return
    objects = Objects(at.uri)
    there = objects.get(name)
    if there is None or _version_in(there.content) < version:
        objects.put(name, content, replaces=None if there is None else there.etag)


def _version_in(pointer: bytes) -> int:
    try:
        return int(json.loads(pointer)["version"])
    except (ValueError, KeyError, TypeError):
        return -1


def _told_once(body: dict[str, Any]) -> dict[str, Any]:
    """Without what is derived from the rest; statistics that are told in no other way stay, and are not known."""
    if body.get("stats_parsed") is not None and body.get("stats") is None:
        return body
    return {name: held for name, held in body.items() if name not in _DERIVED}


class _State:
    """What a run of actions comes to: of each thing the newest word."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, Any]] = {}

    def take(self, actions: Iterable[Mapping[str, Any]], uri: str) -> None:
        for action in actions:
            for kind, body in action.items():
                if kind in _OF_ONE_COMMIT:
                    continue
                known = {each.name for each in _SCHEMA.field(kind).type} if kind in _SCHEMA.names else set()
                body = _told_once(body)  # noqa: PLW2901
                unknown = [name for name, held in body.items() if held is not None and name not in known]
                if unknown:
                    raise TerminalError(
                        f"{uri}: the log has {kind} with {', '.join(unknown)}: no checkpoint is written"
                    )
                self._take(kind, body)

    def _take(self, kind: str, body: dict[str, Any]) -> None:
        match kind:
            case "add" | "remove":
                path = unquote(body["path"])
                self._held.pop(("remove" if kind == "add" else "add", path), None)
                self._held[kind, path] = {**body, "dataChange": False}
            case "txn":
                self._held[kind, body["appId"]] = body
            case "domainMetadata":
                self._held[kind, body["domain"]] = body
            case _:
                self._held[kind, ""] = body

    def actions(self, removed_since_ms: int) -> Iterable[dict[str, Any]]:
        for (kind, _), body in self._held.items():
            if kind == "remove" and (body.get("deletionTimestamp") or 0) < removed_since_ms:
                continue
            if kind == "domainMetadata" and body.get("removed"):
                continue
            yield {kind: body}
