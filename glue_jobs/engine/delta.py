"""Commits to Delta tables that know what they were based on.

Each table of ours counts its commits of data in a *turn*: a commit made on turn n carries the Delta transaction
(``TXN_APP``, n + 1) and, in its user metadata, the turn, a token and whatever its writer wants to find again. Delta
lets one such transaction in: of two writers that read the same turn, one commits, and the other learns that it lost
and starts again from what is there now. Commits in between that move no data (OPTIMIZE) repeat the metadata and do
not count. (The table's *version* would not do as the counter: an OPTIMIZE between plan and commit raises it, and a
third writer could then commit the same plan once more.)
"""

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from glue_jobs.engine.table_log import LOOK_BACK, TXN_APP
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


def ensure(spark: SparkSession, table: Table, uri: str, *, patience_s: float = 20.0) -> None:
    """Create the table from its declaration where it is not there yet, and give it columns that were declared since.

    Safe to run again and by two at once. Raises TerminalError where a column that may not be null is missing.

    A creation that was killed half-way leaves a log without a commit, which Delta neither reads nor creates over. It
    is cleared away, but not before ``patience_s``: another creation may just be running.
    """
    if exists(spark, uri):
        _add_missing(spark, table, uri)
        return
    try:
        _create(spark, table, uri)
    except (PySparkException, Py4JJavaError) as error:
        deadline = time.monotonic() + patience_s
        while not exists(spark, uri):  # of two creations at once, one fails
            if time.monotonic() >= deadline:
                if not isinstance(error, AnalysisException) or error.getCondition() not in _HALF_MADE:
                    raise
                _clear_half_made(spark, uri)
                _create(spark, table, uri)
                return
            time.sleep(min(0.5, patience_s))


def _add_missing(spark: SparkSession, table: Table, uri: str) -> None:
    # The snapshot that ``exists`` has just looked at: asking the log anew would cost each pass a listing a table.
    there = set(_delta_log(spark, uri).unsafeVolatileSnapshot().metadata().schema().fieldNames())
    missing = [column for column in table.columns if column.name not in there]
    if not missing:
        return
    if not all(column.nullable for column in missing):
        names = ", ".join(column.name for column in missing)
        raise TerminalError(f"{uri}: {table.name} was made without {names}. Take another lake, or remove the table.")
    described = ", ".join(f"`{c.name}` {c.type} COMMENT {json.dumps(c.comment)}" for c in missing)
    spark.sql(f"ALTER TABLE delta.`{uri}` ADD COLUMNS ({described})")
    for column in missing:
        log.warning("column_added", table=table.name, column=column.name, note="`tapehouse rebuild` fills it")


def _create(spark: SparkSession, table: Table, uri: str) -> None:
    builder = DeltaTable.createIfNotExists(spark).location(uri).comment(f"{table.grain}")
    for column in table.columns:
        builder = builder.addColumn(column.name, column.type, nullable=column.nullable, comment=column.comment)
    if table.partition_by:
        builder = builder.partitionedBy(*table.partition_by)
    if table.cluster_by:
        builder = builder.clusterBy(*table.cluster_by)
    builder.execute()
    log.info("table_created", table=table.name, uri=uri)


def _clear_half_made(spark: SparkSession, uri: str) -> None:
    """Remove a log that holds no commit, and only where nothing else is there. Raises TerminalError otherwise."""
    files, folder = _log_files(spark, uri)
    others = [status.getPath().getName() for status in files.listStatus(folder.getParent())]
    commits = [status.getPath().getName() for status in files.listStatus(folder)]
    if others != [folder.getName()] or any(name[:1].isdigit() for name in commits):
        raise TerminalError(f"{uri}: holds files, but is no table: {sorted(others)}. Move them away and run again.")
    log.warning("half_made_table_cleared", uri=uri, files=len(commits))
    files.delete(folder, True)


def exists(spark: SparkSession, uri: str) -> bool:
    """Whether a Delta table is there. Delta remembers for a while that there was none, so its log is asked too."""
    return bool(DeltaTable.isDeltaTable(spark, uri)) or int(_state(spark, _delta_log(spark, uri)).version()) >= 0


def read(spark: SparkSession, snapshot: Snapshot) -> DataFrame:
    """The table as of the snapshot, whatever others commit meanwhile."""
    return spark.read.format("delta").option("versionAsOf", snapshot.version).load(snapshot.uri)


def snapshot(spark: SparkSession, table: Table, uri: str) -> Snapshot:
    """Read what the table is now, by one small file of its log as a rule."""
    delta_log = _delta_log(spark, uri)
    state = _state(spark, delta_log)
    version = int(state.version())
    for commit in _commits_back(spark, uri, version, LOOK_BACK):
        if commit.metadata is not None and "turn" in commit.metadata:
            return Snapshot(table, uri, version, int(commit.metadata["turn"]), commit.metadata)
    recorded = state.transactions().get(TXN_APP)
    return Snapshot(table, uri, version, int(recorded.get()) if recorded.isDefined() else 0, None)


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
    spark = frame.sparkSession
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
    version = int(_state(spark, _delta_log(spark, base.uri)).version())
    # Delta skips a transaction that it has seen without a word: only our own token in the log proves the commit.
    for step, found in enumerate(_commits_back(spark, base.uri, version, version - base.version)):
        if found.metadata is not None and found.metadata.get("token") == token:
            return Snapshot(base.table, base.uri, version - step, turn, body, found.rows_written)
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


def _jvm(spark: SparkSession) -> Any:
    return spark._jvm  # type: ignore[attr-defined, unused-ignore]  # Delta's log has no Python interface


def _delta_log(spark: SparkSession, uri: str) -> Any:
    return _jvm(spark).org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, uri)


def _log_files(spark: SparkSession, uri: str) -> tuple[Any, Any]:
    """(the Hadoop file system of the table's log, the log's path)."""
    folder = _jvm(spark).org.apache.hadoop.fs.Path(uri, "_delta_log")
    return folder.getFileSystem(spark._jsparkSession.sessionState().newHadoopConf()), folder


def _state(spark: SparkSession, delta_log: Any) -> Any:
    none = _jvm(spark).scala.Option.empty()
    return delta_log.update(False, none, none)


@dataclass(frozen=True, slots=True)
class _Commit:
    """What one file of a table's log says of its commit."""

    metadata: Mapping[str, Any] | None
    """The user metadata, where it is a JSON object."""
    rows_written: int | None


def _commits_back(spark: SparkSession, uri: str, version: int, count: int) -> Iterator[_Commit]:
    """The newest ``count`` commits, newest first, until the log's oldest file."""
    jvm = _jvm(spark)
    files, folder = _log_files(spark, uri)
    for number in range(version, max(version - count, -1), -1):
        path = jvm.org.apache.hadoop.fs.Path(folder, f"{number:020d}.json")
        if not files.exists(path):
            return
        stream = files.open(path)
        try:
            text = jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
        finally:
            stream.close()
        yield _commit_of(text.splitlines())


def _commit_of(lines: Sequence[str]) -> _Commit:
    for line in lines:
        if '"commitInfo"' not in line:
            continue
        info = json.loads(line).get("commitInfo", {})
        rows = info.get("operationMetrics", {}).get("numOutputRows")
        try:
            body = json.loads(info.get("userMetadata") or "null")
        except ValueError:
            body = None
        return _Commit(body if isinstance(body, dict) else None, int(rows) if rows is not None else None)
    return _Commit(None, None)
