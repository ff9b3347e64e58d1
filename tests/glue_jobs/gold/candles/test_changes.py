"""Which time gold computes anew: the batch's own, and what changes elsewhere because of it. No Spark."""

import pytest

from glue_jobs.gold.candles.changes import Changes
from glue_jobs.gold.candles.completeness import GapSpan
from glue_jobs.gold.candles.scope import MOST_SLICES, SLICE_US, Slices
from glue_jobs.gold.candles.week import Counted
from tapehouse.intervals import HOUR_US, floor_us
from tapehouse.market import Market

T0 = floor_us(1_760_000_400_000_000, HOUR_US)
KRAKEN, COINBASE, ETHER = Market("kraken", "BTC-USD"), Market("coinbase", "BTC-USD"), Market("coinbase", "ETH-USD")


def hour(number: float) -> int:
    return T0 + round(number * HOUR_US)


def known(first: float, last: float, source: str = "own") -> Counted:
    return Counted(source, hour(first), hour(last))


def gap(from_h: float, to_h: float | None, *, changed: bool = False, is_open: bool = True) -> GapSpan:
    to_us = None if to_h is None else hour(to_h)
    return GapSpan("kraken", "BTC-USD", "own", hour(from_h), to_us, is_open, changed)


def halves(
    before: dict[Market, Counted],
    after: dict[Market, Counted],
    *gaps: GapSpan,
    touched: tuple[float, float] | None = None,
) -> dict[str, list[float]] | None:
    """symbol → the half hours to compute anew, in hours from T0; None is everything."""
    slices = Slices()
    if touched:
        slices.add("BTC-USD", hour(touched[0]), hour(touched[1]))
    scope = Changes(slices, {}, False, 1).scope(before, after, gaps)
    if scope.slices is None:
        return None
    return {symbol: [(start - T0) / HOUR_US for start in sorted(starts)] for symbol, starts in scope.slices.items()}


BEFORE = {KRAKEN: known(0, 5), COINBASE: known(2, 6)}


def test_what_nothing_touches_is_left() -> None:
    assert halves(BEFORE, BEFORE, gap(1, 2), gap(3, None)) == {}


def test_touched_time_is_told_in_half_hours() -> None:
    assert halves(BEFORE, BEFORE, touched=(1, 1)) == {"BTC-USD": [1]}
    assert halves(BEFORE, BEFORE, touched=(0.75, 2)) == {"BTC-USD": [0.5, 1, 1.5]}
    assert halves(BEFORE, BEFORE, touched=(0.75, 2.1)) == {"BTC-USD": [0.5, 1, 1.5, 2]}


@pytest.mark.parametrize("is_open", [True, False])
def test_a_gap_that_opens_or_closes_touches_its_time(is_open: bool) -> None:
    assert halves(BEFORE, BEFORE, gap(1, 2, changed=True, is_open=is_open)) == {"BTC-USD": [1, 1.5]}


@pytest.mark.parametrize("is_open", [True, False])
def test_one_that_goes_on_reaches_to_the_newest_trade(is_open: bool) -> None:
    told = halves(BEFORE, BEFORE, gap(5, None, changed=True, is_open=is_open))
    assert told == {"BTC-USD": [5, 5.5, 6]}


def test_a_gap_that_begins_behind_the_newest_trade_touches_its_beginning() -> None:
    assert halves(BEFORE, BEFORE, gap(8, None, changed=True)) == {"BTC-USD": [8]}
    assert halves({}, {}, gap(8, None, changed=True)) == {"BTC-USD": [8]}


def test_where_time_goes_on_the_gaps_that_go_on_grow() -> None:
    later = BEFORE | {ETHER: known(7, 7.5)}
    assert halves(BEFORE, later, gap(3, None), gap(1, 2)) == {"BTC-USD": [6, 6.5, 7, 7.5]}
    assert halves(BEFORE, later, gap(7.2, None)) == {"BTC-USD": [7, 7.5]}


def test_a_market_s_first_trades_touch_the_gaps_that_it_had() -> None:
    assert halves({COINBASE: known(2, 6)}, BEFORE | {KRAKEN: known(6, 6)}, gap(3, 4)) == {"BTC-USD": [3, 3.5, 6]}


def test_a_market_that_begins_touches_what_the_others_have_from_there_on() -> None:
    assert halves({COINBASE: known(2, 6)}, {COINBASE: known(2, 6), KRAKEN: known(5, 9)}) == {"BTC-USD": [5, 5.5, 6]}
    assert halves({COINBASE: known(2, 6)}, {COINBASE: known(2, 6), KRAKEN: known(6.1, 9)}) == {}
    assert halves({COINBASE: known(2, 6)}, {COINBASE: known(2, 6), ETHER: known(1, 1)}) == {}


def test_a_market_that_began_earlier_than_was_known_touches_what_lies_between() -> None:
    assert halves(BEFORE, BEFORE | {COINBASE: known(0.9, 6)}) == {"BTC-USD": [0.5, 1, 1.5]}
    assert halves(BEFORE, BEFORE | {COINBASE: known(2, 9)}) == {}


def test_a_symbol_s_only_market_touches_nothing_elsewhere() -> None:
    assert halves({ETHER: known(2, 6)}, {ETHER: known(-9, 6)}) == {}


def test_too_much_time_is_everything() -> None:
    most = MOST_SLICES * SLICE_US / HOUR_US
    assert halves({}, {}, touched=(0, most)) is not None
    assert halves({}, {}, touched=(0, most + 1)) is None
    assert halves(BEFORE, BEFORE, gap(0, 10**5, changed=True)) is None
    assert halves(BEFORE, BEFORE, gap(0, most / 2, changed=True), touched=(most, 2 * most)) is None
