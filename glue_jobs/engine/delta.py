"""Commits to Delta tables that know what they were based on.

Each table of ours counts its commits of data in a *turn*: a commit made on turn n carries the Delta transaction
(``TXN_APP``, n + 1) and, in its user metadata, the turn, a token and whatever its writer wants to find again. Delta
lets one such transaction in: of two writers that read the same turn, one commits, and the other learns that it lost
and starts again from what is there now. Commits in between that move no data (OPTIMIZE) repeat the metadata and do
not count. (The table's *version* would not do as the counter: an OPTIMIZE between plan and commit raises it, and a
third writer could then commit the same plan once more.)
"""

import json
import math
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from delta.tables import DeltaTable, DeltaTableBuilder
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from glue_jobs.engine.places import Place, place
from glue_jobs.engine.table_log import (
    TXN_APP,
    TableLog,
    TableState,
    commit_actions_of,
    commit_of,
    has_commits,
)
from glue_jobs.engine.transaction import LostRaceError
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.tables import Table

log = logs.of(__name__)

__all__ = [
    "LostRaceError",
    "Snapshot",
    "append",
    "ensure",
    "exists",
    "optimize",
    "read",
    "replace",
    "snapshot",
    "vacuum",
]

USER_METADATA: Final = "spark.databricks.delta.commitInfo.userMetadata"

_ENSURING: Final = threading.Lock()
"""What a commit carries is a setting of the session while a table is changed: one change at a time."""
_HALF_MADE: Final = frozenset({"DELTA_TABLE_NOT_FOUND", "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION"})
"""What Delta calls a folder in which another creation has begun: it may still be running, or was killed."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a table was when it was read: the base of the next commit."""

    table: Table
    uri: str
    version: int
    turn: int
    """Commits of data so far; 0 for a table without any."""
    metadata: Mapping[str, Any] | None = field(default=None)
    """What the newest commit of ours carries; None where the log no longer tells."""
    rows_written: int | None = None
    """Rows that the commit wrote, where the snapshot is one's outcome."""


def ensure(
    spark: SparkSession, table: Table, uri: str, *, table_log: TableLog | None = None, patience_s: float = 20.0
) -> None:
    """Create the table from its declaration where it is not there yet, and give it columns that were declared since.

    Safe to run again and by two at once. Raises TerminalError where a column that may not be null is missing.
    ``table_log``: where it is followed already.

    A table of gold that was made with another partitioning is emptied and made anew: everything in it is computed from
    silver, and its query does that at once.

    A creation that was killed half-way leaves a log without a commit, which Delta neither reads nor creates over. It
    is cleared away, but not before ``patience_s``: another creation may just be running.
    """
    with _ENSURING:
        _ensure(spark, table, uri, table_log or TableLog(table, uri), patience_s)


def _ensure(spark: SparkSession, table: Table, uri: str, table_log: TableLog, patience_s: float) -> None:
    at = place(uri)
    if has_commits(at):
        state = table_log.state()
        if _is_filed_otherwise(state):
            _remake(spark, state)
        else:
            _bring_up_to_date(spark, state)
        return
    try:
        _create(spark, table, uri)
    except (PySparkException, Py4JJavaError) as error:
        deadline = time.monotonic() + patience_s
        while not has_commits(at):  # of two creations at once, one fails
            if time.monotonic() >= deadline:
                if not isinstance(error, AnalysisException) or error.getCondition() not in _HALF_MADE:
                    raise
                _clear_half_made(at)
                _create(spark, table, uri)
                return
            time.sleep(min(0.5, patience_s))


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


def _bring_up_to_date(spark: SparkSession, state: TableState) -> None:
    table, uri = state.table, state.uri
    missing = [column for column in table.columns if column.name not in state.columns]
    if not all(column.nullable for column in missing):
        names = ", ".join(column.name for column in missing)
        raise TerminalError(f"{uri}: {table.name} was made without {names}. Take another lake, or remove the table.")
    base = Snapshot(table, uri, state.version, state.turn, state.metadata)
    if missing:
        described = ", ".join(f"`{c.name}` {c.type} COMMENT {json.dumps(c.comment)}" for c in missing)
        with _repeating(spark, base):
            spark.sql(f"ALTER TABLE delta.`{uri}` ADD COLUMNS ({described})")
        for column in missing:
            log.warning("column_added", table=table.name, column=column.name, note="`tapehouse rebuild` fills it")
    wanted = properties(table, uri)
    if wanted.items() <= state.properties.items():
        return
    told = ", ".join(f"'{name}' = '{value}'" for name, value in wanted.items())
    try:
        with _repeating(spark, base):
            spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ({told})")
    except (PySparkException, Py4JJavaError) as error:
        if not _is_conflict(error):
            raise
        log.info("properties_later", table=table.name, note="another writer was first; the next process sets them")


def _is_filed_otherwise(state: TableState) -> bool:
    return state.table.layer == "gold" and state.partition_by != state.table.partition_by


def _remake(spark: SparkSession, state: TableState) -> None:
    table, uri = state.table, state.uri
    log.warning("table_made_anew", table=table.name, uri=uri, note="it was filed otherwise; it is computed from silver")
    # What its newest commit carried says what was in it: now nothing is.
    with _repeating(spark, Snapshot(table, uri, state.version, state.turn, {"turn": state.turn})):
        try:
            _build(spark, DeltaTable.replace(spark), table, uri)
        except (PySparkException, Py4JJavaError):
            if _is_filed_otherwise(TableLog(table, uri).state()):
                raise  # of two at once, one fails


def _create(spark: SparkSession, table: Table, uri: str) -> None:
    _build(spark, DeltaTable.createIfNotExists(spark), table, uri)
    log.info("table_created", table=table.name, uri=uri)


def _build(spark: SparkSession, builder: DeltaTableBuilder, table: Table, uri: str) -> None:
    builder = builder.location(uri).comment(f"{table.grain}")
    for column in table.columns:
        builder = builder.addColumn(column.name, column.type, nullable=column.nullable, comment=column.comment)
    if table.partition_by:
        builder = builder.partitionedBy(*table.partition_by)
    if table.cluster_by:
        builder = builder.clusterBy(*table.cluster_by)
    for name, value in properties(table, uri).items():
        builder = builder.property(name, value)
    builder.execute()


def _clear_half_made(at: Place) -> None:
    """Remove a log that holds no commit, and only where nothing else is there. Raises TerminalError otherwise."""
    found = [each.path.split("/") for each in at.listing(recursive=True)]
    if any(path[0] != "_delta_log" or path[-1][:1].isdigit() for path in found):
        names = sorted({path[0] for path in found})
        raise TerminalError(f"{at.uri}: holds files, but is no table: {names}. Move them away and run again.")
    log.warning("half_made_table_cleared", uri=at.uri, files=len(found))
    at.delete_folder("_delta_log")


def exists(_spark: SparkSession, uri: str) -> bool:
    """Whether a Delta table is there."""
    return has_commits(place(uri))


def read(spark: SparkSession, snapshot: Snapshot) -> DataFrame:
    """The table as of the snapshot, whatever others commit meanwhile."""
    return spark.read.format("delta").option("versionAsOf", snapshot.version).load(snapshot.uri)


def snapshot(_spark: SparkSession, table: Table, uri: str, *, table_log: TableLog | None = None) -> Snapshot:
    """What the table is now. ``table_log``: where it is followed already."""
    state = (table_log or TableLog(table, uri)).state()
    return Snapshot(table, uri, state.version, state.turn, state.metadata)


def append(frame: DataFrame, base: Snapshot, *, metadata: Mapping[str, Any] | None = None) -> Snapshot:
    """Add the rows in one commit on top of ``base``.

    Raises:
        LostRaceError: somebody else committed since ``base`` was read; nothing was written.
    """
    return _commit(frame, frame.write.mode("append"), base, metadata)


def replace(
    frame: DataFrame, base: Snapshot, *, where: str | None = None, metadata: Mapping[str, Any] | None = None
) -> Snapshot:
    """Put ``frame`` in the place of the rows that satisfy ``where`` (all rows without it), in one commit.

    Raises:
        LostRaceError: somebody else committed since ``base`` was read; nothing was written.
    """
    writer = frame.write.mode("overwrite")
    return _commit(frame, writer.option("replaceWhere", where) if where else writer, base, metadata)


def optimize(spark: SparkSession, base: Snapshot) -> None:
    """Compact the table's files. The commit repeats the metadata, so that a position in it is never buried."""
    with _repeating(spark, base):
        DeltaTable.forPath(spark, base.uri).optimize().executeCompaction()


def vacuum(spark: SparkSession, base: Snapshot, *, retention_h: float = 168) -> None:
    """Remove files that no version of the last ``retention_h`` hours needs. Its log entries repeat the metadata too."""
    with _repeating(spark, base):
        DeltaTable.forPath(spark, base.uri).vacuum(retention_h)


def _commit(frame: DataFrame, writer: DataFrameWriter, base: Snapshot, metadata: Mapping[str, Any] | None) -> Snapshot:
    token = uuid.uuid4().hex
    turn = base.turn + 1
    body = {**(metadata or {}), "turn": turn, "token": token}
    options = {"txnAppId": TXN_APP, "txnVersion": str(turn), "userMetadata": json.dumps(body, separators=(",", ":"))}
    try:
        writer.format("delta").options(**options).save(base.uri)
    except (PySparkException, Py4JJavaError) as error:
        if _is_conflict(error):
            raise LostRaceError(base.table.name, base.turn) from error
        raise
    # Delta skips a transaction that it has seen without a word: only our own token in the log proves the commit.
    at, version = place(base.uri), base.version + 1
    while (actions := commit_actions_of(at, version)) is not None:
        found = commit_of(version, actions)
        if found.metadata is not None and found.metadata.get("token") == token:
            return Snapshot(base.table, base.uri, version, turn, body, found.rows_written)
        version += 1
    raise LostRaceError(base.table.name, base.turn)


def _is_conflict(error: Exception) -> bool:
    text = str(error)
    return "Concurrent" in text or "DELTA_CONCURRENT" in text or "FileAlreadyExists" in text


@contextmanager
def _repeating(spark: SparkSession, base: Snapshot) -> Iterator[None]:
    """Commits made inside carry what the newest one of ours carries."""
    if base.metadata is not None:
        spark.conf.set(USER_METADATA, json.dumps(base.metadata, separators=(",", ":")))
    try:
        yield
    finally:
        spark.conf.unset(USER_METADATA)
