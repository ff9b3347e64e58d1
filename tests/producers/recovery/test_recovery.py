"""Holes are read back whole from every kind of page, and what cannot be stays open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.venues import Simulator
from producers.feeds import FEEDS, BaseFeed, Paging, Parsed, RestLimits, RestRequest, Traits
from producers.recovery import Pages, RestRecovery
from producers.recovery.extent import SETTLED_US
from producers.recovery.fetch import Answer
from producers.recovery.filling import GapFilling
from producers.recovery.missing import MissingTime
from producers.recovery.queue import AT_ONCE, LATE_US
from producers.websocket import WebSocketSource, gap_queue
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, Unparsed, encode, id_number, judge
from tests import factories
from tests.producers.websocket.test_source import FAST, Reader, key, markets, run, subscribed

S = 1_000_000
T0 = 1_800_000_000 * S
NOW = T0 + 10_000 * S
VENUE = MarketKey("venue", "BTC-USD", "venue")


def trade(number: int, at_us: int) -> Trade:
    return factories.trade(number, market=VENUE, event_time_us=at_us, received_time_us=NOW, backfilled=True)


def gap(**bounds: Any) -> Gap:
    return factories.gap(market=VENUE, reason="disconnected", received_time_us=NOW, **bounds)


@dataclass(frozen=True)
class Venue(BaseFeed):
    """A venue whose pages come out of a list; its own request is its page."""

    traits: Traits
    tape: tuple[Trade, ...] = ()
    name: str = "venue"
    exchange: str = "venue"
    websocket_url: str = "ws://127.0.0.1:9"
    rest_url: str = "http://127.0.0.1:9"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def subscribe(self, symbols: Sequence[str]) -> list[str]:
        return []

    def keepalive(self) -> str | None:
        return None

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        return Parsed()

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        self.asked.append({"from_id": from_id, "to_id": to_id, "from_us": from_us, "to_us": to_us})
        return RestRequest("http://127.0.0.1:9/page")

    def parse_rest(self, text: str | bytes, symbol: str, received_time_us: int) -> Parsed:
        rows, size = self.traits.rest.page_rows, self.asked[-1]
        if self.traits.paging == "up":
            found = [t for t in self.tape if int(t.trade_id) >= id_number(size["from_id"])][:rows]
        elif self.traits.paging == "down":
            found = [t for t in self.tape if int(t.trade_id) <= id_number(size["to_id"])][-rows:]
        elif self.traits.paging == "time":
            found = [t for t in self.tape if t.event_time_us >= size["from_us"]][:rows]
        else:
            found = list(self.tape)
        return Parsed(records=tuple(found))


def venue(paging: Paging | None, tape: Sequence[Trade], *, ids: bool = True, rows: int = 4, **rest: Any) -> Venue:
    limits = RestLimits(calls_per_s=1e9, burst=10**9, page_rows=rows, **rest)
    return Venue(Traits(contiguous_ids=ids, paging=paging, rest=limits), tuple(tape))


def recovered(
    feed: Venue,
    hole: Gap,
    *,
    tries: int = 0,
    now_us: int = NOW,
    clock: Callable[[], int] | None = None,
    between: Callable[[], None] = lambda: None,
) -> list[Record]:
    async def no_sleep(_: float) -> None:
        between()
        await asyncio.sleep(0)

    async def scenario() -> list[Record]:
        pages = Pages(feed, fetch=lambda *_, **__: Answer(200, {}, b"[]"))
        recovery = RestRecovery(
            feed, pages=pages, waits_s=[1.0] * tries, clock=clock or (lambda: now_us), sleep=no_sleep
        )
        return [record async for batch in recovery.recover(hole) for record in batch]

    return asyncio.run(scenario())


def told(records: Sequence[Record]) -> list[int]:
    return [int(record.trade_id) for record in records if isinstance(record, Trade)]


def is_closed(records: Sequence[Record]) -> bool:
    return any(isinstance(record, GapClosed) for record in records)


@st.composite
def tapes(draw: st.DrawFn) -> tuple[list[Trade], int, int]:
    """A tape with equal times in it, and the first and last position of a hole with a trade on each side."""
    steps = draw(st.lists(st.sampled_from([0, 0, 1, 700_000, 2 * S]), min_size=3, max_size=39))
    start = draw(st.integers(2, 6))
    at_us, tape = T0, [trade(start - 1, T0 - 60 * S)]  # what lies before a hole ends the way down through it
    for number, step in enumerate(steps, start):
        at_us += step
        tape.append(trade(number, at_us))
    first = draw(st.integers(2, len(tape) - 2))
    return tape, first, draw(st.integers(first, len(tape) - 2))


@pytest.mark.parametrize("paging", ["up", "down", "time"])
@settings(deadline=None, max_examples=40)
@given(case=tapes(), rows=st.integers(1, 7), knows_first=st.booleans())
def test_hole_with_ids_is_filled_with_exactly_its_trades(
    paging: Paging, case: tuple[list[Trade], int, int], rows: int, knows_first: bool
) -> None:
    tape, first, last = case
    # Pages by time cannot go on behind more trades of one instant than a page holds: no venue's are that small.
    rows = max(rows, 40) if paging == "time" else rows
    hole = gap(
        from_id=tape[first].trade_id if knows_first else None,
        to_id=tape[last].trade_id,
        from_us=tape[first - 1].event_time_us,
        to_us=tape[last + 1].event_time_us,
    )
    records = recovered(venue(paging, tape, rows=rows), hole)
    missing = [int(t.trade_id) for t in tape[first : last + 1]]
    came = told(records)
    assert is_closed(records)
    assert len(came) == len(set(came))
    if hole.from_id is not None:
        assert sorted(came) == missing
    else:  # the beginning is known in time only: a trade of its first second may be one that was seen
        assert set(missing) <= set(came)
        assert all(n <= missing[-1] for n in came)
    (span,) = [r for r in records if isinstance(r, Coverage)]
    assert (span.from_us, span.through_us) == (hole.from_us, (hole.to_us or 0) + 1)
    assert all(judge(encode(record), NOW).reasons == () for record in records)


@settings(deadline=None, max_examples=40)
@given(case=tapes(), rows=st.integers(40, 60))
@pytest.mark.parametrize("paging", ["time", "recent"])
def test_hole_in_time_is_filled_with_all_of_its_span(
    paging: Paging, case: tuple[list[Trade], int, int], rows: int
) -> None:
    tape, first, last = case
    hole = gap(from_us=tape[first - 1].event_time_us, to_us=tape[last + 1].event_time_us)
    records = recovered(venue(paging, tape, ids=False, rows=rows), hole)
    assert is_closed(records)
    assert {int(t.trade_id) for t in tape[first : last + 1]} <= set(told(records))
    assert all(r.event_time_us <= (hole.to_us or 0) for r in records if isinstance(r, Trade))


@pytest.mark.parametrize("paging", ["up", "down", "time"])
def test_trades_that_the_venues_pages_leave_out_leave_the_gap_open(paging: Paging) -> None:
    tape = [trade(n, T0 + n * S) for n in range(1, 30) if n not in (11, 12)]
    hole = gap(from_id="8", to_id="20", from_us=T0 + 7 * S, to_us=T0 + 21 * S)
    records = recovered(venue(paging, tape, rows=5), hole, tries=2)
    assert sorted(told(records)) == [8, 9, 10, *range(13, 21)]  # each once, however often it is tried
    assert not is_closed(records)
    assert not any(isinstance(record, Coverage) for record in records)


def test_pages_that_lag_behind_the_stream_are_read_again() -> None:
    whole = [trade(n, T0 + n * S) for n in range(1, 9)]
    feed = venue("up", whole[:4])
    late = replace(feed, tape=tuple(whole))
    hole = gap(from_id="3", to_id="6", from_us=T0 + 2 * S, to_us=T0 + 7 * S)

    async def scenario() -> list[Record]:
        recovery = RestRecovery(
            feed,
            pages=Pages(feed, fetch=lambda *_, **__: Answer(200, {}, b"[]")),
            waits_s=[1.0],
            clock=lambda: NOW,
            sleep=catch_up,
        )
        return [record async for batch in recovery.recover(hole) for record in batch]

    async def catch_up(_: float) -> None:
        object.__setattr__(feed, "tape", late.tape)

    records = asyncio.run(scenario())
    assert told(records) == [3, 4, 5, 6]
    assert is_closed(records)


@pytest.mark.parametrize(
    ("feed", "hole"),
    [
        (venue(None, []), gap(from_us=T0, to_us=T0 + S)),
        (venue("up", []), gap(from_us=T0, to_us=T0 + S)),
        (venue("recent", [], ids=False), gap(from_id="1", to_id="2")),
        (venue("recent", [], ids=False, history_s=3600), gap(from_us=T0, to_us=T0 + S)),
        (venue("down", []), gap(from_id=None, to_id="9")),
        (venue("up", [], max_pages=2), gap(from_id="1", to_id="9", from_us=T0)),
    ],
    ids=["no pages", "no ids", "no times", "too old", "no beginning", "too many"],
)
def test_hole_that_the_venue_cannot_fill_is_not_asked_for(feed: Venue, hole: Gap) -> None:
    assert recovered(feed, hole) == []
    assert feed.asked == []


def test_row_that_cannot_be_read_leaves_a_hole_in_time_open_and_is_kept_once() -> None:
    tape = [trade(n, T0 + n * S) for n in range(1, 9)]
    bad = Unparsed(
        exchange="venue", source="venue", raw="{}", raw_bytes=2, raw_sha256="ab", error="x", received_time_us=NOW
    )
    feed = venue("recent", tape, ids=False)
    object.__setattr__(feed, "tape", (*tape, bad))
    records = recovered(feed, gap(from_us=T0 + 2 * S, to_us=T0 + 7 * S), tries=2)
    assert not is_closed(records)
    assert [r for r in records if isinstance(r, Unparsed)] == [bad]
    assert sorted(told(records)) == [2, 3, 4, 5, 6, 7]


def test_page_full_of_another_market_moves_a_vendors_hole_on() -> None:
    others = [replace(trade(n, T0 + n * S), exchange="other") for n in range(1, 20)]
    mine = [trade(30, T0 + 15 * S)]
    tape = sorted([*others, *mine], key=lambda t: t.event_time_us)
    records = recovered(venue("time", tape, ids=False, rows=4), gap(from_us=T0, to_us=T0 + 18 * S))
    assert told(records) == [30]
    assert is_closed(records)


def test_venue_whose_pages_never_move_is_left_alone() -> None:
    tape = [trade(n, T0) for n in range(1, 60)]  # one instant, more trades than a page
    feed = venue("time", tape, rows=5)
    assert not is_closed(recovered(feed, gap(from_id="1", to_id="50", from_us=T0, to_us=T0 + S)))
    assert len(feed.asked) <= 2


# -- pages that are behind the stream prove nothing by ending ------------------------------------------------------


def seconds(*numbers: int) -> list[Trade]:
    return [trade(n, T0 + n * S) for n in numbers]


LIVE = {"from_us": T0 + 90 * S, "to_us": T0 + 100 * S, "received_time_us": T0 + 100 * S + 5000}
"""A hole of the trades 91 to 99 whose end the live trade 100 told."""


@pytest.mark.parametrize(
    ("paging", "ids", "came"),
    [
        ("recent", False, []),
        ("recent", False, [91, 92]),
        ("time", False, []),
        ("time", False, [91, 92]),
        ("time", True, []),
        ("time", True, [91, 92, 95]),
        ("time", True, [91, 92, 94, *range(95, 101)]),
        ("down", True, [89, 90, *range(91, 98)]),
        ("down", True, [89, 90, *range(91, 97), 98, 99]),
        ("down", True, []),
        ("up", True, [89, 90, *range(91, 98)]),
        ("up", True, [89, 90, *range(92, 100)]),
        ("up", True, []),
    ],
)
def test_page_that_does_not_reach_over_the_hole_leaves_it_open(paging: Paging, ids: bool, came: list[int]) -> None:
    hole = replace(gap(from_us=LIVE["from_us"], to_us=LIVE["to_us"]), received_time_us=LIVE["received_time_us"])
    hole = replace(hole, to_id="99" if ids else None)
    feed = venue(paging, seconds(*came), ids=ids, rows=40)
    records = recovered(feed, hole, tries=8)
    assert {n for n in came if 91 <= n <= 99} <= set(told(records))
    assert len(told(records)) == len(set(told(records)))
    assert not is_closed(records)
    assert not any(isinstance(record, Coverage) for record in records)
    object.__setattr__(feed, "tape", tuple(seconds(*range(80, 101))))
    assert is_closed(recovered(feed, hole))


@pytest.mark.parametrize(("paging", "came"), [("down", range(80, 91)), ("up", range(80, 91)), ("time", [100, 101])])
def test_pages_prove_that_nothing_was_missed(paging: Paging, came: Sequence[int]) -> None:
    """The ids on both sides follow on each other: a hole up to 90 or from 100 on has none."""
    to_id = "99" if paging == "time" else "90"
    hole = gap(to_id=to_id, from_us=T0 + 95 * S, to_us=T0 + 101 * S)
    records = recovered(venue(paging, seconds(*came), rows=40), hole)
    assert told(records) == []
    assert is_closed(records)


def test_trade_of_the_second_in_which_the_hole_ended_proves_nothing_until_that_second_is_over() -> None:
    """Whole seconds do not tell whether it is the live trade or one that is missing."""
    to_us = T0 + 100 * S + 400_000
    hole = replace(gap(from_us=T0 + 90 * S, to_us=to_us), received_time_us=to_us + 5000)
    feed = venue("recent", [trade(99, T0 + 100 * S)], ids=False)
    assert not is_closed(recovered(feed, hole, now_us=to_us + 500_000))
    assert is_closed(recovered(feed, hole, now_us=to_us + 600_000))


def test_span_named_by_hand_is_whole_once_it_is_long_over_and_not_before() -> None:
    for paging in ("time", "recent"):
        for ago_us, whole_now in ((SETTLED_US, False), (SETTLED_US + 1, True)):
            hole = gap(from_us=NOW - 600 * S, to_us=NOW - ago_us)
            before = [trade(1, NOW - 300 * S)]
            assert is_closed(recovered(venue(paging, before, ids=False), hole)) is whole_now


def test_page_that_ends_within_one_instant_does_not_make_even_an_old_span_whole() -> None:
    tape = [trade(n, T0) for n in range(1, 60)]
    assert not is_closed(recovered(venue("time", tape, ids=False, rows=5), gap(from_us=T0, to_us=T0 + S)))


def test_vendors_pages_wait_for_the_market_that_is_behind_the_others() -> None:
    others = [replace(trade(n, T0 + n * S), exchange="other") for n in range(80, 110)]
    hole = replace(gap(from_us=LIVE["from_us"], to_us=LIVE["to_us"]), received_time_us=LIVE["received_time_us"])
    feed = venue("time", sorted([*others, *seconds(91, 92)], key=lambda t: t.event_time_us), ids=False, rows=100)

    def catch_up() -> None:
        tape = sorted([*others, *seconds(*range(91, 101))], key=lambda t: t.event_time_us)
        object.__setattr__(feed, "tape", tuple(tape))

    records = recovered(feed, hole, tries=1, between=catch_up)
    assert told(records) == list(range(91, 101))
    assert is_closed(records)
    assert feed.asked[-1]["from_us"] >= T0 + 92 * S  # what was read is not read again


def test_vendors_trade_of_the_very_millisecond_in_which_the_hole_ended_is_of_it() -> None:
    to_us = T0 + 100 * S
    hole = replace(gap(from_us=T0 + 90 * S, to_us=to_us), exchange="relayed", received_time_us=to_us + 5000)
    tape = [replace(trade(n, to_us + n), exchange="relayed") for n in (100, 999, 1000)]
    records = recovered(venue("time", tape, ids=False), hole)
    assert told(records) == [100, 999]
    assert is_closed(records)


def test_long_hole_in_time_keeps_only_the_ids_that_a_page_may_tell_again() -> None:
    feed = venue("time", [], ids=False, rows=1000)
    hole = GapFilling(gap(from_us=T0, to_us=T0 + 10_000 * S), feed, NOW)
    for page in range(10):
        assert len(hole.rows([trade(n, T0 + n * S) for n in range(page * 1000, page * 1000 + 1000)])) == 1000
    assert isinstance(hole._missing, MissingTime)
    assert len(hole._missing._came) == 1
    hole.again(NOW)
    assert hole.request() is not None
    assert feed.asked[-1]["from_us"] == T0 + 9999 * S
    assert hole.rows([trade(9999, T0 + 9999 * S)]) == []


def test_row_that_could_not_be_read_keeps_a_hole_in_time_open_though_its_page_is_not_read_again() -> None:
    bad = Unparsed(
        exchange="venue", source="venue", raw="{}", raw_bytes=2, raw_sha256="ab", error="x", received_time_us=NOW
    )
    hole = GapFilling(gap(from_us=T0, to_us=T0 + 9 * S), venue("time", [], ids=False), NOW)
    hole.rows([*seconds(1, 2), bad])
    hole.again(NOW)
    hole.rows(seconds(2, 9, 10))
    assert not hole.whole


def test_page_that_came_too_late_to_reach_back_is_asked_for_again() -> None:
    clock = iter([NOW, NOW, NOW + LATE_US + 1])
    hole = gap(from_us=NOW - 50 * S, to_us=NOW - 20 * S)
    feed = venue("recent", [trade(1, NOW - 10 * S)], ids=False)
    records = recovered(feed, hole, tries=1, clock=lambda: next(clock, NOW + LATE_US + 1))
    assert is_closed(records)
    assert len(feed.asked) == 2


# -- with real sockets and real pages ------------------------------------------------------------------------------

VENUES = ["coinbase", "coinbase-advanced", "kraken", "binance"]
EAGER = RestLimits(calls_per_s=1000, burst=1000, backoff_base_s=0.01, backoff_cap_s=0.02, page_rows=1000)


def source_of(venues: Simulator, name: str, **options: Any) -> WebSocketSource:
    feed = replace(FEEDS[name], websocket_url=venues.url(name), rest_url=venues.rest_url(name))  # type: ignore[type-var]
    recovery = RestRecovery(feed, pages=Pages(feed, limits=EAGER), waits_s=[0.02] * 50)
    return WebSocketSource(feed, markets(name), **{"limits": FAST, "recovery": recovery, **options})


def whole(spans: Sequence[Coverage], from_us: int, through_us: int) -> bool:
    """Whether the spans together leave nothing out."""
    reach = from_us
    for span in sorted(spans, key=lambda c: c.from_us):
        if span.from_us <= reach:
            reach = max(reach, span.through_us)
    return reach >= through_us


@pytest.mark.parametrize("faults", [{}, {"rest_half_body": "3"}, {"rest_status": "429", "rest_times": "3"}], ids=str)
@pytest.mark.parametrize("feed", VENUES)
def test_what_a_cut_line_missed_is_read_back_and_the_tape_is_whole(feed: str, faults: dict[str, str]) -> None:
    async def scenario() -> None:
        exchange, symbol = FEEDS[feed].exchange, markets(feed)[0]
        async with Simulator() as venues:
            reader = await subscribed(venues, source_of(venues, feed), exchange)
            start_us = min(t.event_time_us for t in reader.of(Trade)) + 1
            venues.faults.set(faults)
            venues.cut()
            await reader.until(lambda: not venues.connections)
            venues.trade(exchange, 2500, symbol)  # several pages
            await reader.until(lambda: reader.source.counters.connections == 2)
            await reader.until(lambda: venues.connections and not reader.source.unconfirmed)
            venues.trade(exchange, 5, symbol)
            await reader.until(lambda: reader.of(GapClosed))
            last_us = venues.truth_of(feed)[-1].event_time_us
            await reader.until(lambda: whole([c for c in reader.of(Coverage) if c.symbol == symbol], start_us, last_us))
            await reader.end()
            assert sorted(map(key, reader.of(Trade))) == sorted(map(key, venues.truth_of(feed)))
            assert [g.gap_id for g in reader.of(Gap)] == [c.gap_id for c in reader.of(GapClosed)]
            assert reader.source.counters.filled == sum(t.backfilled for t in reader.of(Trade)) > 2000
            assert reader.source.counters.open_gaps == 0

    run(scenario())


@pytest.mark.parametrize("feed", VENUES)
def test_line_that_grows_old_is_replaced_in_full_flow_without_a_gap_or_a_repeat(feed: str) -> None:
    async def scenario() -> None:
        exchange = FEEDS[feed].exchange
        async with Simulator() as venues:
            source = source_of(venues, feed, limits=replace(FAST, connection_age_s=0.15))
            reader = await subscribed(venues, source, exchange)
            while source.counters.switches < 3:
                venues.trade(exchange, 7)
                await asyncio.sleep(0.002)
            await reader.until(lambda: source.counters.switches >= 4)
            true = [t for t in venues.truth_of(feed) if t.symbol in markets(feed)]
            await reader.until(lambda: len(reader.of(Trade)) >= len(true))
            await reader.end()
            assert sorted(map(key, reader.of(Trade))) == sorted(map(key, true))
            assert reader.of(Gap) == []
            assert source.counters.reconnects == 0

    run(scenario())


def test_consumer_that_takes_nothing_makes_the_line_be_dropped_and_what_it_missed_is_filled() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            limits = replace(FAST, max_pending_records=50, drop_after_s=0.1)
            source = source_of(venues, "binance", limits=limits)
            records: list[Record] = []
            taking = asyncio.Event()
            taking.set()

            async def take() -> None:
                async for batch in slow(source, taking):
                    records.extend(batch)

            task = asyncio.create_task(take())
            while source.unconfirmed or not venues.connections or not source.counters.messages:
                await asyncio.sleep(0.005)
            venues.trade("binance", 1, "BTC-USDT")
            while not any(isinstance(r, Trade) for r in records):
                await asyncio.sleep(0.005)
            taking.clear()
            dropped_from = source.counters.connections
            while venues.connections:
                venues.trade("binance", 40, "BTC-USDT")
                await asyncio.sleep(0.01)
            assert source.pending_records <= 50 + 40 + 10
            venues.trade("binance", 300, "BTC-USDT")
            taking.set()
            while source.counters.connections == dropped_from or source.unconfirmed:
                await asyncio.sleep(0.005)
            venues.trade("binance", 1, "BTC-USDT")
            while not any(isinstance(r, GapClosed) for r in records):
                await asyncio.sleep(0.005)
            source.stop()
            await task
            trades = [r for r in records if isinstance(r, Trade)]
            assert sorted(map(key, trades)) == sorted(map(key, venues.truth_of("binance")))
            assert any(t.backfilled for t in trades)

    run(scenario())


async def slow(source: WebSocketSource, taking: asyncio.Event) -> AsyncIterator[Sequence[Record]]:
    async for batch in source:
        yield batch
        await taking.wait()


def test_gap_that_an_earlier_run_left_open_is_filled_without_being_told_again() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("binance", 30, "BTC-USDT")
            truth = venues.truth_of("binance")
            left = Gap(
                exchange="binance",
                symbol="BTC-USDT",
                source="binance",
                gap_id="left",
                from_id=truth[5].trade_id,
                to_id=truth[20].trade_id,
                from_us=truth[4].event_time_us,
                to_us=truth[21].event_time_us,
                reason="skipped",
                received_time_us=truth[21].event_time_us,
            )
            mark = SafeAt(truth[-1].trade_id, truth[-1].event_time_us, None, (left,))
            source = source_of(venues, "binance", marks={MarketKey("binance", "BTC-USDT", "binance"): mark})
            reader = Reader(source)
            await reader.until(lambda: reader.of(GapClosed))
            await reader.end()
            assert [t.trade_id for t in reader.of(Trade) if t.backfilled] == [t.trade_id for t in truth[5:21]]
            assert reader.of(Gap) == []

    run(scenario())


@pytest.mark.parametrize("feed", VENUES)
def test_producer_killed_before_its_first_mark_knows_from_when_on_it_promised_to_see(feed: str) -> None:
    async def scenario() -> None:
        exchange = FEEDS[feed].exchange
        async with Simulator() as venues:
            venues.trade(exchange, 3, markets(feed)[0])
            await asyncio.sleep(1.1)  # a second: past trades are told to the second at some venues
            begun: dict[MarketKey, int] = {}
            behind = replace(FAST, coverage_margin_s=0.1)  # the simulated tape dates trades up to 50 ms back
            killed = source_of(venues, feed, limits=behind, on_begin=begun.__setitem__)
            reader = Reader(killed)
            await reader.until(lambda: venues.connections and not killed.unconfirmed and killed.counters.messages)
            promised = len(venues.truth_of(feed))
            await killed.aclose()
            await reader.until_ended()
            venues.trade(exchange, 1200, markets(feed)[0])
            assert set(begun) == {MarketKey(exchange, symbol, feed) for symbol in markets(feed)}
            marks = {key: SafeAt(None, None, at_us, ()) for key, at_us in begun.items()}
            again = source_of(venues, feed, marks=marks)
            second = Reader(again)
            await second.until(lambda: venues.connections and not again.unconfirmed and again.counters.messages)
            venues.trade(exchange, 1, markets(feed)[0])
            await second.until(lambda: second.of(GapClosed))
            await second.end()
            wanted = {key(t) for t in venues.truth_of(feed)[promised:]}
            assert wanted <= {key(t) for t in second.of(Trade)}

    run(scenario())


@dataclass(frozen=True)
class SafeAt:
    trade_id: str | None
    event_time_us: int | None
    covered_through_us: int | None
    gaps: tuple[Gap, ...]


# -- a hole that waits stands in no other's way ------------------------------------------------------------------------


class Lacking:
    """Pages that lack every trade of BTC-USD."""

    def __init__(self) -> None:
        self.reading = self.most = 0

    async def page(self, request: RestRequest, symbol: str) -> Parsed:
        self.reading += 1
        self.most = max(self.most, self.reading)
        await asyncio.sleep(0)
        self.reading -= 1
        number = id_number(request.params["after"]) - 1
        row = replace(trade(number, T0), exchange="coinbase", source="coinbase", symbol=symbol)
        return Parsed(records=() if symbol == "BTC-USD" else (row,))


def gaps_left(counts: dict[str, int]) -> dict[MarketKey, SafeAt]:
    """Marks with so many open gaps a market, each of one trade."""
    found: dict[MarketKey, SafeAt] = {}
    for symbol, count in counts.items():
        names: dict[str, Any] = {"exchange": "coinbase", "source": "coinbase", "symbol": symbol}
        lost = (replace(gap(from_id=str(n), to_id=str(n), from_us=T0, to_us=T0), **names) for n in range(1, count + 1))
        gaps = tuple(replace(each, gap_id=f"{symbol}:{each.from_id}") for each in lost)
        found[MarketKey("coinbase", symbol, "coinbase")] = SafeAt(None, None, None, gaps)
    return found


@pytest.mark.parametrize("end", ["stop", "aclose"])
def test_hole_that_waits_for_its_next_try_stands_in_no_others_way(end: str) -> None:
    async def scenario() -> None:
        pages: Any = Lacking()
        waiting = 0

        async def for_ever(_: float) -> None:
            nonlocal waiting
            waiting += 1
            try:
                await asyncio.Event().wait()
            finally:
                waiting -= 1

        async with Simulator() as venues:
            recovery = RestRecovery(FEEDS["coinbase"], pages=pages, sleep=for_ever)
            source = source_of(
                venues, "coinbase", marks=gaps_left({"BTC-USD": 3 * AT_ONCE, "ETH-USD": 2}), recovery=recovery
            )
            reader = Reader(source)
            await reader.until(lambda: len(reader.of(GapClosed)) == 2 and waiting == 3 * AT_ONCE)
            assert {closed.symbol for closed in reader.of(GapClosed)} == {"ETH-USD"}
            assert source.counters.open_gaps == 3 * AT_ONCE
            assert pages.most == AT_ONCE
            source.stop() if end == "stop" else await source.aclose()
            await reader.until_ended()
            assert waiting == 0

    run(scenario())


def test_gaps_beyond_the_bound_stay_open_and_make_room_when_others_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gap_queue, "GAPS_WAITING", 3)

    async def scenario() -> None:
        async with Simulator() as venues:
            recovery = RestRecovery(FEEDS["coinbase"], pages=Lacking())  # type: ignore[arg-type]
            source = source_of(venues, "coinbase", marks=gaps_left({"ETH-USD": 5}), recovery=recovery)
            reader = Reader(source)
            await reader.until(lambda: len(reader.of(GapClosed)) == 3)
            assert source.counters.open_gaps == 2
            await reader.until(lambda: source._gaps.unfilled == 0)
            await reader.end()

    run(scenario())


def test_recovery_that_fails_ends_the_source_with_its_own_error() -> None:
    class Broken:
        async def recover(self, gap: Gap) -> AsyncIterator[Sequence[Record]]:
            if gap.gap_id:
                raise ZeroDivisionError
            yield []

    async def scenario() -> None:
        async with Simulator() as venues:
            source = source_of(venues, "coinbase", marks=gaps_left({"ETH-USD": 2}), recovery=Broken())
            with pytest.raises(ZeroDivisionError):
                async for _ in source:
                    pass

    run(scenario())
