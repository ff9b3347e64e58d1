"""Commits of files to a Delta table, by the log's public protocol: the next version's file, put where none is yet.

Of two writers on one version one gets it, and the other learns that it lost: a folder links a finished file to the name
and refuses where one is, and S3 refuses a conditional PUT. Delta itself is not asked: its log store on S3 looks whether
the file is there and then puts it in any case, so a driver that is paused between the two writes over another's commit;
and in a process that lives for hours its transaction computes the table's whole state after each commit.
"""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from glue_jobs.engine.files import dumps
from glue_jobs.engine.objects import Objects
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TXN_APP
from tapehouse.errors import TransientError


class LostRaceError(TransientError):
    """Another writer committed to the table since it was read. Nothing was written; read again and repeat."""

    def __init__(self, table: str, turn: int) -> None:
        super().__init__(table, turn)
        self.table = table
        self.turn = turn

    def __str__(self) -> str:
        return f"{self.table}: another writer committed after turn {self.turn}; nothing was written, try again"


def commit_actions(
    uri: str,
    actions: Sequence[Mapping[str, Any]],
    *,
    version: int,
    turn: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    operation: str = "WRITE",
) -> bool:
    """One commit of the log's actions on top of ``version`` (-1: of a new table), with the metadata.

    ``turn``: the number that the commit gets, one above the table's; None for one that counts none. Returns False where
    another writer was first: nothing was written.

    *Source*: Delta protocol, "Delta Log Entries": a version belongs to the writer that puts its file first.

    Raises:
        LakehouseError: S3 does not take it now (Transient; it may have been written), or not at all (Terminal).
    """
    now_ms = time.time_ns() // 1_000_000
    info: dict[str, Any] = {
        "timestamp": now_ms,
        "operation": operation,
        "operationParameters": {"mode": "Append"} if operation == "WRITE" else {},
        "isolationLevel": "Serializable",
        "isBlindAppend": False,
        "engineInfo": "tapehouse",
        "txnId": str(uuid.uuid4()),
    }
    if version >= 0:
        info["readVersion"] = version
    if metadata is not None:
        info["userMetadata"] = json.dumps(metadata, separators=(",", ":"))
    said: list[Mapping[str, Any]] = [{"commitInfo": info}, *actions]
    if turn is not None:
        said.append({"txn": {"appId": TXN_APP, "version": turn, "lastUpdated": now_ms}})
    at, name, content = place(uri), f"_delta_log/{version + 1:020d}.json", "\n".join(map(dumps, said)).encode()
    if at.is_bucket:
        return Objects(uri).put(name, content, replaces=None) is not None
    return at.write_first(name, content)
