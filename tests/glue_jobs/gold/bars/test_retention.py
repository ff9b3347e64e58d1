"""Silver keeps trades no longer, and gold keeps their bars: against the oracle of all that ever came. No Spark."""

import random
from typing import Any, Final

import pytest

from glue_jobs.engine.retention import forget
from tapehouse.lake import Lake
from tapehouse.tables import GOLD_BARS, SILVER_TRADES
from tests.glue_jobs.gold.bars.bars_lake import BarsLake
from tests.glue_jobs.gold.candles.test_job import DAY, HOUR, sold
from tests.glue_jobs.gold.candles.test_retention import MONDAY

DAYS: Final = 14


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_and_goes_whenever_days_since_the_floor_are_the_oracles(lake: Lake, seed: int) -> None:
    dice = random.Random(seed)
    silver = BarsLake(lake)
    now, number = MONDAY, 0
    frozen: dict[tuple[Any, ...], dict[str, Any]] = {}
    late = set()
    for _ in range(9):
        now += dice.randrange(3 * DAY)
        new = []
        floor_us = silver.workspace.state(SILVER_TRADES).floor_us or 0
        for _ in range(dice.randrange(1, 14)):
            number += 1
            at = now - dice.choice([0, 1, HOUR, DAY, 13 * DAY, 20 * DAY]) - dice.randrange(HOUR)
            symbol = dice.choice(["BTC-USD", "ETH-USD"])
            source = dice.choice(["kraken", "kraken", "vendor"])
            new.append(sold(number, at, symbol=symbol, source=source, price=str(dice.randrange(1, 400))))
        first = len(silver.arrived)
        silver.arrive(new)
        for trade, arrived in zip(new, silver.arrived[first:], strict=True):
            if trade.event_time_us < floor_us:
                late.add(arrived)
        silver.refresh()
        match dice.randrange(4):
            case 0 | 1:
                there = silver.bars_found()
                while forget(silver.workspace, SILVER_TRADES, DAYS, unread=(), most_bytes=1):
                    pass
                floor_us = silver.workspace.state(SILVER_TRADES).floor_us or 0
                frozen = {key: row for key, row in there.items() if row["close_time_us"] < floor_us} | frozen
            case 2:
                silver.bars.rebuild([GOLD_BARS])
            case 3:
                silver.begin()
        silver.refresh()
        came, silver.arrived = silver.arrived, [each for each in silver.arrived if each not in late]
        wanted = {key: row for key, row in silver.bars_expected().items() if row["close_time_us"] >= floor_us}
        silver.arrived = came
        wanted |= frozen
        found = silver.bars_found()
        assert found.keys() == wanted.keys(), (sorted(found.keys() - wanted)[:5], sorted(wanted.keys() - found)[:5])
        for key, row in wanted.items():
            assert found[key] == row, (key, key in frozen)


def test_another_source_leaves_days_before_the_floor(lake: Lake) -> None:
    silver = BarsLake(lake)
    silver.arrive([sold(at, MONDAY - at * 8 * HOUR, source="vendor") for at in range(90)])
    silver.refresh()
    before = silver.bars_found()
    while forget(silver.workspace, SILVER_TRADES, DAYS, unread=(), most_bytes=1):
        pass
    floor_us = silver.workspace.state(SILVER_TRADES).floor_us or 0
    silver.arrive([sold(1000, floor_us - DAY, source="vendor"), sold(1001, MONDAY + HOUR)])
    silver.refresh()
    old = {key: row for key, row in before.items() if row["close_time_us"] < floor_us}
    assert old
    assert {key: row for key, row in silver.bars_found().items() if row["close_time_us"] < floor_us} == old
    assert {row["source"] for row in silver.bars_found().values() if row["close_time_us"] >= floor_us} == {"kraken"}
