"""What connections and recoveries bring, and what the consumer finds: without a socket."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from producers.counters import Counters
from producers.feeds import FEEDS, Limits, Parsed
from producers.gaps import Markets
from producers.websocket.inbox import Inbox
from tapehouse.record import Coverage, Gap, GapClosed, Trade, Unparsed
from tests import factories

S = 1_000_000
T0 = 1_800_000_000 * S
MARKET: dict[str, Any] = {"exchange": "kraken", "symbol": "BTC-USD", "source": "kraken"}


def trade(number: int) -> Trade:
    at_us = T0 + number * S
    return factories.trade(number, event_time_us=at_us, received_time_us=at_us)


class Filled:
    """An inbox of Kraken's, and what it reported."""

    def __init__(self, **limits: Any) -> None:
        self.counters, self.gaps = Counters(), list[Gap]()
        self.inbox = Inbox(
            Markets(FEEDS["kraken"], {}),
            counters=self.counters,
            limits=replace(Limits(coverage_margin_s=2.0), **limits),
            clock=lambda: T0 + 100 * S,
            on_gap=self.gaps.append,
        )

    def take(self, *numbers: int, replayed: bool = False, twice: bool = False) -> None:
        parsed = Parsed(records=tuple(map(trade, numbers)), replayed=replayed)
        self.inbox.take(parsed, T0 + 100 * S, twice=twice)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 30))


def test_records_are_given_once_in_order_and_gaps_are_reported_when_their_record_is_in() -> None:
    made = Filled()
    made.take(1, 2, 5)
    kinds = [record.kind for record in made.inbox.empty()]
    assert kinds == ["trade", "trade", "gap", "trade", "coverage"]
    assert made.inbox.empty() == []
    assert [(gap.from_id, gap.to_id) for gap in made.gaps] == [("3", "4")]
    assert (made.counters.trades, made.counters.gaps, made.counters.open_gaps) == (3, 1, 1)


def test_coverage_goes_behind_the_trades_of_its_own_message() -> None:
    made = Filled()
    made.inbox.confirmed("BTC-USD", T0 - 10 * S)
    made.take(1, 5)
    assert [record.kind for record in made.inbox.empty()] == ["trade", "gap", "trade", "coverage"]


def test_market_is_seen_from_a_margin_behind_its_confirmation_and_not_behind_the_end_of_its_connection() -> None:
    made = Filled()
    made.inbox.confirmed("BTC-USD", T0)
    made.inbox.seen(T0 + 10 * S, ["BTC-USD"])
    made.inbox.seen(T0 + 11 * S, ["ETH-USD"])
    made.inbox.seen(T0 + 12 * S, None)
    made.inbox.ended(T0 + 13 * S, {"BTC-USD"})
    made.inbox.ended(T0 + 14 * S, set())
    made.inbox.seen(T0 + 15 * S, None)
    spans = [(c.from_us, c.through_us) for c in made.inbox.empty() if isinstance(c, Coverage)]
    assert spans == [(T0 + at * S, T0 + through * S) for at, through in ((2, 10), (10, 12), (12, 14))]


def test_connection_that_saw_nothing_wholly_leaves_no_coverage() -> None:
    made = Filled()
    made.inbox.confirmed("BTC-USD", T0)
    made.inbox.ended(None, set())
    assert made.inbox.empty() == []


def test_repeats_are_counted_and_those_that_two_connections_bring_are_dropped() -> None:
    made = Filled()
    made.take(1, 2)
    made.take(1, 2, twice=True)
    made.take(2, replayed=True)
    assert len(made.inbox) == 2
    assert (made.counters.trades, made.counters.repeats) == (2, 3)


def test_trade_read_back_that_had_come_by_itself_is_left_out() -> None:
    made = Filled()
    made.take(1, 5)
    made.inbox.empty()
    made.take(3)
    unread = Unparsed(
        exchange="kraken", source="kraken", raw="{}", raw_bytes=2, raw_sha256="ab", error="x", received_time_us=T0
    )
    closed = GapClosed(**MARKET, gap_id="g", reason="filled", received_time_us=T0)
    made.inbox.fill([trade(2), trade(3), trade(4), unread, closed])
    kinds = [record.kind for record in made.inbox.empty()]
    assert kinds == ["trade", "trade", "trade", "unparsed", "gap_closed"]
    counters = made.counters
    assert (counters.filled, counters.trades, counters.unparsed, counters.open_gaps) == (2, 5, 1, 0)


def test_full_inbox_has_room_once_it_is_emptied() -> None:
    async def scenario() -> None:
        made = Filled(max_pending_records=2)
        assert await made.inbox.room()
        made.take(1, 2)
        assert made.inbox.full
        assert not await made.inbox.room(within_s=0.01)
        waiting = asyncio.create_task(made.inbox.room())
        await asyncio.sleep(0)
        made.inbox.empty()
        assert await waiting

    run(scenario())


def test_consumer_waits_for_records_or_the_end() -> None:
    async def scenario() -> None:
        made = Filled()
        made.take(1)
        await made.inbox.ready()
        made.inbox.fill([trade(1)])  # known: there is nothing more
        made.inbox.empty()
        waiting = asyncio.create_task(made.inbox.ready())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        made.inbox.wake()
        await waiting

    run(scenario())
