"""A stretch of the past: the same for whoever tells it, whole, thin, and ending where the live market begins."""

import itertools
import statistics
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.synthetic.past import FAR_PAUSE_S, NEAR_PAUSE_S, NEAR_US, Stretch, past
from tapehouse.intervals import HOUR_US, SECOND_US
from tapehouse.price_walk import start_price
from tapehouse.record import Coverage, Trade, encode, judge

UNTIL_US = 1_760_000_000_000_000
SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD")
Told = list[Trade | Coverage]


def stretch(**changes: Any) -> Stretch:
    given = {"from_us": UNTIL_US - 26 * HOUR_US, "until_us": UNTIL_US, "seed": 1, "symbols": SYMBOLS, "traders": 50}
    return Stretch(**{**given, "prices": {}, **changes})


def told(**changes: Any) -> Told:
    return list(itertools.chain.from_iterable(past(stretch(**changes))))


def trades_of(records: Told, symbol: str) -> list[Trade]:
    return [each for each in records if isinstance(each, Trade) and each.symbol == symbol]


stretches = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**63 - 1),
        "symbols": st.lists(
            st.sampled_from(["BTC-USD", "DOGE-USD", "AAPL-USD", "X-EUR"]), min_size=1, max_size=3, unique=True
        ).map(tuple),
        "from_us": st.integers(1, 3 * HOUR_US).map(lambda before: UNTIL_US - before),
    }
)


@settings(max_examples=40, deadline=None)
@given(changes=stretches)
def test_a_stretch_is_the_same_whoever_tells_it_and_all_of_it_is_accepted(changes: dict[str, Any]) -> None:
    records = told(**changes)
    assert [encode(each) for each in records] == [encode(each) for each in told(**changes)]
    for each in records:
        assert judge(encode(each), UNTIL_US).reasons == ()


@settings(max_examples=40, deadline=None)
@given(changes=stretches)
def test_every_market_is_wholly_covered_and_ids_rise_with_the_times(changes: dict[str, Any]) -> None:
    records = told(**changes)
    from_us = changes["from_us"]
    times = [each.event_time_us for each in records if isinstance(each, Trade)]
    assert times == sorted(times)
    for symbol in changes["symbols"]:
        mine = trades_of(records, symbol)
        assert [int(each.trade_id) for each in mine] == list(range(from_us, from_us + len(mine)))
        assert from_us + len(mine) < UNTIL_US, "the live market's ids begin there"
        assert all(from_us <= each.event_time_us < UNTIL_US and each.backfilled for each in mine)
        spans = [each for each in records if isinstance(each, Coverage) and each.symbol == symbol]
        bounds = [from_us, *(each.through_us for each in spans)]
        assert [each.from_us for each in spans] == bounds[:-1]
        assert bounds == sorted(set(bounds))
        assert bounds[-1] == UNTIL_US


def test_a_coverage_follows_all_trades_of_its_span_and_names_the_last() -> None:
    last: dict[str, Trade] = {}
    for each in told():
        if isinstance(each, Trade):
            last[each.symbol] = each
        else:
            assert last[each.symbol].event_time_us < each.through_us
            assert each.last_id == last[each.symbol].trade_id


@pytest.mark.parametrize("prices", [{}, {"BTC-USD": "65300.07", "ETH-USD": "3199.99", "SOL-USD": "131.002"}])
def test_prices_end_at_the_start_price_and_begin_at_the_one_before(prices: dict[str, str]) -> None:
    records = told(prices=prices)
    for symbol in SYMBOLS:
        found = [Decimal(each.price) for each in trades_of(records, symbol)]
        start = Decimal(start_price(symbol))
        assert found[-1] == start
        moves = [abs(b / a - 1) for a, b in itertools.pairwise([Decimal(prices.get(symbol, found[0])), *found])]
        assert max(moves) < Decimal("0.003"), "no jump, at neither end"
        assert max(found) / min(found) > Decimal("1.01"), "a day in which something happens"


def test_it_is_thin_and_thicker_near_its_end() -> None:
    trades = trades_of(told(), "BTC-USD")
    for near, pause_s in ((True, NEAR_PAUSE_S), (False, FAR_PAUSE_S)):
        times = [t.event_time_us for t in trades if (UNTIL_US - t.event_time_us <= NEAR_US) is near]
        pauses = [(b - a) / SECOND_US for a, b in itertools.pairwise(times)]
        assert statistics.fmean(pauses) == pytest.approx(pause_s, rel=0.1)
    minutes = Counter(each.event_time_us // (60 * SECOND_US) for each in trades)
    assert statistics.fmean(minutes[each] > 0 for each in range(min(minutes), max(minutes))) > 0.98, "no empty candles"


def test_another_stretch_of_the_same_seed_is_another_tape() -> None:
    first, second = (told(from_us=from_us, until_us=from_us + HOUR_US) for from_us in (UNTIL_US, UNTIL_US + HOUR_US))
    sizes = [[each.size for each in trades_of(records, "BTC-USD")][:20] for records in (first, second)]
    assert sizes[0] != sizes[1]


def test_a_stretch_too_short_for_a_trade_is_covered_all_the_same() -> None:
    records = told(from_us=UNTIL_US - 1)
    assert [
        (type(each), each.from_us, each.through_us, each.last_id) for each in records if isinstance(each, Coverage)
    ] == [(Coverage, UNTIL_US - 1, UNTIL_US, None)] * 3
    assert len(records) == 3
