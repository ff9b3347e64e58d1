"""Silver keeps trades no longer, and gold keeps their candles: against the oracle of all that ever came. No Spark."""

import random
from typing import Any, Final

import pytest

from glue_jobs.engine.retention import forget
from tapehouse.lake import Lake
from tapehouse.record import Record
from tapehouse.tables import GOLD_CANDLES, SILVER_TRADES
from tests import oracle
from tests.factories import NOW_US
from tests.glue_jobs.gold.candles.test_job import DAY, HOUR, MINUTE, closed, covered, lost, sold
from tests.glue_jobs.gold.silver_lake import VALUES, Key, SilverLake
from tests.oracle import Arrived

DAYS: Final = 14
MONDAY: Final = NOW_US // DAY * DAY - 3 * DAY


class Kept(SilverLake):
    """``frozen``: candles of windows that begin before silver's floor, as they were when it moved."""

    def __init__(self, lake: Lake) -> None:
        super().__init__(lake)
        self.frozen: dict[Key, dict[str, Any]] = {}
        self.late: set[Arrived] = set()

    @property
    def floor_us(self) -> int:
        return self.workspace.state(SILVER_TRADES).floor_us or 0

    def arrive(self, records: Any, **options: Any) -> None:
        first = len(self.arrived)
        super().arrive(records, **options)
        for record, arrived in zip(records, self.arrived[first:], strict=True):
            if getattr(record, "event_time_us", self.floor_us) < self.floor_us:
                self.late.add(arrived)

    def forget(self) -> None:
        there = self.found()
        while forget(self.workspace, SILVER_TRADES, DAYS, unread=(), most_bytes=1):
            pass
        new = {key: row for key, row in there.items() if key[3] < self.floor_us}
        self.frozen = new | self.frozen

    def rebuild(self) -> None:
        self.job.rebuild([GOLD_CANDLES])
        self.follower.all_done(self.follower.now())

    def check(self, sources: Any = None) -> None:
        """What began before the floor is as it was then, and all else as if every trade were there still."""
        layer = oracle.silver([each for each in self.arrived if each not in self.late])
        markets = sources or {(key[0], key[1]): key[2] for key in layer.trades}
        wanted = {
            key: {name: row[name] for name in VALUES}
            for key, row in oracle.candles(layer, markets).items()
            if key[3] >= self.floor_us
        }
        wanted |= self.frozen
        found = self.found()
        assert found.keys() == wanted.keys(), (sorted(found.keys() - wanted)[:5], sorted(wanted.keys() - found)[:5])
        for key, row in found.items():
            assert row == wanted[key], (key, key in self.frozen)


@pytest.fixture
def silver(lake: Lake) -> Kept:
    return Kept(lake)


def month(to_us: int, days: int = 30, *, first: int = 0, **changes: Any) -> list[Record]:
    """A trade each six hours."""
    return [sold(first + at, to_us - at * 6 * HOUR, price=str(100 + at % 7), **changes) for at in range(days * 4)]


def test_candles_stay_where_their_trades_go(silver: Kept) -> None:
    silver.arrive(month(MONDAY + HOUR))
    silver.refresh()
    silver.check()
    before = silver.found()
    silver.forget()
    assert silver.workspace.state(SILVER_TRADES).rows == 57
    silver.refresh()
    assert silver.found() == before
    assert silver.frozen


def test_a_late_trade_counts_where_the_others_of_its_day_are_and_makes_no_candle_of_a_part(silver: Kept) -> None:
    silver.arrive(month(MONDAY + HOUR))
    silver.refresh()
    silver.forget()
    silver.arrive([sold(1000, silver.floor_us - 1), sold(1001, silver.floor_us)])
    silver.refresh()
    silver.check()
    silver.forget()
    assert silver.workspace.state(SILVER_TRADES).rows == 58


def test_a_rebuild_keeps_what_lies_before_the_floor_and_a_week_that_lies_on_it(silver: Kept) -> None:
    silver.arrive([*month(MONDAY + 3 * DAY), covered(MONDAY - 30 * DAY, MONDAY + 4 * DAY)])
    silver.refresh()
    silver.forget()
    week = MONDAY - 14 * DAY
    assert silver.floor_us == week + 3 * DAY
    assert ("kraken", "BTC-USD", "1w", week) in silver.frozen
    silver.rebuild()
    silver.check()
    silver.begin()
    silver.arrive(month(MONDAY + 5 * DAY, 2, first=5000))
    silver.refresh()
    silver.check()


def test_a_source_that_changes_leaves_what_lies_before_the_floor(silver: Kept) -> None:
    silver.arrive(month(MONDAY + 3 * DAY, source="kraken-agg"))
    silver.refresh()
    silver.forget()
    silver.arrive(month(MONDAY + 3 * DAY, 12))
    silver.refresh()
    silver.check({("kraken", "BTC-USD"): "kraken"})
    silver.rebuild()
    silver.check({("kraken", "BTC-USD"): "kraken"})


def test_a_market_that_ended_before_the_floor_is_asked_for_as_long_as_before(silver: Kept) -> None:
    """ALL asks for a market until seven days were seen behind its end: also once its trades are gone."""
    floor_us = MONDAY - DAYS * DAY
    spans = [covered(floor_us - 5 * DAY, floor_us + 4 * HOUR, "coinbase")]
    silver.arrive([sold(1, floor_us - HOUR, exchange="coinbase"), sold(2, floor_us + HOUR), *spans])
    silver.arrive([sold(3, floor_us - 2 * HOUR), sold(4, MONDAY), covered(floor_us, MONDAY + HOUR)])
    silver.arrive([sold(5, MONDAY, symbol="ETH-USD"), covered(floor_us, MONDAY + HOUR, symbol="ETH-USD")])
    silver.refresh()
    silver.check()
    silver.forget()
    silver.rebuild()
    silver.check()
    silver.begin()
    silver.arrive([sold(6, MONDAY + MINUTE)])
    silver.refresh()
    silver.check()


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_and_goes_whenever_is_as_if_all_trades_were_there(lake: Lake, seed: int) -> None:
    dice = random.Random(seed)
    silver = Kept(lake)
    now, number, gaps = MONDAY, 0, 0
    for step in range(14):
        now += dice.randrange(3 * DAY)
        new: list[Record] = []
        for _ in range(dice.randrange(1, 12)):
            number += 1
            at = now - dice.choice([0, 1, MINUTE, HOUR, DAY, 13 * DAY, 20 * DAY]) - dice.randrange(HOUR)
            venue = dice.choice(["kraken", "coinbase"])
            new.append(sold(number, at, exchange=venue, price=str(dice.randrange(1, 9))))
        if dice.random() < 0.4:
            new.append(covered(now - dice.randrange(1, 5) * DAY, now, dice.choice(["kraken", "coinbase"])))
        if dice.random() < 0.2:
            gaps += 1
            new.append(lost(now - 2 * HOUR, now - HOUR, f"g{gaps}"))
        elif gaps and dice.random() < 0.3:
            new.append(closed(f"g{gaps}"))
        if step == 0:
            new += [sold(10_000, now), sold(10_001, now, exchange="coinbase")]
        silver.arrive(new)
        silver.refresh()
        silver.check()
        match dice.randrange(4):
            case 0 | 1:
                silver.forget()
            case 2:
                silver.rebuild()
            case 3:
                silver.begin()
        silver.check()


def test_a_market_of_which_only_trades_come_that_are_too_old_is_not_asked_for(silver: Kept) -> None:
    """Else ALL would miss its coverage from there on, until a new process knows nothing of it."""
    silver.arrive([*month(MONDAY + HOUR), covered(MONDAY - 5 * DAY, MONDAY + 2 * HOUR)])
    silver.refresh()
    silver.forget()
    silver.arrive([sold(1000, silver.floor_us - DAY, exchange="coinbase"), sold(1001, MONDAY + HOUR + MINUTE)])
    silver.refresh()
    silver.check()
