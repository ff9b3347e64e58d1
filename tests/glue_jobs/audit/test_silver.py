"""The audit of ids that started anew, and of coverage that was joined: clean, and one bad row of it is named."""

from typing import Any

import pytest
from delta.tables import DeltaTable

from glue_jobs.audit import audit
from glue_jobs.pipeline import pipeline
from glue_jobs.silver.trades import Requeue
from tapehouse.lake import Lake
from tapehouse.record import Record, encode
from tests import factories
from tests.factories import NOW_US
from tests.glue_jobs.layers import Layers, trade
from tests.glue_jobs.silver.silver_lake import stricter

pytestmark = pytest.mark.spark

HOUR_US = 3_600_000_000
SECOND_US = 1_000_000


@pytest.fixture
def layers(spark: Any, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Layers:
    """One id at three times; ten spans of coverage that are one row, and one that came again."""
    monkeypatch.setattr("glue_jobs.silver.trades.job._JOINED_ROWS", 5)
    made = Layers(spark, lake)
    start_us = NOW_US - 2 * HOUR_US
    spans = [
        factories.coverage(start_us + at * SECOND_US, start_us + (at + 1) * SECOND_US, last_id=str(at))
        for at in range(10)
    ]
    anew = [trade(7, price=str(10 + day), event_time_us=NOW_US - HOUR_US - day * 24 * HOUR_US) for day in range(3)]
    first: list[Record] = [*anew, *spans]
    made.arrive([encode(record) for record in first])
    assert made.silver.more() is False
    contradicts = trade(7, price="99", event_time_us=anew[0].event_time_us + 1)
    again: list[Record] = [anew[1], contradicts, spans[4]]
    made.arrive([encode(record) for record in again])
    made.refresh_gold()
    made.refresh_others()
    return made


def test_what_was_requeued_is_found_good(layers: Layers) -> None:
    """Also where what it repeats or contradicts came after it."""
    late = [trade(number, event_time_us=NOW_US + number * SECOND_US) for number in range(90, 93)]
    with stricter():
        layers.arrive([encode(record) for record in late])
    again: list[Record] = [late[0], trade(91, event_time_us=late[1].event_time_us, price="7")]
    layers.arrive([encode(record) for record in again])
    requeue = Requeue(layers.workspace)
    requeue.run()
    assert (requeue.found.sound, requeue.found.refused) == ({"trade": 3}, {"duplicate": 1, "conflict": 1})
    layers.refresh_gold()
    layers.refresh_others()
    found = lines(layers).splitlines()
    assert found[0] == "21 bronze records = 6 trades + 4 rejected + 0 gaps + 11 coverage"
    assert len(found) == 2, found


def lines(layers: Layers) -> str:
    return "\n".join(audit(layers.spark, layers.lake, pipeline()).lines)


def test_it_is_found_good_and_every_record_accounted_for(layers: Layers) -> None:
    assert len(layers.rows("silver.coverage")) == 1
    found = lines(layers).splitlines()
    assert found[0] == "16 bronze records = 3 trades + 2 rejected + 0 gaps + 11 coverage"
    assert len(found) == 2, found


def test_a_trade_that_is_there_twice_at_two_times_of_an_hour_is_named(layers: Layers) -> None:
    uri = layers.lake.table_uri("silver.trades")
    row = layers.spark.read.format("delta").load(uri).where("price = 10")
    row.withColumn("event_time_us", row.event_time_us - 1).write.format("delta").mode("append").save(uri)
    found = lines(layers)
    assert "1 trade(s) are in silver.trades more than once, within an hour:" in found
    assert "trade_id=7, event_time_us=" in found


def test_a_joined_row_that_holds_less_than_was_told_loses_records(layers: Layers) -> None:
    table = DeltaTable.forPath(layers.spark, layers.lake.table_uri("silver.coverage"))
    table.update(set={"from_us": f"from_us + {2 * SECOND_US}"})
    found = lines(layers)
    assert "2 bronze record(s) are in no silver table" in found
    table.update(set={"from_us": f"from_us - {3 * SECOND_US}"})
    assert "row(s) of silver.coverage are not what their record says" in lines(layers)
