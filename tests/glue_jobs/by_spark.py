"""Commits to a table by Spark itself, as the engine made them before it committed files: another writer, for tests.

Such a writer carries the Delta transaction of its turn and a token of its own in the user metadata. Delta skips a
transaction whose version it has seen, without a word: only the token in the log proves the commit.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from glue_jobs.engine.delta import repeating
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TXN_APP, TableLog, TableState, commit_actions_of, commit_of
from glue_jobs.engine.transaction import LostRaceError, is_conflict


def append(frame: DataFrame, base: TableState, *, metadata: Mapping[str, Any] | None = None) -> TableState:
    """Add the rows in one commit on top of ``base``.

    Raises:
        LostRaceError: somebody else committed since ``base`` was read; nothing was written.
    """
    return _commit(frame.write.mode("append"), base, metadata)


def replace(frame: DataFrame, base: TableState, *, metadata: Mapping[str, Any] | None = None) -> TableState:
    """Put ``frame`` in the place of all rows, in one commit.

    Raises:
        LostRaceError: somebody else committed since ``base`` was read; nothing was written.
    """
    return _commit(frame.write.mode("overwrite"), base, metadata)


def optimize(spark: SparkSession, base: TableState) -> None:
    """Compact the table's files. The commit repeats the metadata, so that a position in it is never buried."""
    with repeating(spark, base.metadata):
        DeltaTable.forPath(spark, base.uri).optimize().executeCompaction()


def vacuum(spark: SparkSession, base: TableState, *, retention_h: float = 168) -> None:
    """Remove files that no version of the last ``retention_h`` hours needs. Its log entries repeat the metadata too."""
    with repeating(spark, base.metadata):
        DeltaTable.forPath(spark, base.uri).vacuum(retention_h)


def _commit(writer: DataFrameWriter, base: TableState, metadata: Mapping[str, Any] | None) -> TableState:
    token = uuid.uuid4().hex
    turn = base.turn + 1
    body = {**(metadata or {}), "turn": turn, "token": token}
    options = {"txnAppId": TXN_APP, "txnVersion": str(turn), "userMetadata": json.dumps(body, separators=(",", ":"))}
    try:
        writer.format("delta").options(**options).save(base.uri)
    except (PySparkException, Py4JJavaError) as error:
        if is_conflict(error):
            raise LostRaceError(base.table.name, base.turn) from error
        raise
    # Delta skips a transaction that it has seen without a word: only our own token in the log proves the commit.
    at, version = place(base.uri), base.version + 1
    while (actions := commit_actions_of(at, version)) is not None:
        found = commit_of(version, actions)
        if found.metadata is not None and found.metadata.get("token") == token:
            return TableLog(base.table, base.uri).state()
        version += 1
    raise LostRaceError(base.table.name, base.turn)
