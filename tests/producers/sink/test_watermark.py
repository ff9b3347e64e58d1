"""A market's mark advances over a contiguous prefix only, in whatever order Kinesis confirms."""

from hypothesis import given
from hypothesis import strategies as st

from producers.sink import Mark
from producers.sink.watermark import GAPS_KEPT, Watermark
from tapehouse.record import Gap, GapClosed, Record, Trade
from tests import factories


def trade(number: int, *, backfilled: bool = False) -> Trade:
    return factories.trade(number, event_time_us=number, backfilled=backfilled)


def orders(most: int) -> st.SearchStrategy[list[int]]:
    return st.integers(1, most).flatmap(lambda size: st.permutations(range(size)))


@given(order=orders(60), backfilled=st.sets(st.integers(0, 59)))
def test_the_mark_is_the_last_live_trade_of_the_confirmed_prefix(order: list[int], backfilled: set[int]) -> None:
    watermark = Watermark()
    trades = [trade(number, backfilled=number in backfilled) for number in range(len(order))]
    assert [watermark.issue() for _ in trades] == list(range(len(trades)))
    confirmed: set[int] = set()
    for ticket in order:
        before = watermark.through
        advanced = watermark.confirm(ticket, trades[ticket])
        confirmed.add(ticket)
        prefix = next(number for number in range(len(trades) + 1) if number not in confirmed)
        live = [number for number in range(prefix) if number not in backfilled]
        assert (watermark.through, advanced) == (prefix, prefix > before)
        assert watermark.mark().trade_id == (str(live[-1]) if live else None)
    assert watermark.islands == 0


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=12), data=st.data(), backfilled=st.sets(st.integers(0, 59))
)
def test_a_run_of_trades_confirmed_in_one_step_comes_to_the_same_as_each_alone(
    sizes: list[int], data: st.DataObject, backfilled: set[int]
) -> None:
    runs, at = [], 0
    for size in sizes:
        runs.append([trade(number, backfilled=number in backfilled) for number in range(at, at + size)])
        at += size
    together, alone = Watermark(), Watermark()
    for _ in range(at):
        together.issue()
        alone.issue()
    for run in data.draw(st.permutations(runs)):
        live = [each for each in run if not each.backfilled]
        advanced = together.confirm(run[0].event_time_us, live[-1] if live else None, len(run))
        each_advanced = [alone.confirm(each.event_time_us, each) for each in run]
        assert advanced == any(each_advanced)
        assert together.mark() == alone.mark()
    assert (together.through, together.islands) == (at, 0)


def test_one_item_retried_for_ever_costs_one_island_however_much_is_confirmed_behind_it() -> None:
    watermark = Watermark()
    for number in range(10_000):
        watermark.issue()
        if number:
            watermark.confirm(number, trade(number))
    assert (watermark.islands, watermark.through) == (1, 0)
    assert watermark.confirm(0, trade(0))
    assert (watermark.islands, watermark.through, watermark.mark().trade_id) == (0, 10_000, "9999")


def test_a_new_mark_keeps_what_it_does_not_know_itself() -> None:
    earlier = Mark(confirmed=9, trade_id="7", event_time_us=70, covered_through_us=60)
    assert Mark(confirmed=1, covered_through_us=90).over(earlier) == Mark(
        confirmed=1, trade_id="7", event_time_us=70, covered_through_us=90
    )
    newer = Mark(confirmed=2, trade_id="8", event_time_us=80)
    assert newer.over(earlier) == Mark(confirmed=2, trade_id="8", event_time_us=80, covered_through_us=60)
    assert newer.over(None) == newer


def gap(name: str) -> Gap:
    return factories.gap(name, from_id="1", to_id="2", from_us=1, to_us=2)


def closed(name: str) -> GapClosed:
    return GapClosed(
        exchange="kraken", symbol="BTC-USD", source="kraken", gap_id=name, reason="filled", received_time_us=4
    )


@given(order=orders(9))
def test_a_mark_holds_the_gaps_that_the_confirmed_prefix_opened_and_did_not_close(order: list[int]) -> None:
    items: list[Record] = [gap("a"), trade(1), gap("b"), closed("a"), trade(2), gap("c"), closed("b"), closed("z")]
    items.append(trade(3))
    watermark, confirmed = Watermark(), set[int]()
    for _ in items:
        watermark.issue()
    for ticket in [number for number in order if number < len(items)]:
        watermark.confirm(ticket, items[ticket])
        confirmed.add(ticket)
        prefix = next(number for number in range(len(items) + 1) if number not in confirmed)
        opened = [item.gap_id for item in items[:prefix] if isinstance(item, Gap)]
        shut = {item.gap_id for item in items[:prefix] if isinstance(item, GapClosed)}
        assert [each.gap_id for each in watermark.mark().gaps] == [name for name in opened if name not in shut]
        assert watermark.mark().closed == shut - set(opened)


def test_a_gap_of_an_earlier_run_is_kept_until_this_run_closes_it() -> None:
    earlier = Mark(confirmed=1, gaps=(gap("a"), gap("b")))
    watermark = Watermark()
    for item in (closed("a"), gap("c")):
        watermark.confirm(watermark.issue(), item)
    over = watermark.mark().over(earlier)
    assert [each.gap_id for each in over.gaps] == ["b", "c"]
    assert over.closed == frozenset()


def test_gaps_that_a_mark_remembers_are_bounded_and_the_newest_are_kept() -> None:
    watermark = Watermark()
    for number in range(GAPS_KEPT + 10):
        watermark.confirm(watermark.issue(), gap(str(number)))
    assert [each.gap_id for each in watermark.mark().gaps][-1] == str(GAPS_KEPT + 9)
    assert len(watermark.mark().gaps) == GAPS_KEPT
