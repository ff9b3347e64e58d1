"""A lane's mark advances over a contiguous prefix only, in whatever order Kinesis confirms."""

from hypothesis import given
from hypothesis import strategies as st

from producers.watermark import Lane, Mark
from tapehouse.record import Trade


def trade(number: int, *, backfilled: bool = False) -> Trade:
    return Trade(
        exchange="kraken",
        symbol="BTC-USD",
        source="kraken",
        trade_id=str(number),
        price="1",
        size="1",
        side=None,
        event_time_us=number,
        received_time_us=number,
        backfilled=backfilled,
    )


def orders(most: int) -> st.SearchStrategy[list[int]]:
    return st.integers(1, most).flatmap(lambda size: st.permutations(range(size)))


@given(order=orders(60), backfilled=st.sets(st.integers(0, 59)))
def test_the_mark_is_the_last_live_trade_of_the_confirmed_prefix(order: list[int], backfilled: set[int]) -> None:
    lane = Lane()
    trades = [trade(number, backfilled=number in backfilled) for number in range(len(order))]
    assert [lane.issue() for _ in trades] == list(range(len(trades)))
    confirmed: set[int] = set()
    for ticket in order:
        before = lane.through
        advanced = lane.confirm(ticket, trades[ticket])
        confirmed.add(ticket)
        prefix = next(number for number in range(len(trades) + 1) if number not in confirmed)
        live = [number for number in range(prefix) if number not in backfilled]
        assert (lane.through, advanced) == (prefix, prefix > before)
        assert lane.mark().trade_id == (str(live[-1]) if live else None)
    assert lane.islands == 0


def test_one_item_retried_for_ever_costs_one_island_however_much_is_confirmed_behind_it() -> None:
    lane = Lane()
    for number in range(10_000):
        lane.issue()
        if number:
            lane.confirm(number, trade(number))
    assert (lane.islands, lane.through) == (1, 0)
    assert lane.confirm(0, trade(0))
    assert (lane.islands, lane.through, lane.mark().trade_id) == (0, 10_000, "9999")


def test_a_new_mark_keeps_what_it_does_not_know_itself() -> None:
    earlier = Mark(confirmed=9, trade_id="7", event_time_us=70, covered_through_us=60)
    assert Mark(confirmed=1, covered_through_us=90).over(earlier) == Mark(
        confirmed=1, trade_id="7", event_time_us=70, covered_through_us=90
    )
    newer = Mark(confirmed=2, trade_id="8", event_time_us=80)
    assert newer.over(earlier) == Mark(confirmed=2, trade_id="8", event_time_us=80, covered_through_us=60)
    assert newer.over(None) == newer
