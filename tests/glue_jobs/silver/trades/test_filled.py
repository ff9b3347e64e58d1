"""Which gaps a batch may have filled: asked only where it can be so, and never by listing ids. No Spark."""

from datetime import UTC, datetime
from typing import Any

import pytest

from glue_jobs.silver.trades.filled import AROUND_US, FillWatch, IdGap, IdsSeen, filled_rows

TAPE = ("kraken", "BTC-USD", "kraken")
OTHER = ("kraken", "ETH-USD", "kraken")
T0 = 1_760_000_400_000_000  # 2025-10-09T09:00:00Z
DAY_US = 86_400_000_000
NEVER = frozenset[Any]()


def row(from_id: str | None, to_id: str | None, **changes: Any) -> dict[str, Any]:
    names = dict(zip(("exchange", "symbol", "source"), TAPE, strict=True))
    values = {
        **names,
        "gap_id": "g",
        "from_id": from_id,
        "to_id": to_id,
        "from_us": T0,
        "to_us": T0 + 1,
        "arrival_us": T0,
    }
    return {**values, **changes}


def gap(first: int, last: int, **changes: Any) -> IdGap:
    made = IdGap.of(row(str(first), str(last), **changes))
    assert made is not None
    return made


def seen(first: int, last: int, trades: int = 1, tape: tuple[str, str, str] = TAPE) -> dict[Any, IdsSeen]:
    return {tape: IdsSeen(first, last, trades)}


def watch(*gaps: IdGap) -> FillWatch:
    made = FillWatch()
    made.learn(1, gaps)
    return made


@pytest.mark.parametrize(
    ("from_id", "to_id", "size"),
    [
        ("3", "3", 1),
        ("3", "7", 5),
        ("a:3", "a:7", 5),
        ("0", str(10**38 - 1), 10**38),
        ("7", "3", None),
        ("a:3", "7", None),
        ("3", "a:7", None),
        ("x", "y", None),
        ("", "7", None),
        (None, "7", None),
        ("3", None, None),
    ],
)
def test_ids_count_where_both_ends_are_numbers_of_one_kind(
    from_id: str | None, to_id: str | None, size: int | None
) -> None:
    made = IdGap.of(row(from_id, to_id))
    assert (made and made.size) == size


def test_trades_are_looked_for_within_an_hour_of_what_is_known() -> None:
    assert gap(1, 2, from_us=T0, to_us=T0 + 5).span == (T0 - AROUND_US, T0 + 5 + AROUND_US)
    low, high = gap(1, 2, from_us=T0, to_us=None).span
    assert (low, high > T0 + 10_000 * DAY_US) == (T0 - AROUND_US, True)
    low, high = gap(1, 2, from_us=None, to_us=T0).span
    assert (low < 0, high) == (True, T0 + AROUND_US)


def test_a_batch_above_below_or_of_another_market_asks_nothing() -> None:
    one = watch(gap(10, 19))
    for ids in (seen(20, 99), seen(0, 9), seen(10, 19, tape=OTHER), {}):
        assert one.due(ids, NEVER, trades_turns=(1, 2)) == []


@pytest.mark.parametrize("ids", [seen(0, 10), seen(19, 30), seen(12, 13), seen(0, 99)])
def test_a_batch_whose_ids_meet_the_gap_asks_for_it(ids: dict[Any, IdsSeen]) -> None:
    hole = gap(10, 19)
    assert watch(hole).due(ids, NEVER, trades_turns=(1, 2)) == [hole]


def test_a_gap_that_opens_with_the_batch_is_asked_for_though_its_ids_came_long_ago() -> None:
    hole = gap(10, 19)
    assert watch(hole).due({}, frozenset({hole.key}), trades_turns=(1, 1)) == [hole]


def test_what_was_counted_is_not_counted_again_before_enough_trades_came() -> None:
    hole = gap(1, 10**12)
    one = watch(hole)
    assert one.due(seen(1, 5, 5), NEVER, trades_turns=(0, 1)) == [hole]
    assert one.counted(hole, 5) is False
    for turn in range(1, 50):
        assert one.due(seen(6, 10**6, 10_000), NEVER, trades_turns=(turn, turn + 1)) == []
    small = gap(1, 10)
    one = watch(small)
    assert one.counted(small, 4) is False
    assert one.due(seen(5, 9, 5), NEVER, trades_turns=(-1, 1)) == []
    assert one.due(seen(10, 10, 1), NEVER, trades_turns=(1, 2)) == [small]
    assert one.counted(small, 10) is True


def test_what_another_writer_put_into_silver_makes_it_count_again() -> None:
    hole = gap(1, 10)
    one = watch(hole)
    assert one.due(seen(1, 1), NEVER, trades_turns=(0, 1)) == [hole]
    one.counted(hole, 1)
    assert one.due(seen(2, 2), NEVER, trades_turns=(7, 8)) == [hole]


def test_a_batch_that_runs_again_asks_again_for_what_it_may_have_left_unsaid() -> None:
    hole = gap(1, 2)
    one = watch(hole)
    assert one.due(seen(1, 2, 2), NEVER, trades_turns=(0, 1)) == [hole]
    assert one.counted(hole, 2) is True  # and then the commit was lost
    assert one.due(seen(1, 2, 2), NEVER, trades_turns=(1, 1)) == [hole]


def test_filled_gaps_are_asked_for_no_more_and_the_others_still_are() -> None:
    filled, other = gap(1, 2), gap(3, 4, gap_id="h")
    one = watch(filled, other)
    one.filled(2, [filled])
    assert one.knows(2)
    assert not one.knows(1)
    assert one.due(seen(1, 4), NEVER, trades_turns=(0, 1)) == [other]


def test_a_filled_row_tells_the_gap_and_the_last_arrival_of_what_fills_it() -> None:
    early, late = gap(1, 2), gap(3, 4, gap_id="h", arrival_us=T0 + 9)
    told = filled_rows([early, late], {early.key: T0 + 5, late.key: T0 + 5}).to_pylist()
    assert [each["arrival_time"] for each in told] == [datetime.fromtimestamp((T0 + us) / 1e6, UTC) for us in (5, 9)]
    assert {each["event"] for each in told} == {"filled"}
    assert (told[0]["from_id"], told[0]["to_id"], told[0]["from_us"], told[0]["to_us"]) == ("1", "2", T0, T0 + 1)
    assert told[0]["shard_id"] is None  # no record says it: the account does not count it
