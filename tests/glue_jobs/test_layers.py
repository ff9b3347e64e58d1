"""Silver and gold against the oracle: any order, batching, duplication and lateness gives the oracle's tables.

Each Hypothesis example is one market of one frame, so that one pass of Spark judges them all at once.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from glue_jobs.engine import LostRaceError
from glue_jobs.engine.table_log import TableLog
from tapehouse.lake import Lake
from tapehouse.record import encode
from tapehouse.tables import (
    GOLD_CANDLES,
    GOLD_MARKET_SUMMARY,
    SILVER_TRADES,
)
from tests.factories import NOW_US
from tests.glue_jobs import by_spark
from tests.glue_jobs.layers import Layers, trade
from tests.glue_jobs.streams import Markets, market, of_market

pytestmark = pytest.mark.spark


@pytest.fixture
def layers(spark: Any, lake: Lake) -> Layers:
    return Layers(spark, lake)


@pytest.mark.timeout(900)
@settings(
    max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
)
@given(markets=st.lists(market(), min_size=20, max_size=40).map(Markets))
def test_any_order_batching_duplication_and_lateness_gives_the_oracles_tables(
    spark: Any, tmp_path_factory: pytest.TempPathFactory, markets: Markets
) -> None:
    layers = Layers(spark, Lake(tmp_path_factory.mktemp("lake")))
    for number in range(3):
        layers.arrive(
            [of_market(record, f"M{at}-USD") for at, batches in enumerate(markets) for record in batches[number]]
        )
        layers.refresh_gold()
    layers.check()


def test_a_batch_that_runs_again_changes_nothing(layers: Layers) -> None:
    first = layers.arrive([encode(trade(1)), encode(trade(1)), encode(trade(2, price="5")), b"garbage"])
    layers.refresh_gold()
    layers.arrive([encode(trade(3))], again=first)
    layers.refresh_gold()
    layers.check()


def test_a_deleted_gold_checkpoint_costs_only_time(layers: Layers) -> None:
    layers.arrive([encode(trade(number)) for number in range(5)])
    layers.refresh_gold()
    layers.arrive([encode(trade(number)) for number in range(5, 9)])
    layers.refresh_gold(forget=True)
    layers.check()


def test_a_late_trade_rewrites_its_candles_of_every_interval(layers: Layers) -> None:
    layers.arrive([encode(trade(number)) for number in range(10, 15)])
    layers.refresh_gold()
    layers.arrive([encode(trade(1, price="50", event_time_us=NOW_US - 9 * 86_400_000_000))])
    layers.refresh_gold()
    layers.check()


def test_gold_counts_one_source_a_market_and_turns_to_a_better_one(layers: Layers) -> None:
    layers.arrive([encode(trade(number, source="finnhub")) for number in range(3)])
    layers.refresh_gold()
    layers.check({("kraken", "BTC-USD"): "finnhub"})
    layers.arrive([encode(trade(number, size="2")) for number in range(5)])
    layers.refresh_gold()
    layers.check({("kraken", "BTC-USD"): "kraken"})


def test_of_two_writers_on_one_turn_one_loses_and_nothing_is_doubled(layers: Layers) -> None:
    uri = layers.lake.table_uri("silver.trades")
    base = TableLog(SILVER_TRADES, uri).state()
    layers.arrive([encode(trade(1))])
    frame = layers.spark.read.format("delta").load(uri)
    with pytest.raises(LostRaceError, match=r"silver\.trades: another writer committed after turn 0"):
        by_spark.append(frame, base)
    assert len(layers.rows("silver.trades")) == 1


def test_the_layers_names_are_the_declared_ones(layers: Layers) -> None:
    for table in (GOLD_CANDLES, GOLD_MARKET_SUMMARY, SILVER_TRADES):
        frame = layers.spark.read.format("delta").load(layers.lake.table_uri(table.name))
        assert tuple(frame.columns) == table.column_names
