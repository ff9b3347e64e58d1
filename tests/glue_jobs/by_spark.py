"""Commits to a table by Spark itself, as the engine made them before it committed files: another writer, for tests.

Such a writer carries the Delta transaction of its turn and a token of its own in the user metadata. Delta skips a
transaction whose version it has seen, without a word: only the token in the log proves the commit.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from glue_jobs.engine.declared import properties
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TXN_APP, TableLog, TableState, commit_actions_of, commit_of
from glue_jobs.engine.transaction import LostRaceError
from tapehouse.tables import Table

USER_METADATA: Final = "spark.databricks.delta.commitInfo.userMetadata"
_CONFLICTS: Final = ("Concurrent", "DELTA_CONCURRENT", "FileAlreadyExists")
"""What Delta calls a commit that it refuses because another one was first."""


def create(spark: SparkSession, table: Table, uri: str) -> None:
    """The table as Delta's own builder makes it from the declaration."""
    builder = DeltaTable.createIfNotExists(spark).location(uri).comment(table.grain)
    for column in table.columns:
        builder = builder.addColumn(column.name, column.type, nullable=column.nullable, comment=column.comment)
    if table.partition_by:
        builder = builder.partitionedBy(*table.partition_by)
    if table.cluster_by:
        builder = builder.clusterBy(*table.cluster_by)
    for name, value in properties(table, uri).items():
        builder = builder.property(name, value)
    builder.execute()


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
    with _repeating(spark, base.metadata):
        DeltaTable.forPath(spark, base.uri).optimize().executeCompaction()


def vacuum(spark: SparkSession, base: TableState, *, retention_h: float = 168) -> None:
    """Remove files that no version of the last ``retention_h`` hours needs. Its log entries repeat the metadata too."""
    with _repeating(spark, base.metadata):
        DeltaTable.forPath(spark, base.uri).vacuum(retention_h)


def _commit(writer: DataFrameWriter, base: TableState, metadata: Mapping[str, Any] | None) -> TableState:
    token = uuid.uuid4().hex
    turn = base.turn + 1
    body = {**(metadata or {}), "turn": turn, "token": token}
    options = {"txnAppId": TXN_APP, "txnVersion": str(turn), "userMetadata": json.dumps(body, separators=(",", ":"))}
    try:
        writer.format("delta").options(**options).save(base.uri)
    except (PySparkException, Py4JJavaError) as error:
        if any(word in str(error) for word in _CONFLICTS):
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


@contextmanager
def _repeating(spark: SparkSession, metadata: Mapping[str, Any] | None) -> Iterator[None]:
    """Commits made inside carry this: what the newest one of ours does."""
    if metadata is not None:
        spark.conf.set(USER_METADATA, json.dumps(metadata, separators=(",", ":")))
    try:
        yield
    finally:
        spark.conf.unset(USER_METADATA)
