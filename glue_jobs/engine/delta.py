"""Tables as they are declared: made, given what was declared since, and read by Spark as of one version.

Delta itself does this by SQL at home; on S3 it is done by the log's protocol, since only so no two drivers commit one
version (see ``transaction``). What a table's newest commit of ours carries is repeated by each of these commits, so
that a position in it is never buried; none of them counts as a turn.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from delta.tables import DeltaTable, DeltaTableBuilder
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.engine.declared import anew, brought_up_to_date, creation, properties
from glue_jobs.engine.places import Place, place
from glue_jobs.engine.table_log import TableLog, TableState, has_commits
from glue_jobs.engine.transaction import LostRaceError, commit_by_protocol, is_conflict
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.tables import Column, Table

log = logs.of(__name__)

USER_METADATA: Final = "spark.databricks.delta.commitInfo.userMetadata"

_TRIES_ON_S3: Final = 5
_ENSURING: Final = threading.Lock()
"""What a commit carries is a setting of the session while a table is changed: one change at a time."""
_HALF_MADE: Final = frozenset({"DELTA_TABLE_NOT_FOUND", "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION"})
"""What Delta calls a folder in which another creation has begun: it may still be running, or was killed."""


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
    if at.is_bucket:
        _ensure_on_s3(table_log)
        return
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


def _ensure_on_s3(table_log: TableLog) -> None:
    """Raises LostRaceError where another writer was first each time."""
    for _ in range(_TRIES_ON_S3):
        state = table_log.state()
        table, uri, now_ms = state.table, state.uri, time.time_ns() // 1_000_000
        body = None if state.metadata is None else json.dumps(state.metadata, separators=(",", ":"))
        if not state.is_there:
            actions, operation, said = creation(table, uri, now_ms=now_ms), "CREATE TABLE", "table_created"
        elif _is_filed_otherwise(state):
            # What its newest commit carried says what was in it: now nothing is.
            body = json.dumps({"turn": state.turn})
            actions, operation, said = anew(state, now_ms=now_ms), "REPLACE TABLE", "table_made_anew"
        else:
            missing = _missing(state)
            if not missing and properties(table, uri).items() <= state.properties.items():
                return
            actions, operation, said = [brought_up_to_date(state, missing)], "SET TBLPROPERTIES", "table_brought_up"
        if commit_by_protocol(uri, actions, version=state.version, body=body, operation=operation):
            log.info(said, table=table.name, uri=uri)
            return
    raise LostRaceError(table_log.table.name, table_log.state().turn)


def _missing(state: TableState) -> Sequence[Column]:
    """The columns that were declared since. Raises TerminalError where one may not be null."""
    table = state.table
    missing = [column for column in table.columns if column.name not in state.columns]
    if not all(column.nullable for column in missing):
        names = ", ".join(column.name for column in missing)
        told = f"{state.uri}: {table.name} was made without {names}."
        raise TerminalError(f"{told} Take another lake, or remove the table.")
    return missing


def _bring_up_to_date(spark: SparkSession, state: TableState) -> None:
    table, uri = state.table, state.uri
    missing = _missing(state)
    if missing:
        described = ", ".join(f"`{c.name}` {c.type} COMMENT {json.dumps(c.comment)}" for c in missing)
        with repeating(spark, state.metadata):
            spark.sql(f"ALTER TABLE delta.`{uri}` ADD COLUMNS ({described})")
        for column in missing:
            log.warning("column_added", table=table.name, column=column.name, note="`tapehouse rebuild` fills it")
    wanted = properties(table, uri)
    if wanted.items() <= state.properties.items():
        return
    told = ", ".join(f"'{name}' = '{value}'" for name, value in wanted.items())
    try:
        with repeating(spark, state.metadata):
            spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ({told})")
    except (PySparkException, Py4JJavaError) as error:
        if not is_conflict(error):
            raise
        log.info("properties_later", table=table.name, note="another writer was first; the next process sets them")


def _is_filed_otherwise(state: TableState) -> bool:
    return state.table.layer == "gold" and state.partition_by != state.table.partition_by


def _remake(spark: SparkSession, state: TableState) -> None:
    table, uri = state.table, state.uri
    log.warning("table_made_anew", table=table.name, uri=uri, note="it was filed otherwise; it is computed from silver")
    # What its newest commit carried says what was in it: now nothing is.
    with repeating(spark, {"turn": state.turn}):
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


def read(spark: SparkSession, state: TableState) -> DataFrame:
    """The table as of the state, whatever others commit meanwhile."""
    return spark.read.format("delta").option("versionAsOf", state.version).load(state.uri)


@contextmanager
def repeating(spark: SparkSession, metadata: Mapping[str, Any] | None) -> Iterator[None]:
    """Commits made inside carry this: what the newest one of ours does."""
    if metadata is not None:
        spark.conf.set(USER_METADATA, json.dumps(metadata, separators=(",", ":")))
    try:
        yield
    finally:
        spark.conf.unset(USER_METADATA)
