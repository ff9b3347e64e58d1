"""Commits of files beside Spark's own: each reads what the other wrote, and of two writers one wins."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from py4j.protocol import Py4JNetworkError
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.engine import LostRaceError, Steps, Workspace, transaction
from glue_jobs.engine.files import add_action
from glue_jobs.engine.table_log import TableLog
from glue_jobs.engine.transaction import commit_actions, commit_by_protocol
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


def test_another_delta_is_committed_to_by_the_protocol(
    spark: SparkSession, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise TypeError("'JavaPackage' object is not callable")

    monkeypatch.setattr(transaction, "_missing", set())
    monkeypatch.setattr(transaction, "_begin", unknown)
    put(workspace, 1)
    put(workspace, 2)
    assert transaction._missing == {"transaction"}
    monkeypatch.undo()
    put(workspace, 3)
    assert ids(spark, workspace) == ["1", "2", "3"]
    found = TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state()
    assert (found.turn, found.version) == (3, 3)


def test_the_protocol_gives_a_version_once(workspace: Workspace) -> None:
    uri = workspace.uri(SILVER_TRADES)
    action = add_action(workspace.stage(SILVER_TRADES, trades(1)))
    assert commit_by_protocol(uri, [action], version=0, body=None)
    assert not commit_by_protocol(uri, [action], version=0, body=None)


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
    state = workspace.commit(workspace.state(BRONZE_TRADES), add=[file])
    assert workspace.rows(state, state.files).equals(rows)
    (read,) = workspace.read(BRONZE_TRADES).collect()
    assert aware(read.asDict()) == rows.to_pylist()[0]


@pytest.mark.parametrize("adds", [True, False])
def test_of_two_transactions_on_one_version_one_commits(spark: SparkSession, workspace: Workspace, adds: bool) -> None:
    """Both add other rows, or none at all: Delta alone would let the second step over the first."""
    uri = workspace.uri(SILVER_TRADES)

    def begun(number: int) -> Any:
        actions = [add_action(workspace.stage(SILVER_TRADES, trades(number)))] if adds else []
        actions = [*actions, {"txn": {"appId": "tapehouse", "version": 1, "lastUpdated": 0}}]
        found = transaction._begin(spark, uri, actions, version=0, body=f'{{"turn":1,"by":{number}}}')
        assert found is not None
        return found

    one, other = begun(1), begun(2)
    assert (one.commit(), other.commit()) == (True, False)
    assert workspace.state(SILVER_TRADES).metadata == {"turn": 1, "by": 1}


def test_a_commit_that_stands_is_done_whatever_failed_after_it(
    spark: SparkSession, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = transaction._begin

    def failing_after(*told: Any, **named: Any) -> Any:
        begun = begin(*told, **named)
        assert begun is not None

        def run() -> None:
            begun.run()
            jvm: Any = spark._jvm  # type: ignore[attr-defined, unused-ignore]
            jvm.java.util.ArrayList().get(1)

        return replace(begun, run=run)

    monkeypatch.setattr(transaction, "_begin", failing_after)
    put(workspace, 1)
    put(workspace, 2)
    assert ids(spark, workspace) == ["1", "2"]
    assert workspace.state(SILVER_TRADES).turn == 2


def test_a_jvm_that_is_gone_is_no_other_delta(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise Py4JNetworkError("the connection is gone")

    monkeypatch.setattr(transaction, "_missing", set())
    monkeypatch.setattr(transaction, "_begin", gone)
    with pytest.raises(Py4JNetworkError):
        put(workspace, 1)
    assert not transaction._missing


def test_an_error_of_delta_is_none_of_a_lost_race(spark: SparkSession, workspace: Workspace) -> None:
    uri = workspace.uri(SILVER_TRADES)
    with pytest.raises(Exception, match="Action"):
        commit_actions(spark, uri, [{"nonsense": {"a": 1}}], version=0, turn=None, metadata=None)
