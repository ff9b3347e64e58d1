"""What a gap's ends say: by ids where they count, by times as coarse as the venue's."""

from dataclasses import replace
from typing import Any

import pytest

from producers.feeds import FEEDS
from producers.recovery.extent import MILLISECOND_US, SECOND_US, SETTLED_US, Extent
from tapehouse.market import MarketKey
from tapehouse.record import Trade
from tests import factories

T0 = 1_800_000_000 * SECOND_US


def extent(feed: str = "kraken", **bounds: Any) -> Extent:
    found = FEEDS[feed]
    market = MarketKey(found.exchange, "BTC-USD", found.source)
    return Extent.of(factories.gap(market=market, **{"received_time_us": T0, **bounds}), found)


def trade(at_us: int) -> Trade:
    return factories.trade(event_time_us=at_us, received_time_us=at_us)


@pytest.mark.parametrize(
    ("feed", "from_id", "to_id", "count"),
    [
        ("kraken", "5", "9", 5),
        ("binance", "a:5", "a:9", 5),
        ("kraken", None, "9", None),
        ("kraken", "5", None, None),
        ("kraken", "x", "9", None),
        ("bitstamp", "5", "9", None),
    ],
)
def test_count_is_known_where_both_ids_are_and_count_up_by_one(
    feed: str, from_id: str | None, to_id: str | None, count: int | None
) -> None:
    assert extent(feed, from_id=from_id, to_id=to_id).count == count


def test_ids_are_written_as_the_gaps_are() -> None:
    assert extent("binance", to_id="a:9").written(7) == "a:7"
    assert extent("binance", to_id="9").written(7) == "7"


def test_gap_without_an_end_ended_before_it_was_found() -> None:
    assert extent(to_us=T0 - 5, received_time_us=T0).until_us == T0 - 5
    assert extent(received_time_us=T0).until_us == T0
    assert extent(received_time_us=T0).through_us is None


def test_vendors_gap_lasts_to_the_end_of_its_millisecond() -> None:
    ends = T0 + 5 * MILLISECOND_US + 1
    own, relayed = extent(to_us=ends), extent("polygon", to_us=ends)
    assert own.through_us == ends
    relayed = replace(relayed, gap=replace(relayed.gap, exchange="coinbase"))
    assert relayed.through_us == T0 + 6 * MILLISECOND_US - 1
    assert relayed.is_in_time(trade(T0 + 6 * MILLISECOND_US - 1))
    assert not relayed.is_in_time(trade(T0 + 6 * MILLISECOND_US))


def test_trade_of_the_second_in_which_the_gap_began_may_be_of_it() -> None:
    began = extent(from_us=T0 + 700_000)
    assert began.is_after_start(trade(T0))
    assert not began.is_after_start(trade(T0 - 1))


def test_row_of_the_gaps_last_unit_is_its_end_once_that_unit_is_over() -> None:
    for feed, unit_us in (("kraken", MILLISECOND_US), ("bitstamp", SECOND_US)):
        ends = extent(feed, to_us=T0 + 1)
        assert not ends.is_end(T0, now_us=T0 + unit_us - 1)
        assert ends.is_end(T0, now_us=T0 + unit_us)
        assert ends.is_end(T0 + unit_us, now_us=T0)
        assert not ends.is_end(T0 - 1, now_us=T0 + unit_us)


def test_gap_is_settled_when_it_had_long_been_over_as_it_was_found() -> None:
    assert not extent(to_us=T0 - SETTLED_US, received_time_us=T0).is_settled(T0 + 10 * SETTLED_US)
    assert extent(to_us=T0 - SETTLED_US - 1, received_time_us=T0).is_settled(T0)
    assert not extent(received_time_us=T0).is_settled(T0 + SETTLED_US)
    assert extent(received_time_us=T0).is_settled(T0 + SETTLED_US + 1)
