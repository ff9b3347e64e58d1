"""Bronze keeps records no longer, and a rebuild of silver keeps the rows that they gave. No Spark."""

import random

import pytest

from glue_jobs.engine import retention
from glue_jobs.engine.retention import forget
from tapehouse.lake import Lake
from tapehouse.record import Record
from tapehouse.tables import BRONZE_TRADES, SILVER_GAPS, SILVER_REJECTED, SILVER_TRADES
from tests import factories
from tests.factories import NOW_US
from tests.glue_jobs.silver.silver_lake import SilverLake
from tests.glue_jobs.silver.trades.test_job import HOUR_US, every_kind, trade


@pytest.fixture
def silver(lake: Lake) -> SilverLake:
    return SilverLake(lake)


def keep_since(silver: SilverLake, monkeypatch: pytest.MonkeyPatch, records: int) -> None:
    """Bronze forgets all but what came since so many records had: arrivals are a millisecond apart."""
    monkeypatch.setattr(retention, "floor_us_of", lambda newest_us, days: NOW_US + records * 1000)
    while forget(silver.workspace, BRONZE_TRADES, 2, unread=(), most_bytes=1):
        pass
    assert silver.workspace.state(BRONZE_TRADES).floor_us == NOW_US + records * 1000


@pytest.mark.parametrize("kept", range(1, 14, 3))
def test_a_rebuild_keeps_what_bronze_keeps_no_longer(
    silver: SilverLake, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """Each way in which a duplicate, a conflict, a gap's end and its ids are parted from their first."""
    silver.arrive(every_kind())
    silver.refresh()
    silver.arrive([trade(3), trade(9), factories.gap_closed("g"), factories.coverage(NOW_US - 1, NOW_US + 10)])
    silver.refresh()
    silver.check()
    before = silver.contents()
    keep_since(silver, monkeypatch, kept)
    assert silver.workspace.state(BRONZE_TRADES).rows == 17 - kept
    silver.refresh()
    assert silver.contents() == before
    silver.rebuild()
    assert silver.contents() == before
    silver.restart()
    silver.arrive([trade(1), trade(20), factories.gap("g", from_id="1", to_id="2")])
    silver.refresh()
    silver.check()


def test_a_gap_stays_filled_though_its_records_and_trades_are_gone(
    silver: SilverLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    silver.arrive([factories.gap("g", from_id="1", to_id="2"), trade(1), trade(2), trade(3)])
    silver.refresh()
    before = silver.rows(SILVER_GAPS)
    assert {row["event"] for row in before} == {"opened", "filled"}
    keep_since(silver, monkeypatch, 3)
    files = silver.workspace.state(SILVER_TRADES).files
    silver.workspace.forget(silver.workspace.state(SILVER_TRADES), floor_us=NOW_US, remove=files)
    silver.rebuild()
    assert sorted(map(repr, silver.rows(SILVER_GAPS))) == sorted(map(repr, before))
    assert [row["trade_id"] for row in silver.rows(SILVER_TRADES)] == ["3"]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_bronze_forgets_whenever_silver_is_what_it_was(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    silver = SilverLake(lake)
    came = 0
    for _ in range(6):
        new: list[Record | bytes] = []
        for _ in range(dice.randrange(1, 8)):
            number = dice.randrange(12)
            at = NOW_US - HOUR_US + dice.randrange(100) * 1_000_000
            some: list[Record | bytes] = [
                trade(number),
                trade(number, price=str(dice.randrange(1, 3))),
                b"?",
                factories.coverage(at, at + dice.randrange(1, 9) * 1_000_000),
                factories.gap(f"g{number % 3}", from_id=str(number % 3), to_id=str(number % 3 + 1)),
                factories.gap_closed(f"g{number % 3}"),
            ]
            new.append(dice.choice(some))
        silver.arrive(new)
        silver.refresh()
        silver.check()
        if dice.random() < 0.6:
            keep_since(silver, monkeypatch, dice.randrange(max(came, 1), came + len(new) + 1))
        came += len(new)
        if dice.random() < 0.6:
            silver.rebuild()
            silver.restart()
        silver.check()
    assert silver.rows(SILVER_REJECTED)


def test_what_bronze_is_about_to_forget_is_not_made_twice(silver: SilverLake) -> None:
    """Its steps are bounded: some of what lies below its floor may be there still."""
    silver.arrive(every_kind())
    silver.refresh()
    before = silver.contents()
    silver.workspace.forget(silver.workspace.state(BRONZE_TRADES), floor_us=NOW_US + 6_000)
    assert silver.workspace.state(BRONZE_TRADES).rows == 13
    silver.rebuild()
    assert silver.contents() == before
