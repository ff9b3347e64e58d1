"""What is done to the synthetic market on its way: as often as asked, and no coverage of it is ever untrue."""

import asyncio
import json
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.source import Item, Raw
from producers.synthetic import SyntheticConfig, SyntheticSource
from producers.synthetic.malformed import FORMS, REASONS
from producers.synthetic.spoiler import HELD, Spoiler
from tapehouse.kpl import deaggregate
from tapehouse.record import Coverage, Gap, Trade, encode, judge

START_US = 1_760_000_000_000_000
AGES_US = 10**15
ALL = {"duplicates": 0.04, "late": 0.03, "late_s": 4.0, "out_of_order": 0.05, "malformed": 0.02, "gaps": 0.01}


class FakeTime:
    def __init__(self, now_us: int) -> None:
        self.now_us = now_us

    def now(self) -> int:
        return self.now_us

    async def sleep(self, seconds: float) -> None:
        self.now_us += round(seconds * 1e6)


def configured(**changes: Any) -> SyntheticConfig:
    return SyntheticConfig(**{"count": 3000, "rate_per_s": 40, "start_us": START_US, **changes})


def sent(config: SyntheticConfig, time: FakeTime | None = None) -> list[Item]:
    """All that the source gives; by default everything is due at once."""
    clock = time or FakeTime(START_US + AGES_US)

    async def work() -> list[Item]:
        source = SyntheticSource(config, now_us=clock.now, sleep=clock.sleep)
        return [item async for batch in source for item in batch]

    return asyncio.run(work())


def market(config: SyntheticConfig) -> list[Trade]:
    return [each for each in SyntheticSource(config).records(START_US) if isinstance(each, Trade)]


def missing(items: list[Item]) -> set[tuple[str, int]]:
    return {
        (gap.symbol, number)
        for gap in items
        if isinstance(gap, Gap) and gap.from_id and gap.to_id
        for number in range(int(gap.from_id), int(gap.to_id) + 1)
    }


def key(trade: Trade) -> tuple[str, int]:
    return trade.symbol, int(trade.trade_id)


def check(config: SyntheticConfig, items: list[Item]) -> None:
    """Everything that must hold, whatever the rates."""
    truth = {key(trade): trade for trade in market(config)}
    holes = missing(items)
    seen: set[tuple[str, int]] = set()
    covered: dict[str, list[tuple[int, int]]] = {symbol: [] for symbol in config.symbols}
    for item in items:
        if isinstance(item, Trade):
            assert truth[key(item)] == item
            seen.add(key(item))
        elif isinstance(item, Coverage):
            spanned = {
                k for k, t in truth.items() if k[0] == item.symbol and item.from_us <= t.event_time_us < item.through_us
            }
            assert spanned <= seen, "it covers what was not put before it"
            assert item.from_us >= (covered[item.symbol] or [(0, START_US)])[-1][1]
            last_id = int(item.last_id) if item.last_id else -1
            assert last_id < 0 or (item.symbol, last_id) in seen
            assert all(k in seen or k in holes for k in truth if k[0] == item.symbol and k[1] <= last_id)
            assert all(k[1] <= last_id for k in spanned)
            covered[item.symbol].append((item.from_us, item.through_us))
        elif isinstance(item, Gap):
            assert item.from_us is not None
            assert item.to_us is not None
            first, last = truth[item.symbol, int(item.from_id or "")], truth[item.symbol, int(item.to_id or "")]
            assert item.from_us <= first.event_time_us <= last.event_time_us <= item.to_us
            assert (item.symbol, int(item.from_id or "") - 1) in seen
        if not isinstance(item, Raw):
            assert judge(encode(item), START_US + AGES_US).reasons == ()
    assert seen == truth.keys() - holes
    assert holes <= truth.keys()
    gaps = [item for item in items if isinstance(item, Gap)]
    for (symbol, number), trade in truth.items():
        at = trade.event_time_us
        whole = any(start <= at < end for start, end in covered[symbol])
        beside = any(g.symbol == symbol and (g.from_us or 0) <= at <= (g.to_us or 0) for g in gaps)
        assert whole or beside, f"nobody speaks for {symbol} {number}"
        assert not (whole and (symbol, number) in holes)


share = st.sampled_from([0.0, 0.01, 0.1, 0.19])


@settings(max_examples=40, deadline=None)
@given(
    changes=st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**64),
            "rate_per_s": st.sampled_from([0.05, 1, 20, 1000, 500_000]),
            "count": st.integers(0, 300),
            "symbols": st.sampled_from([("BTC-USD",), ("BTC-USD", "XRP-USD", "A-B")]),
            "late_s": st.sampled_from([0.001, 2, 30, 4000]),
            "gap_trades": st.sampled_from([1, 3, 100]),
            **dict.fromkeys(("duplicates", "late", "out_of_order", "malformed", "gaps"), share),
        }
    )
)
def test_no_coverage_is_untrue_and_nothing_is_lost_unreported(changes: dict[str, Any]) -> None:
    config = configured(**changes)
    items = sent(config)
    check(config, items)
    assert sent(config, FakeTime(START_US)) == items  # the clock decides when, not what


def test_each_fault_comes_as_often_as_asked() -> None:
    config = configured(count=20_000, **ALL)
    items = sent(config)
    trades = [item for item in items if isinstance(item, Trade)]
    gaps = [item for item in items if isinstance(item, Gap)]
    outside = 20_000 - len(missing(items))
    repeats = len(trades) - len(set(map(key, trades)))
    assert repeats == pytest.approx(0.04 * outside, rel=0.1)
    assert sum(isinstance(item, Raw) for item in items) == pytest.approx(0.02 * outside, rel=0.1)
    assert len(gaps) == pytest.approx(0.01 * outside, rel=0.1)
    assert len(missing(items)) / len(gaps) == pytest.approx(10, rel=0.2)
    newest: dict[str, int] = {}
    first = dict.fromkeys(map(key, trades))
    behind = 0
    for symbol, number in first:
        behind += number < newest.get(symbol, -1)
        newest[symbol] = max(number, newest.get(symbol, -1))
    assert behind == pytest.approx((0.03 + 0.05) * outside, rel=0.1)


def test_a_late_trade_comes_behind_newer_ones_but_not_by_more_than_allowed() -> None:
    trades = [item for item in sent(configured(late=0.05, late_s=4)) if isinstance(item, Trade)]
    end_us = max(trade.event_time_us for trade in trades) - 4_000_000  # at the end all comes at once
    newest, lateness = 0, []
    for trade in trades:
        if trade.event_time_us < end_us:
            lateness.append(max(0, newest - trade.event_time_us))
        newest = max(newest, trade.event_time_us)
    assert 3_900_000 < max(lateness) <= 4_000_000
    assert all(late == 0 or late > 1_700_000 for late in lateness)


def test_a_late_trade_is_sent_when_its_time_has_come_even_in_a_quiet_market() -> None:
    clock = FakeTime(START_US)
    config = configured(count=40, rate_per_s=0.01, symbols=("BTC-USD",), late=0.5, late_s=2)
    when: list[int] = []

    async def work() -> None:
        async for batch in SyntheticSource(config, now_us=clock.now, sleep=clock.sleep):
            when.extend(clock.now_us - item.event_time_us for item in batch if isinstance(item, Trade))

    asyncio.run(work())
    assert max(when) > 1_000_000
    assert max(when) <= 2_000_000 + 10_000


def test_a_repeat_is_the_same_bytes_again() -> None:
    trades = [item for item in sent(configured(duplicates=0.2)) if isinstance(item, Trade)]
    again = Counter(map(key, trades))
    assert set(again.values()) == {1, 2}
    assert Counter(map(encode, trades)).most_common(1)[0][1] == 2
    assert len(set(map(encode, trades))) == len(again)


def test_the_market_is_the_same_with_and_without_faults() -> None:
    assert market(configured(**ALL)) == market(configured())
    assert {key(t): t for t in sent(configured(**{**ALL, "gaps": 0})) if isinstance(t, Trade)} == {
        key(t): t for t in market(configured())
    }


def test_the_same_seed_gives_the_same_faults() -> None:
    assert sent(configured(**ALL)) == sent(configured(**ALL)) != sent(configured(seed=2, **ALL))


def test_a_hole_at_the_end_of_the_run_is_reported() -> None:
    for seed in range(50):
        config = configured(seed=seed, count=20, gaps=0.2, gap_trades=1000, symbols=("BTC-USD",))
        items = sent(config)
        gap = items[-1]
        if isinstance(gap, Gap):
            assert gap.to_id == str(START_US + 19)
            check(config, items)
            return
    pytest.fail("no run ended in a hole")


def test_without_rates_the_market_passes_unchanged() -> None:
    config = configured()
    records = list(SyntheticSource(config).records(START_US))
    spoiler = Spoiler(config, START_US, lambda *_, **__: pytest.fail("no fault was asked for"))
    assert spoiler.take(records) + spoiler.end() == records


def test_what_is_held_back_is_bounded() -> None:
    config = configured(count=None, rate_per_s=1_000_000, late=0.5, duplicates=0.4, late_s=86_400)
    spoiler = Spoiler(config, START_US, lambda *_, **__: None)
    records = SyntheticSource(config).records(START_US)
    out = spoiler.take([next(records) for _ in range(50_000)])
    assert len(spoiler.end()) <= HELD + 10
    assert len(out) > 40_000


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_malformed_record_is_refused_whenever_it_arrives(form: str) -> None:
    random = Random(5)
    reasons: set[tuple[str, ...]] = set()
    for trade in market(configured(count=60)):
        data = FORMS[form](trade, random)
        assert deaggregate(data) is None
        for arrival_us in (trade.event_time_us, trade.event_time_us + 20 * 365 * 86_400_000_000):
            reasons.add(judge(data, arrival_us).reasons)
    assert reasons
    assert reasons <= {(reason,) for reason in REASONS[form]}


def test_all_forms_are_sent_under_the_key_of_a_market() -> None:
    found = [item for item in sent(configured(count=4000, malformed=0.2)) if isinstance(item, Raw)]
    assert {item.partition_key for item in found} == {"synthetic:BTC-USD", "synthetic:ETH-USD", "synthetic:SOL-USD"}
    reasons = {judge(item.data, START_US + AGES_US).reasons for item in found}
    assert reasons >= {(REASONS[form][0],) for form in FORMS}
    assert not any(item.barrier for item in found)
    assert json.loads(next(item.data for item in found if b'"v":2' in item.data))["v"] == 2
