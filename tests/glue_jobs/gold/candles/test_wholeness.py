"""Whether windows are whole: against a plain reading of the rule, and the rule by examples."""

import pickle
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.gold.candles.wholeness import GONE_AFTER_US, Lifetime, Span, Wholeness, joined, lifetimes
from tapehouse.intervals import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tapehouse.market import Market
from tapehouse.tables import ALL_EXCHANGES, EVERYWHERE

T0: Final = 1_760_000_040 * SECOND_US
BTC: Final = "BTC-USD"
KRAKEN, COINBASE = Market("kraken", BTC), Market("coinbase", BTC)
EVER: Final = Lifetime(T0 - DAY_US, None)
BOTH: Final = {KRAKEN: EVER, COINBASE: EVER}
Window = tuple[str, str, int, int]
"""Exchange, symbol, start, end."""


def span(from_us: int, to_us: int | None, exchange: str = "kraken", symbol: str = BTC) -> Span:
    return Span(exchange, symbol, T0 + from_us, None if to_us is None else T0 + to_us)


def told(known: Wholeness, windows: Sequence[Window]) -> list[bool]:
    exchanges, symbols, starts, ends = zip(*windows, strict=True)
    rows = pa.table({"exchange": pa.array(exchanges, pa.string()), "symbol": pa.array(symbols, pa.string())})
    found: list[bool] = known.complete(rows, np.array(starts, np.int64), np.array(ends, np.int64)).tolist()
    return found


def is_whole(
    covered: Sequence[Span],
    gaps: Sequence[Span] = (),
    lives: Mapping[Market, Lifetime] = BOTH,
    *,
    exchange: str = "kraken",
    at_us: int = 0,
    length_us: int = MINUTE_US,
) -> bool:
    return told(Wholeness.of(covered, gaps, lives), [(exchange, BTC, T0 + at_us, T0 + at_us + length_us)])[0]


# --- the rule, read plainly


def plainly(window: Window, covered: Sequence[Span], gaps: Sequence[Span], lives: Mapping[Market, Lifetime]) -> bool:
    exchange, symbol, start, end = window
    if exchange != ALL_EXCHANGES:
        return covers(window, covered) and not holed(window, gaps, {exchange})
    asked = [
        market
        for market, life in lives.items()
        if market.symbol == symbol and life.from_us < end and (life.to_us is None or start < life.to_us)
    ]
    others = {gap.exchange for gap in gaps}
    known = {market.symbol for market in lives}
    return (
        symbol in known
        and not holed(window, gaps, others)
        and all(covers((market.exchange, symbol, start, end), covered) for market in asked)
    )


def covers(window: Window, covered: Sequence[Span]) -> bool:
    exchange, symbol, start, end = window
    reached = start
    for each in sorted(each for each in covered if each[:2] == (exchange, symbol)):
        if each.from_us <= reached:
            reached = max(reached, each.to_us or 0)
    return reached >= end


def holed(window: Window, gaps: Sequence[Span], exchanges: set[str]) -> bool:
    _, symbol, start, end = window
    return any(
        gap.from_us < end and (gap.to_us is None or gap.to_us > start)
        for gap in gaps
        if gap.exchange == EVERYWHERE or (gap.symbol == symbol and gap.exchange in exchanges)
    )


instants = st.one_of(
    st.integers(0, 20 * SECOND_US), st.integers(-3, 20).map(lambda second: second * SECOND_US), st.just(1_500_000)
)
exchanges, symbols = st.sampled_from(["kraken", "coinbase", "binance"]), st.sampled_from([BTC, "ETH-USD"])
spans = st.builds(
    lambda one, other, exchange, symbol: span(min(one, other), max(one, other), exchange, symbol),
    *(instants, instants, exchanges, symbols),
)
open_gaps = st.one_of(
    spans,
    st.builds(lambda at, exchange, symbol: span(at, None, exchange, symbol), instants, exchanges, symbols),
    spans.map(lambda each: each._replace(exchange=EVERYWHERE, symbol=EVERYWHERE)),
)
lives = st.dictionaries(
    st.builds(Market, exchanges, symbols),
    st.builds(
        lambda at, length: Lifetime(T0 + at, None if length is None else T0 + at + length),
        instants,
        st.one_of(st.none(), st.integers(1, 10 * SECOND_US)),
    ),
)
windows = st.lists(
    st.builds(
        lambda exchange, symbol, second, length: (
            *(exchange, symbol),
            *(T0 + second * SECOND_US, T0 + (second + length) * SECOND_US),
        ),
        st.one_of(exchanges, st.just(ALL_EXCHANGES)),
        symbols,
        st.integers(-4, 22),
        st.sampled_from([1, 5, 15]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=400, deadline=None)
@given(windows, st.lists(spans, max_size=10), st.lists(open_gaps, max_size=5), lives)
def test_wholeness_is_what_the_rule_says(
    asked: list[Window], covered: list[Span], gaps: list[Span], markets: dict[Market, Lifetime]
) -> None:
    gaps = [gap._replace(to_us=gap.to_us + 1) if gap.to_us == gap.from_us else gap for gap in gaps]
    known = pickle.loads(pickle.dumps(Wholeness.of(covered, gaps, markets)))
    assert told(known, asked) == [plainly(window, covered, gaps, markets) for window in asked]


# --- by examples


@pytest.mark.parametrize(
    ("covered", "whole"),
    [
        ([], False),
        ([span(0, MINUTE_US)], True),
        ([span(1, MINUTE_US)], False),
        ([span(0, MINUTE_US - 1)], False),
        ([span(-5, 10 * MINUTE_US)], True),
        ([span(0, 30 * SECOND_US), span(30 * SECOND_US, MINUTE_US)], True),
        ([span(30 * SECOND_US, MINUTE_US), span(0, 30 * SECOND_US)], True),
        ([span(0, 40 * SECOND_US), span(20 * SECOND_US, MINUTE_US)], True),
        ([span(0, 1_500_000), span(1_500_000, MINUTE_US)], True),  # they meet within a second
        ([span(0, 30 * SECOND_US), span(30 * SECOND_US + 1, MINUTE_US)], False),
        ([span(-DAY_US, DAY_US), span(-5, 5)], True),
        ([span(-5, -1), span(0, MINUTE_US), span(2 * MINUTE_US, HOUR_US)], True),
        ([span(0, DAY_US, "coinbase")], False),
        ([span(0, DAY_US, symbol="ETH-USD")], False),
    ],
)
def test_a_window_is_complete_where_it_is_wholly_covered(covered: list[Span], whole: bool) -> None:
    assert is_whole(covered) is whole


@pytest.mark.parametrize(
    ("gap", "whole"),
    [
        (span(-5, 0), True),
        (span(-5, 1), False),
        (span(5, 6), False),
        (span(5, 5), False),
        (span(MINUTE_US - 1, DAY_US), False),
        (span(MINUTE_US, DAY_US), True),
        (span(-DAY_US, DAY_US), False),
        (span(-5, None), False),
        (span(MINUTE_US - 1, None), False),
        (span(MINUTE_US, None), True),
        (span(5, 6, "coinbase"), True),
        (span(5, 6, symbol="ETH-USD"), True),
        (span(5, 6, EVERYWHERE, EVERYWHERE), False),
        (span(5, None, EVERYWHERE, EVERYWHERE), False),
        (span(MINUTE_US, None, EVERYWHERE, EVERYWHERE), True),
    ],
)
def test_an_open_gap_makes_the_windows_that_it_touches_incomplete(gap: Span, whole: bool) -> None:
    assert is_whole([span(-DAY_US, DAY_US)], [gap]) is whole
    assert is_whole([span(-DAY_US, DAY_US)], [span(-9, -5), gap, span(DAY_US, None)]) is whole


def test_all_is_complete_only_where_every_market_is() -> None:
    covered = [span(-DAY_US, DAY_US), span(-DAY_US, MINUTE_US, "coinbase")]
    assert is_whole(covered, exchange=ALL_EXCHANGES)
    assert not is_whole(covered, exchange=ALL_EXCHANGES, length_us=2 * MINUTE_US)
    assert not is_whole(covered, exchange=ALL_EXCHANGES, at_us=MINUTE_US)
    assert is_whole(covered, at_us=MINUTE_US)


def test_an_open_gap_of_any_market_makes_all_incomplete() -> None:
    covered = [span(-DAY_US, DAY_US, exchange) for exchange in ("kraken", "coinbase")]
    assert not is_whole(covered, [span(5, 6, "coinbase")], exchange=ALL_EXCHANGES)
    assert not is_whole(covered, [span(5, 6, "bitstamp")], exchange=ALL_EXCHANGES)  # it never traded yet
    assert is_whole(covered, [span(5, 6, "coinbase", "ETH-USD")], exchange=ALL_EXCHANGES)


def test_all_asks_for_no_market_before_its_first_and_behind_its_last() -> None:
    covered = [span(-DAY_US, DAY_US), span(HOUR_US, 2 * HOUR_US, "coinbase")]
    lives = {KRAKEN: EVER, COINBASE: Lifetime(T0 + HOUR_US, T0 + 2 * HOUR_US)}

    def all_of_it(at_us: int, length_us: int = MINUTE_US) -> bool:
        return is_whole(covered, (), lives, exchange=ALL_EXCHANGES, at_us=at_us, length_us=length_us)

    assert all_of_it(HOUR_US - MINUTE_US)
    assert not all_of_it(HOUR_US - MINUTE_US, 2 * MINUTE_US)  # it was there for half of it
    assert all_of_it(HOUR_US)
    assert all_of_it(2 * HOUR_US - MINUTE_US)
    assert not all_of_it(2 * HOUR_US - MINUTE_US, 2 * MINUTE_US)
    assert all_of_it(2 * HOUR_US)
    assert not is_whole(covered, exchange=ALL_EXCHANGES, at_us=2 * HOUR_US), "late, it is asked for"


# --- lifetimes


def lifetime(
    covered: Sequence[Span], gaps: Sequence[Span] = (), *, watched: Sequence[tuple[int, int]], last_us: int = 0
) -> Lifetime:
    found = lifetimes(
        {KRAKEN: (T0, T0 + last_us)}, covered, gaps, watched=[(T0 + low, T0 + high) for low, high in watched]
    )
    return Lifetime(
        found[KRAKEN].from_us - T0, None if found[KRAKEN].to_us is None else (found[KRAKEN].to_us or 0) - T0
    )


WEEKS: Final = [(-DAY_US, 30 * DAY_US)]


def test_a_market_is_there_from_the_first_to_the_last_that_is_known() -> None:
    assert lifetime([span(-HOUR_US, HOUR_US)], watched=WEEKS) == (-HOUR_US, HOUR_US)
    assert lifetime([span(5, HOUR_US)], watched=WEEKS, last_us=DAY_US) == (0, DAY_US + 1)
    assert lifetime([], watched=WEEKS) == (0, 1)


def test_a_market_is_late_before_it_is_gone() -> None:
    covered = [span(-HOUR_US, HOUR_US)]
    assert lifetime(covered, watched=[(0, HOUR_US + GONE_AFTER_US)]) == (-HOUR_US, None)
    assert lifetime(covered, watched=[(0, HOUR_US + GONE_AFTER_US + 1)]) == (-HOUR_US, HOUR_US)


def test_a_lake_that_stood_still_lost_no_market() -> None:
    """What comes first after a pause of weeks must not speak for those that are about to come."""
    assert lifetime([span(-HOUR_US, HOUR_US)], watched=[(0, HOUR_US), (30 * DAY_US, 30 * DAY_US + 5)]).to_us is None


def test_a_market_of_which_a_gap_goes_on_is_not_gone() -> None:
    covered = [span(-HOUR_US, HOUR_US)]
    assert lifetime(covered, [span(HOUR_US, None)], watched=WEEKS).to_us is None
    assert lifetime(covered, [span(0, HOUR_US)], watched=WEEKS).to_us == HOUR_US
    assert lifetime(covered, [span(HOUR_US, None, "coinbase")], watched=WEEKS).to_us == HOUR_US


def test_spans_that_meet_are_one() -> None:
    assert joined([(5, 7), (1, 3), (3, 4), (6, 9), (1, 2)]) == [(1, 4), (5, 9)]
