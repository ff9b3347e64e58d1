"""Checkpoints that we write: Spark reads them as its own, and nothing that this does not know is left out of one."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_jobs.engine import Steps, Workspace
from glue_jobs.engine.checkpoints import write_checkpoint
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TableLog, newest_checkpoint
from tapehouse.errors import TerminalError, TransientError
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_TRADES
from tests.glue_jobs import by_spark
from tests.glue_jobs.engine.test_table_log import put, trades
from tests.glue_jobs.tables_on_disk import without_spark


@pytest.fixture
def workspace(lake: Lake) -> Workspace:
    return without_spark(lake, [SILVER_TRADES])


def drop_commits(workspace: Workspace, below: int) -> None:
    for version in range(below):
        (Path(workspace.uri(SILVER_TRADES)) / "_delta_log" / f"{version:020d}.json").unlink()


def test_a_checkpoint_holds_what_its_commits_come_to(workspace: Workspace) -> None:
    uri = workspace.uri(SILVER_TRADES)
    for number in range(4):
        put(workspace, number, note=number)
    base = workspace.state(SILVER_TRADES)
    workspace.commit(base, remove=base.files[:2], metadata={"note": "removed"})
    state = workspace.state(base.table)
    write_checkpoint(uri, 3, removed_since_ms=0)
    write_checkpoint(uri, 5, removed_since_ms=0)  # on top of the one before
    drop_commits(workspace, 5)
    fresh = TableLog(SILVER_TRADES, uri)
    found = fresh.state()
    assert sorted(found.files, key=lambda file: file.path) == sorted(state.files, key=lambda file: file.path)
    assert (found.version, found.turn, found.metadata) == (5, 5, {"note": "removed", "turn": 5})
    assert (found.table_id, found.columns) == (state.table_id, SILVER_TRADES.column_names)
    version, removed = fresh.removed_before()
    assert (version, {each.path for each in removed}) == (5, {each.path for each in base.files[:2]})


def test_what_was_removed_long_ago_is_in_no_checkpoint(workspace: Workspace) -> None:
    put(workspace, 1)
    base = workspace.state(SILVER_TRADES)
    workspace.commit(base, remove=base.files)
    write_checkpoint(workspace.uri(SILVER_TRADES), 2, removed_since_ms=2**62)
    assert TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).removed_before() == (2, [])


def test_a_log_with_a_hole_gets_no_checkpoint(workspace: Workspace) -> None:
    put(workspace, 1)
    drop_commits(workspace, 1)
    with pytest.raises(TransientError, match="version 0 is not in the log"):
        write_checkpoint(workspace.uri(SILVER_TRADES), 1, removed_since_ms=0)


@pytest.mark.parametrize(
    "action", [{"sidecar": {"path": "p"}}, {"add": {"path": "p", "deletionVector": {"storageType": "u"}}}], ids=str
)
def test_what_this_does_not_know_is_never_left_out(workspace: Workspace, action: dict[str, Any]) -> None:
    log = Path(workspace.uri(SILVER_TRADES)) / "_delta_log"
    (log / f"{1:020d}.json").write_text(json.dumps(action))
    with pytest.raises(TerminalError, match=r"(sidecar|add) with .*: no checkpoint is written"):
        write_checkpoint(workspace.uri(SILVER_TRADES), 1, removed_since_ms=0)
    assert not list(log.glob("*checkpoint*"))


@pytest.mark.spark
def test_spark_reads_ours_as_its_own(spark: SparkSession, lake: Lake) -> None:
    """A table as Delta makes it, with clustering; then commits and a checkpoint by the protocol."""
    workspace = Workspace(spark, lake, Steps())
    by_spark.create(spark, SILVER_TRADES, workspace.uri(SILVER_TRADES))
    for number in range(12):
        put(workspace, number, note=number)
    base = workspace.state(SILVER_TRADES)
    workspace.commit(base, remove=base.files[:2], metadata={"note": "removed"})
    write_checkpoint(base.uri, 13, removed_since_ms=0)
    drop_commits(workspace, 13)
    jvm: Any = spark._jvm  # type: ignore[attr-defined, unused-ignore]
    jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    read = spark.read.format("delta").load(base.uri)
    assert sorted(int(row["trade_id"]) for row in read.select("trade_id").collect()) == list(range(2, 12))
    (detail,) = spark.sql(f"DESCRIBE DETAIL delta.`{base.uri}`").collect()
    assert detail["clusteringColumns"] == list(SILVER_TRADES.cluster_by)
    frame = spark.createDataFrame(trades(100).to_pylist(), SILVER_TRADES.schema_ddl)
    by_spark.append(frame, TableLog(SILVER_TRADES, base.uri).state())
    put(workspace, 101)
    assert workspace.state(SILVER_TRADES).turn == 15
    assert spark.read.format("delta").load(base.uri).count() == 12


@pytest.mark.spark
def test_a_table_of_deltas_own_goes_on_by_the_protocol(spark: SparkSession, lake: Lake) -> None:
    """Delta's commits and Delta's checkpoint, and then ours upon them."""
    workspace = Workspace(spark, lake, Steps())
    uri = workspace.uri(SILVER_TRADES)
    by_spark.create(spark, SILVER_TRADES, uri)
    spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ('delta.checkpointInterval' = '2')")
    for number in range(4):
        frame = spark.createDataFrame(trades(number).to_pylist(), SILVER_TRADES.schema_ddl)
        by_spark.append(frame, TableLog(SILVER_TRADES, uri).state())
    theirs = newest_checkpoint(place(uri))
    assert theirs is not None
    workspace.ensure([SILVER_TRADES])
    for number in range(4, 7):
        put(workspace, number)
    version = workspace.state(SILVER_TRADES).version
    write_checkpoint(uri, version, removed_since_ms=0)
    assert newest_checkpoint(place(uri)) == version > theirs
    assert not (Path(uri) / "_delta_log" / "._last_checkpoint.crc").exists()
    fresh = TableLog(SILVER_TRADES, uri).state()
    assert (fresh.rows, fresh.turn, len(fresh.files)) == (7, 7, 7)
    assert all(file.low for file in fresh.files)
    found = sorted(int(row["trade_id"]) for row in spark.read.format("delta").load(uri).select("trade_id").collect())
    assert found == list(range(7))
