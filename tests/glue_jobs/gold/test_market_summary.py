"""gold.market_summary from candles, without Spark: held against the oracle, whatever was quiet and for how long."""

import random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.gold.market_summary import MarketSummaryJob
from tapehouse.lake import Lake
from tapehouse.tables import GOLD_CANDLES, GOLD_MARKET_SUMMARY
from tests import oracle
from tests.glue_jobs.gold.candles.test_job import DAY, HOUR, MINUTE, T0, sold
from tests.glue_jobs.gold.silver_lake import SilverLake


class Summed(SilverLake):
    """With the summary behind it."""

    def begin(self) -> None:
        super().begin()
        self.summing = MarketSummaryJob(self.workspace)
        self.behind = Follower(self.workspace, "market_summary", (GOLD_CANDLES,), BatchLimits())

    def sum_up(self) -> None:
        self.refresh()
        while (batch := self.behind.next()) is not None:
            self.summing.write(batch)
            self.behind.done(batch)

    def summaries(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self.workspace.rows(GOLD_MARKET_SUMMARY, self.workspace.state(GOLD_MARKET_SUMMARY).files)
        found = {(row["exchange"], row["symbol"]): row for row in rows.to_pylist()}
        assert len(found) == rows.num_rows
        return found

    def check_summary(self) -> None:
        layer = oracle.silver(self.arrived)
        wanted = oracle.summary(oracle.candles(layer, {(key[0], key[1]): key[2] for key in layer.trades}))
        found = self.summaries()
        assert found.keys() == wanted.keys()
        for key, values in wanted.items():
            for name, value in values.items():
                due = pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
                assert found[key][name] == due, (key, name)


@pytest.mark.parametrize("seed", range(6))
def test_each_batch_gives_the_oracles_summary(lake: Lake, seed: int) -> None:
    dice = random.Random(seed)
    silver = Summed(lake)
    number = 0
    for _ in range(4):
        records = []
        for _ in range(dice.randrange(1, 60)):
            number += 1
            back = dice.choice([MINUTE, HOUR, DAY, 9 * DAY])
            records.append(
                sold(
                    number,
                    T0 - dice.randrange(back),
                    exchange=dice.choice(["kraken", "coinbase"]),
                    symbol=dice.choice(["BTC-USD", "ETH-USD", "SOL-USD"]),
                    price=str(dice.randrange(1, 99)),
                    size=str(dice.randrange(1, 9)),
                )
            )
        silver.arrive(records)
        if dice.random() < 0.5:
            silver.begin()
        silver.sum_up()
        silver.check_summary()
    before = silver.summaries()
    silver.summing.rebuild([GOLD_MARKET_SUMMARY])
    after = silver.summaries()
    assert after.keys() == before.keys()
    silver.check_summary()


def test_a_market_that_nothing_touches_keeps_its_row(lake: Lake) -> None:
    silver = Summed(lake)
    silver.arrive([sold(1, T0 - 40 * DAY), sold(2, T0 - 40 * DAY, symbol="ETH-USD")])
    silver.sum_up()
    eth = silver.summaries()["kraken", "ETH-USD"]
    silver.arrive([sold(3, T0, price="9")])
    silver.sum_up()
    assert silver.summaries()["kraken", "ETH-USD"] == eth
    silver.check_summary()


@pytest.mark.parametrize("back", [5 * HOUR, 20 * DAY])
def test_after_a_change_of_source_now_is_the_new_ones_newest_trade(lake: Lake, back: int) -> None:
    silver = Summed(lake)
    silver.arrive([sold(9, T0, source="finnhub"), sold(1, T0, symbol="ETH-USD"), sold(8, T0, exchange="coinbase")])
    silver.sum_up()
    silver.arrive([sold(2, T0 - back, price="4"), sold(3, T0 - back + HOUR, price="9")])
    silver.sum_up()
    found = silver.summaries()["kraken", "BTC-USD"]
    assert (found["last_time_us"], found["change_1h"]) == (T0 - back + HOUR, 125.0)
    silver.sum_up()
    silver.summing.rebuild([GOLD_MARKET_SUMMARY])
    assert silver.summaries()["kraken", "BTC-USD"] == found


@pytest.mark.parametrize("all_of_it", [True, False])
def test_a_commit_that_only_takes_minutes_away_is_followed(lake: Lake, all_of_it: bool) -> None:
    silver = Summed(lake)
    silver.arrive([sold(1, T0 - 3 * DAY), sold(2, T0), sold(3, T0, symbol="ETH-USD")])
    silver.sum_up()
    state = silver.workspace.state(GOLD_CANDLES)
    rows = silver.rows()
    late = pc.greater(rows.column("window_start").cast(pa.int64()), T0 - DAY)
    is_lost = pc.and_(pc.equal(rows.column("symbol"), "BTC-USD"), True if all_of_it else late)
    files = [silver.workspace.stage(GOLD_CANDLES, rows.filter(pc.invert(is_lost)))]
    silver.workspace.commit(state, add=files, remove=state.files)
    while (batch := silver.behind.next()) is not None:
        silver.summing.write(batch)
        silver.behind.done(batch)
    found = {key: row["last_time_us"] for key, row in silver.summaries().items() if key[1] == "BTC-USD"}
    markets = [] if all_of_it else [("kraken", "BTC-USD"), ("ALL", "BTC-USD")]
    assert found == dict.fromkeys(markets, T0 - 3 * DAY)
