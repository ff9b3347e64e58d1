"""The synthetic market: the same seed gives the same bytes, and silver accepts each of them."""

import asyncio
import collections
import hashlib
import itertools
import statistics
import tracemalloc
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.synthetic import SyntheticConfig, SyntheticSource
from producers.synthetic.market import BLOCK, due_us, trader_names
from tapehouse.errors import SettingsError
from tapehouse.record import Coverage, Trade, encode, judge

START_US = 1_760_000_000_000_000
Made = list[Trade | Coverage]


def make(**changes: Any) -> Made:
    config = SyntheticConfig(**{"count": 300, "start_us": START_US, **changes})
    return list(SyntheticSource(config).records(START_US))


def trades_of(records: Made, symbol: str | None = None) -> list[Trade]:
    return [each for each in records if isinstance(each, Trade) and symbol in (None, each.symbol)]


configs = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**64),
        "symbols": st.lists(
            st.sampled_from(["BTC-USD", "ETH-USD", "DOGE-USD", "AAPL-USD", "X-EUR"]), min_size=1, unique=True
        ),
        "rate_per_s": st.one_of(st.none(), st.floats(0.01, 100_000)),
        "count": st.integers(0, 200),
        "traders": st.integers(1, 50),
    }
)


@settings(max_examples=60, deadline=None)
@given(changes=configs)
def test_the_same_seed_gives_the_same_bytes_and_all_are_accepted(changes: dict[str, Any]) -> None:
    records = make(**changes)
    assert [encode(each) for each in records] == [encode(each) for each in make(**changes)]
    assert len(trades_of(records)) == changes["count"]
    for each in records:
        arrival_us = each.event_time_us if isinstance(each, Trade) else each.through_us
        judged = judge(encode(each), arrival_us)
        assert judged.reasons == ()


@settings(max_examples=60, deadline=None)
@given(changes=configs)
def test_ids_are_contiguous_times_rise_and_coverage_leaves_no_hole(changes: dict[str, Any]) -> None:
    records = make(**changes)
    for symbol in changes["symbols"]:
        mine = trades_of(records, symbol)
        assert [int(each.trade_id) for each in mine] == list(range(START_US, START_US + len(mine)))
        spans = [each for each in records if isinstance(each, Coverage) and each.symbol == symbol]
        bounds = [START_US, *(each.through_us for each in spans)]
        assert [each.from_us for each in spans] == bounds[:-1]
        assert all(before < after for before, after in itertools.pairwise(bounds))
        for each in mine:
            assert bounds[0] <= each.event_time_us < bounds[-1]
    times = [each.event_time_us for each in trades_of(records)]
    assert times == sorted(times)


def test_a_coverage_follows_all_trades_of_its_span_and_names_the_last() -> None:
    last: dict[str, Trade] = {}
    for each in make(count=5000, rate_per_s=50):
        if isinstance(each, Trade):
            last[each.symbol] = each
        else:
            assert last[each.symbol].event_time_us < each.through_us
            assert each.last_id == last[each.symbol].trade_id
            assert each.through_us - each.from_us <= 10_000_000


def test_another_seed_gives_another_market() -> None:
    assert [encode(each) for each in make(seed=1)] != [encode(each) for each in make(seed=2)]


def test_the_market_looks_like_one() -> None:
    trades = trades_of(make(count=20_000, rate_per_s=100, symbols=("BTC-USD",)))
    gaps = [(b.event_time_us - a.event_time_us) / 1e6 for a, b in itertools.pairwise(trades)]
    assert statistics.mean(gaps) == pytest.approx(1 / 100, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(1 / 100, rel=0.05)  # exponential: mean = deviation
    logs = [float(Decimal(each.size).ln()) for each in trades]
    assert statistics.stdev(logs) == pytest.approx(1, rel=0.05)
    assert statistics.fmean(each.side == "buy" for each in trades) == pytest.approx(0.5, abs=0.02)
    assert len({each.trader for each in trades}) > 900
    assert len({each.price for each in trades}) > 1000


def test_arrivals_are_poisson() -> None:
    seconds = 400
    trades = trades_of(make(count=100 * seconds, rate_per_s=100))
    counts = Counter((each.event_time_us - START_US) // 1_000_000 for each in trades)
    whole = [counts[second] for second in range(seconds - 10)]
    assert statistics.fmean(whole) == pytest.approx(100, rel=0.02)
    assert statistics.variance(whole) == pytest.approx(100, rel=0.15)  # as large as the mean


def test_the_price_jumps_now_and_then_and_walks_in_between() -> None:
    trades = trades_of(make(count=100_000, symbols=("BTC-USD",)))
    moves = [abs(Decimal(b.price) / Decimal(a.price) - 1) for a, b in itertools.pairwise(trades)]
    jumps = [move for move in moves if move > Decimal("0.001")]
    assert 12 < len(jumps) < 40  # one in 4097
    assert max(jumps) < Decimal("0.0201")
    assert Decimal("0.00001") < statistics.median(moves) < Decimal("0.00003")


def test_every_market_has_purchases_and_sales() -> None:
    trades = trades_of(make(count=300))
    assert {(each.symbol, each.side) for each in trades} == {
        (symbol, side) for symbol in ("BTC-USD", "ETH-USD", "SOL-USD") for side in ("buy", "sell")
    }


def test_the_price_stays_in_its_bounds_on_a_long_walk() -> None:
    for each in trades_of(make(count=50_000, symbols=("DOGE-USD",))):
        assert Decimal("0.123450") / 20 <= Decimal(each.price) + 1 / Decimal(10**6)
        assert Decimal(each.price) <= Decimal("0.123450") * 20


def test_a_seed_means_these_bytes() -> None:
    """Another digest means that every seed now makes another market: decide that, do not mend it here."""
    records = itertools.islice(SyntheticSource(SyntheticConfig(seed=7)).records(START_US), 10_000)
    lines = [encode(replace(each, trader=None) if isinstance(each, Trade) else each) for each in records]
    digest = hashlib.sha256(b"\n".join(lines)).hexdigest()
    assert digest == "51ccbdef6a0c38370cca425d9dbc658d9d2763d16e99149212a6c70f8fe22997"


def test_a_seed_means_these_people() -> None:
    """They come from Mimesis' lists: another digest after its upgrade means that the names changed, and no more."""
    digest = hashlib.sha256("\n".join(trader_names(1000, 7)).encode()).hexdigest()
    assert digest == "5f4e1515cc204eadf441b3b23c233658d897a430d0de3c8897e7dcbe22ac86b2"


def test_names_are_the_same_for_the_same_seed() -> None:
    assert trader_names(20, 7) == trader_names(20, 7) != trader_names(20, 8)


def test_making_many_trades_keeps_nothing() -> None:
    records = SyntheticSource(SyntheticConfig(start_us=START_US)).records(START_US)
    used: list[int] = []
    tracemalloc.start()
    try:
        for _ in range(4):
            collections.deque(itertools.islice(records, 20_000), maxlen=0)  # whole blocks of 1000
            used.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert abs(used[3] - used[1]) < 50_000


class FakeTime:
    def __init__(self, now_us: int, *, oversleeps_us: int = 0) -> None:
        self.now_us, self.slept, self.oversleeps_us = now_us, 0, oversleeps_us

    def now(self) -> int:
        return self.now_us

    async def sleep(self, seconds: float) -> None:
        self.slept += 1
        self.now_us += max(1, round(seconds * 1e6)) + self.oversleeps_us


def drive(config: SyntheticConfig, time: FakeTime) -> Made:
    async def work() -> Made:
        found: Made = []
        async for batch in SyntheticSource(config, now_us=time.now, sleep=time.sleep):
            assert 0 < len(batch) <= BLOCK + len(config.symbols)
            for each in batch:
                assert isinstance(each, Trade | Coverage)
                assert due_us(each) <= time.now_us
                found.append(each)
        return found

    return asyncio.run(work())


@pytest.mark.parametrize(("rate", "batches"), [(1.0, 4000), (300.0, 1400), (50_000.0, 90)])
def test_it_keeps_the_pace_of_the_clock_and_batches_grow_with_the_rate(rate: float, batches: int) -> None:
    time = FakeTime(START_US, oversleeps_us=3_000)
    late_us: list[int] = []

    async def work() -> None:
        config = SyntheticConfig(count=4000, rate_per_s=rate)
        async for batch in SyntheticSource(config, now_us=time.now, sleep=time.sleep):
            late_us.extend(time.now_us - due_us(each) for each in batch if isinstance(each, Trade))

    asyncio.run(work())
    assert min(late_us) >= 0
    assert max(late_us) <= 13_000  # a tick and what the sleep took longer, however long it runs
    assert time.slept <= batches * 1.2


def test_a_stop_wakes_a_sleeping_source_and_ends_it() -> None:
    async def work() -> int:
        source = SyntheticSource(SyntheticConfig(rate_per_s=0.001))
        reading = asyncio.ensure_future(anext(aiter(source), None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not reading.done()
        source.stop()
        async with asyncio.timeout(5):
            return 0 if await reading is None else 1

    assert asyncio.run(work()) == 0


def test_no_record_comes_before_its_time_and_a_quiet_market_is_covered_while_it_is_quiet() -> None:
    time = FakeTime(START_US)
    config = SyntheticConfig(count=5, rate_per_s=0.02, symbols=("BTC-USD",))
    found = drive(config, time)
    assert len(trades_of(found)) == 5
    assert time.slept >= sum(isinstance(each, Coverage) for each in found) > 5
    assert found == make(count=5, rate_per_s=0.02, symbols=("BTC-USD",))


@pytest.mark.parametrize("rate", [None, 1000.0])
def test_a_start_in_the_past_is_caught_up_without_waiting(rate: float | None) -> None:
    time = FakeTime(START_US + 3_600_000_000)
    found = drive(SyntheticConfig(count=2000, rate_per_s=rate, start_us=START_US), time)
    assert (len(trades_of(found)), time.slept) == (2000, 0)


def test_without_a_rate_all_trades_are_due_at_once() -> None:
    time = FakeTime(START_US)
    assert len(trades_of(drive(SyntheticConfig(count=3000), time))) == 3000
    assert time.slept == 0


def test_runs_with_different_starts_share_no_id() -> None:
    ids = [
        {(each.symbol, each.trade_id) for each in trades_of(drive(SyntheticConfig(count=900), FakeTime(now)))}
        for now in (START_US, START_US + 1_000_000)
    ]
    assert ids[0].isdisjoint(ids[1])


def test_all_faults_of_a_configuration_are_said_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        make(
            **{"symbols": (), "rate_per_s": float("nan"), "count": -1, "start_us": 0, "first_id": -1, "traders": 0},
            **{"late": 1.0, "gaps": -0.1, "malformed": float("nan"), "late_s": 0.0, "gap_trades": 0.5},
        )
    assert len(error.value.faults) == 11


def test_rates_that_leave_no_trade_alone_are_refused() -> None:
    with pytest.raises(SettingsError, match="together"):
        SyntheticConfig(late=0.5, duplicates=0.5)
    assert SyntheticConfig(late=0.5, duplicates=0.49).fault_share == 0.99
