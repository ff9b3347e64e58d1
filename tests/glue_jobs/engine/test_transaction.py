"""Commits of files beside Spark's own: each reads what the other wrote, and of two writers one wins."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.engine import LostRaceError, Steps, Workspace
from glue_jobs.engine.files import add_action
from glue_jobs.engine.table_log import TableLog
from glue_jobs.engine.transaction import commit_actions
from glue_jobs.engine.upkeep import Upkeep
from tapehouse.lake import Lake
from tapehouse.tables import BRONZE_TRADES, SILVER_TRADES
from tests.glue_jobs import by_spark
from tests.glue_jobs.engine.test_table_log import AT, COORDINATES, put, trades
from tests.glue_jobs.tables_on_disk import rows_of

pytestmark = pytest.mark.spark


@pytest.fixture
def workspace(spark: SparkSession, lake: Lake) -> Workspace:
    made = Workspace(spark, lake, Steps())
    made.ensure([SILVER_TRADES])
    return made


def aware(row: dict[str, Any]) -> dict[str, Any]:
    """Spark gives timestamps in the machine's own time, without saying so."""
    return {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.items()}


def ids(spark: SparkSession, workspace: Workspace) -> list[str]:
    return sorted(row["trade_id"] for row in workspace.read(SILVER_TRADES).select("trade_id").collect())


def test_spark_reads_what_was_committed_as_files(spark: SparkSession, workspace: Workspace) -> None:
    for number in range(12):  # past a checkpoint
        put(workspace, number, note=number)
    rows = workspace.read(SILVER_TRADES).orderBy("trade_number").collect()
    assert [aware(row.asDict()) for row in rows] == trades(*range(12)).to_pylist()
    fresh = TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state()
    assert (fresh.version, fresh.turn, fresh.rows, fresh.metadata) == (12, 12, 12, {"note": 11, "turn": 12})


def test_spark_reads_a_log_of_hundreds_of_commits_and_our_checkpoints(
    spark: SparkSession, workspace: Workspace
) -> None:
    """From a thread, as the loops commit: it has no session of Spark's own, and must not need one."""
    upkeep, every = Upkeep(workspace, [SILVER_TRADES]), SILVER_TRADES.upkeep.checkpoint_every

    def work() -> None:
        for number in range(2 * every + 5):
            put(workspace, number, note=number)
            upkeep.step()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    state = TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state()
    assert (state.turn, state.rows) == (2 * every + 5, 2 * every + 5)
    assert ids(spark, workspace) == sorted(map(str, range(2 * every + 5)))
    log = Path(workspace.uri(SILVER_TRADES)) / "_delta_log"
    first, second = sorted(int(path.name.split(".")[0]) for path in log.glob("*.checkpoint.parquet"))
    assert every <= first < 2 * every <= second


def test_files_and_frames_follow_on_each_other(spark: SparkSession, workspace: Workspace) -> None:
    put(workspace, 1)
    base = TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state()
    two = spark.createDataFrame(trades(2).to_pylist(), SILVER_TRADES.schema_ddl)
    by_spark.append(two, base)
    assert (workspace.state(SILVER_TRADES).turn, workspace.state(SILVER_TRADES).rows) == (2, 2)
    put(workspace, 3)
    by_spark.optimize(spark, TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state())
    state = workspace.state(SILVER_TRADES)
    assert (state.turn, len(state.files), state.rows) == (3, 1, 3)
    with pytest.raises(LostRaceError):
        by_spark.append(two, base)
    put(workspace, 5)
    assert ids(spark, workspace) == ["1", "2", "3", "5"]


def test_spark_reads_what_was_merged(spark: SparkSession, workspace: Workspace) -> None:
    upkeep = Upkeep(workspace, [SILVER_TRADES])
    for number in range(12):
        put(workspace, number, note=number)
    assert upkeep.step()
    assert len(workspace.state(SILVER_TRADES).files) == 1
    put(workspace, 12, note=12)
    rows = workspace.read(SILVER_TRADES).orderBy("trade_number").collect()
    assert [aware(row.asDict()) for row in rows] == trades(*range(13)).to_pylist()
    found = TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state()
    assert (found.turn, found.metadata) == (13, {"note": 12, "turn": 13})


def test_statistics_let_spark_skip_files(spark: SparkSession, workspace: Workspace) -> None:
    for number in (1, 2, 3):
        put(workspace, number)
    near = workspace.read(SILVER_TRADES).where("event_time_us = 2000000")
    assert files_read(near) == 1
    assert files_read(workspace.read(SILVER_TRADES)) == 3


def files_read(frame: DataFrame) -> int:
    """Of the plan that Delta has pruned: how many files it will open."""
    plan: Any = frame._jdf.queryExecution().optimizedPlan()  # type: ignore[operator, unused-ignore]
    return int(plan.collectLeaves().head().relation().location().preparedScan().files().size())


def test_of_two_that_saw_the_same_version_one_commits(spark: SparkSession, workspace: Workspace, lake: Lake) -> None:
    other = Workspace(spark, lake, Steps())
    base = other.state(SILVER_TRADES)
    put(workspace, 1)
    with pytest.raises(LostRaceError):
        other.commit(base, add=[other.stage(SILVER_TRADES, trades(2))])
    assert ids(spark, workspace) == ["1"]


def test_a_version_is_given_once(workspace: Workspace) -> None:
    uri = workspace.uri(SILVER_TRADES)
    action = add_action(workspace.stage(SILVER_TRADES, trades(1)))
    assert commit_actions(uri, [action], version=0)
    assert not commit_actions(uri, [action], version=0)


def test_a_partition_is_read_from_the_log(spark: SparkSession, workspace: Workspace) -> None:
    workspace.ensure([BRONZE_TRADES])
    rows = rows_of(
        BRONZE_TRADES,
        [
            {
                "payload": b"{}",
                "partition_key": "k",
                "arrival_time": AT,
                "ingested_at": AT,
                "arrival_date": AT.date(),
                **COORDINATES,
            }
        ],
    )
    file = workspace.stage(BRONZE_TRADES, rows, partition={"arrival_date": AT.date()})
    workspace.commit(workspace.state(BRONZE_TRADES), add=[file])
    state = workspace.state(BRONZE_TRADES)
    assert workspace.rows(state, state.files).equals(rows)
    (read,) = workspace.read(BRONZE_TRADES).collect()
    assert aware(read.asDict()) == rows.to_pylist()[0]
