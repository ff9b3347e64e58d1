"""The loop beside real Spark and Delta: a backlog in tasks, faults in their workers, and what maintenance does."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from embedded.kinesis import Fault, KinesisServer
from glue_jobs.bronze import BronzeLoop, TurnLimits
from glue_jobs.engine import LostRaceError, Steps, Workspace
from glue_jobs.engine.table_log import TableLog
from tapehouse.errors import TransientError
from tapehouse.lake import Lake
from tapehouse.tables import BRONZE_TRADES
from tests.glue_jobs import by_spark

pytestmark = pytest.mark.spark

Put = Callable[[list[bytes]], None]
SPREAD = TurnLimits(look_records=50, settle_us=0)
"""More than a hundred records are a backlog for Spark."""


class Bronze:
    """bronze.trades of one lake, and loops that write it."""

    def __init__(self, spark: Any, lake: Lake, client: Any) -> None:
        self.spark, self.client, self.lake = spark, client, lake
        self.uri = lake.table_uri("bronze.trades")

    def loop(self, limits: TurnLimits = SPREAD, steps: Steps | None = None) -> BronzeLoop:
        workspace = Workspace(self.spark, self.lake, steps or Steps())
        return BronzeLoop(workspace, "trades", client=self.client, limits=limits)

    def payloads(self) -> list[bytes]:
        rows = self.spark.read.format("delta").load(self.uri).select("payload").collect()
        return sorted(bytes(row.payload) for row in rows)


@pytest.fixture
def bronze(spark: Any, lake: Lake, client: Any) -> Bronze:
    return Bronze(spark, lake, client)


def numbered(first: int, last: int) -> list[bytes]:
    return [b"record %06d" % number for number in range(first, last)]


def test_small_turns_and_a_backlog_in_tasks_give_each_record_once(bronze: Bronze, put: Put) -> None:
    loop = bronze.loop()
    put(numbered(0, 40))
    loop.drain()
    put(numbered(40, 2_000))
    turn = loop.turn()
    assert (turn.rows, turn.at_tip) == (1_960, True)
    loop.drain()
    assert bronze.payloads() == numbered(0, 2_000)
    rows = bronze.spark.read.format("delta").load(bronze.uri)
    assert (
        rows.schema.simpleString() == bronze.spark.createDataFrame([], BRONZE_TRADES.schema_ddl).schema.simpleString()
    )
    assert rows.select("shard_id", "sequence_number", "sub_sequence_number").distinct().count() == 2_000
    assert rows.where("arrival_date != to_date(arrival_time) OR ingested_at IS NULL").count() == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="throttle_calls", operations=("GetRecords", "GetShardIterator"), share=0.4, calls=20),
        Fault(kind="drop_calls", operations=("GetRecords",), share=0.4, calls=20),
        Fault(kind="fail_calls", operations=("GetRecords",), share=0.4, calls=20),
    ],
    ids=lambda fault: fault.kind,
)
def test_faults_in_the_workers_only_cost_time(bronze: Bronze, put: Put, kinesis: KinesisServer, fault: Fault) -> None:
    put(numbered(0, 1_000))
    loop = bronze.loop()
    loop._ws.ensure((BRONZE_TRADES,))
    kinesis.faults.add(fault)
    loop.drain()
    assert kinesis.faults.counters.get(f"faults.{fault.kind}"), "no fault hit"
    assert bronze.payloads() == numbered(0, 1_000)


def test_a_worker_that_cannot_read_is_a_transient_error_of_ours(
    bronze: Bronze, put: Put, kinesis: KinesisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not Spark's: such a one ended the loop, and run-app with it. What a shard gave before is kept."""
    put(numbered(0, 1_000))
    loop = bronze.loop()
    loop.turn()  # the workers are there
    put(numbered(1_000, 2_000))
    on_spark = loop._spread

    def refused(shares: Any) -> Any:
        kinesis.faults.add(Fault(kind="throttle_calls", operations=("GetShardIterator",)))
        try:
            return on_spark(shares)
        finally:
            kinesis.faults.clear()

    loop._spread = refused
    turn = loop.turn()
    assert turn.rows > 0, "what the driver had seen of each shard"
    assert [type(failure).__bases__ for failure in turn.failures] == [(TransientError,)] * 2
    loop._spread = on_spark
    loop.drain()
    assert bronze.payloads() == numbered(0, 2_000)


def test_a_worker_that_dies_is_a_transient_error_of_ours(bronze: Bronze, put: Put) -> None:
    put(numbered(0, 1_000))
    loop = bronze.loop()
    loop._client = Unknown(bronze.client)
    with pytest.raises(TransientError, match="next turn reads on"):
        loop.turn()
    loop._client = bronze.client
    loop.drain()
    assert bronze.payloads() == numbered(0, 1_000)


class Unknown:
    """A client whose address no worker can use: making its own client fails there."""

    class Meta:
        endpoint_url = "no address"
        region_name = "us-east-1"

    meta = Meta()

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_a_compaction_between_two_plans_lets_neither_in_twice(bronze: Bronze, put: Put) -> None:
    """With the table's version as the transaction's, the outer plan would be let in a second time here."""
    put(numbered(0, 10))
    bronze.loop().drain()
    put(numbered(10, 20))

    def compact_and_overtake(point: str) -> None:
        if point == "bronze.trades:before":
            by_spark.optimize(bronze.spark, TableLog(BRONZE_TRADES, bronze.uri).state())
            bronze.loop().turn()
            by_spark.optimize(bronze.spark, TableLog(BRONZE_TRADES, bronze.uri).state())

    with pytest.raises(LostRaceError):
        bronze.loop(steps=Steps(on_point=compact_and_overtake)).turn()
    assert bronze.payloads() == numbered(0, 20)


def test_the_position_survives_optimize_vacuum_and_log_clean_up(
    bronze: Bronze, put: Put, tmp_path: Any, caplog: Any
) -> None:
    spark = bronze.spark
    for number in range(3):
        put(numbered(number * 10, number * 10 + 10))
        bronze.loop().drain()
    by_spark.optimize(spark, TableLog(BRONZE_TRADES, bronze.uri).state())
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    try:
        by_spark.vacuum(spark, TableLog(BRONZE_TRADES, bronze.uri).state(), retention_h=0)
    finally:
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    jvm_log = spark._jvm.org.apache.spark.sql.delta.DeltaLog
    jvm_log.forTable(spark._jsparkSession, bronze.uri).checkpoint()
    for commit in sorted((tmp_path / "lake" / "bronze" / "trades" / "_delta_log").glob("*.json"))[:-1]:
        commit.unlink()  # what the log's clean-up leaves below a checkpoint
    jvm_log.clearCache()
    with caplog.at_level(logging.WARNING):
        put(numbered(30, 40))
        bronze.loop().drain()
    assert "position_not_in_log" not in caplog.text
    assert bronze.payloads() == numbered(0, 40)
