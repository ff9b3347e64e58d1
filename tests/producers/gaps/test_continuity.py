"""Gaps, joins and coverage of one market, without a socket."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from producers.gaps import Continuity, SeenIds
from producers.gaps.seen_ids import RANGES_KEPT
from producers.sink import Mark
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Gap, Record, Trade, encode, judge
from tests import factories

T0 = 1_800_000_000_000_000
S = 1_000_000
KEY = MarketKey("coinbase", "BTC-USD", "coinbase")


def trade(number: int | str, at_s: float = 0, *, price: str = "1") -> Trade:
    at_us = T0 + int(at_s * S)
    return factories.trade(number, market=KEY, price=price, event_time_us=at_us, received_time_us=at_us)


def market(*, contiguous_ids: bool = True, mark: Mark | None = None) -> Continuity:
    return Continuity(KEY, contiguous_ids=contiguous_ids, mark=mark)


def live(tape: Continuity, *trades: Trade) -> list[Record]:
    return [record for one in trades for record in tape.take(one, replayed=False)]


def replay(tape: Continuity, *trades: Trade) -> list[Record]:
    return [record for one in trades for record in tape.take(one, replayed=True)]


def gaps(records: list[Record]) -> list[tuple[str | None, str | None, str]]:
    return [(r.from_id, r.to_id, r.reason) for r in records if isinstance(r, Gap)]


def spans(records: list[Record]) -> list[tuple[float, float]]:
    return [((r.from_us - T0) / S, (r.through_us - T0) / S) for r in records if isinstance(r, Coverage)]


def ids(records: list[Record]) -> list[str]:
    return [r.trade_id for r in records if isinstance(r, Trade)]


def test_first_trade_of_a_new_market_is_no_gap() -> None:
    assert gaps(live(market(), trade(1000))) == []


def test_jump_in_ids_is_a_gap_with_both_ends_and_stands_before_the_trade() -> None:
    tape = market()
    live(tape, trade(10, 1))
    gap, came = live(tape, trade(14, 2))
    assert isinstance(gap, Gap)
    assert isinstance(came, Trade)
    assert (gap.from_id, gap.to_id, gap.reason) == ("11", "13", "skipped")
    assert (gap.from_us, gap.to_us) == (T0 + S, T0 + 2 * S)


def test_straggler_inside_a_told_hole_is_passed_on_and_tells_no_second_gap() -> None:
    tape = market()
    live(tape, trade(10), trade(14))
    after = live(tape, trade(12), trade(11), trade(13), trade(15))
    assert ids(after) == ["12", "11", "13", "15"]
    assert gaps(after) == []
    assert tape.seen_ids.ranges == [(10, 15)]


def test_first_id_after_a_drop_that_follows_on_proves_that_nothing_was_missed() -> None:
    tape = market()
    tape.begin(T0)
    live(tape, trade(10, 1))
    assert spans(tape.end(T0 + 5 * S, T0 + 5 * S)) == [(0, 5)]
    tape.begin(T0 + 9 * S)
    records = live(tape, trade(11, 12))
    assert gaps(records) == []
    assert spans(records) == [(5, 9)]
    assert spans(tape.covered(T0 + 20 * S, T0 + 20 * S)) == [(9, 20)]


def test_hole_after_a_drop_is_told_by_ids_and_coverage_does_not_span_it() -> None:
    tape = market()
    tape.begin(T0)
    live(tape, trade(10, 1))
    tape.end(T0 + 5 * S, T0 + 5 * S)
    tape.begin(T0 + 9 * S)
    records = live(tape, trade(13, 12))
    assert gaps(records) == [("11", "12", "disconnected")]
    assert spans(records) == []
    assert spans(tape.covered(T0 + 20 * S, T0 + 20 * S)) == [(12.000001, 20)]


def test_snapshot_that_reaches_back_to_the_last_trade_fills_the_drop_without_a_gap() -> None:
    tape = market()
    live(tape, trade(10, 1))
    tape.end(T0 + 5 * S, T0 + 5 * S)
    records = replay(tape, *(trade(n, n) for n in range(8, 15)))
    assert ids(records) == ["8", "9", "11", "12", "13", "14"]  # 8 and 9 were made before we first listened
    assert gaps(records) == []


def test_last_match_already_seen_proves_that_nothing_was_traded_during_the_drop() -> None:
    tape = market()
    tape.begin(T0)
    live(tape, trade(10, 1))
    tape.end(T0 + 5 * S, T0 + 5 * S)
    tape.begin(T0 + 9 * S)
    records = replay(tape, trade(10, 1))
    assert ids(records) == []
    assert spans(records) == [(5, 9)]


def test_replayed_repeat_is_dropped_and_a_live_repeat_with_another_price_is_passed_on() -> None:
    tape = market()
    live(tape, trade(10, 1))
    assert ids(replay(tape, trade(10, 1))) == []
    assert ids(live(tape, trade(10, 1, price="2"))) == ["10"]
    assert tape.repeats == 2


def test_venue_without_ids_gets_a_gap_in_time_after_every_drop() -> None:
    tape = market(contiguous_ids=False)
    live(tape, trade("x1", 1))
    tape.end(T0 + 5 * S, T0 + 5 * S)
    gap, _ = live(tape, trade("x2", 9))
    assert isinstance(gap, Gap)
    assert (gap.from_id, gap.to_id) == (None, None)
    assert (gap.from_us, gap.to_us) == (T0 + S, T0 + 9 * S)
    assert gaps(live(tape, trade("x3", 10))) == []


def test_venue_without_ids_that_tells_out_of_order_has_its_hole_begin_where_the_coverage_ended() -> None:
    tape = market(contiguous_ids=False)
    tape.begin(T0)
    live(tape, trade("x2", 4))  # an older one may have been on its way
    tape.end(T0 + 2 * S, T0 + 5 * S)
    (gap,) = [r for r in live(tape, trade("x3", 9)) if isinstance(r, Gap)]
    assert (gap.from_us, gap.to_us) == (T0 + 2 * S, T0 + 9 * S)
    again = market(contiguous_ids=False, mark=Mark(trade_id="x2", event_time_us=T0 + 4 * S, covered_through_us=T0))
    (gap,) = [r for r in live(again, trade("x3", 9)) if isinstance(r, Gap)]
    assert gap.from_us == T0


def test_venue_without_ids_that_replays_the_last_trade_seen_has_no_gap() -> None:
    tape = market(contiguous_ids=False)
    live(tape, trade("x1", 1))
    tape.end(T0 + 5 * S, T0 + 5 * S)
    records = replay(tape, trade("x1", 1), trade("x2", 6))
    assert ids(records) == ["x2"]
    assert gaps(records) == []


def test_covered_market_without_a_trade_before_the_drop_gets_a_gap_in_time() -> None:
    tape = market()
    tape.begin(T0)
    tape.end(T0 + 5 * S, T0 + 5 * S)
    gap, _ = live(tape, trade(50, 9))
    assert isinstance(gap, Gap)
    assert (gap.from_id, gap.to_id, gap.from_us, gap.to_us) == (None, "49", T0 + 5 * S, T0 + 9 * S)


def test_trades_seen_after_the_last_coverage_are_covered_before_the_hole_is_told() -> None:
    tape = market()
    tape.begin(T0)
    live(tape, trade(10, 1), trade(11, 4))
    assert spans(tape.end(T0 + 2 * S, T0 + 5 * S)) == [(0, 2)]  # coverage stays behind the venue's clock
    assert spans(live(tape, trade(14, 9))) == [(2, 4)]


def test_what_is_seen_after_trades_that_a_heartbeat_told_as_dropped_is_covered_without_waiting_for_a_trade() -> None:
    tape = market()
    tape.begin(T0)
    live(tape, trade(10, 1))
    tape.newest("12", T0 + 2 * S)
    (gap,) = [r for r in tape.newest("12", T0 + 3 * S) if isinstance(r, Gap)]
    assert gap.to_us == T0 + 3 * S
    assert spans(tape.covered(T0 + 9 * S, T0 + 9 * S)) == [(3.000001, 9)]


def test_repeat_that_two_lines_tell_is_dropped() -> None:
    tape = market()
    live(tape, trade(10, 1))
    assert tape.take(trade(10, 1), replayed=False, twice=True) == []


def test_trade_read_back_that_had_come_by_itself_is_known() -> None:
    tape = market()
    live(tape, trade(10, 1), trade(13, 2), trade(12, 2))
    assert [tape.filled(trade(n, 1)) for n in (11, 12, 11)] == [True, False, False]


def test_restart_tells_what_was_missed_since_the_mark() -> None:
    tape = market(mark=Mark(trade_id="10", event_time_us=T0, covered_through_us=T0 + S))
    assert gaps(live(tape, trade(13, 60))) == [("11", "12", "restarted")]


def test_empty_mark_means_nothing_is_known() -> None:
    assert gaps(live(market(mark=Mark()), trade(13, 60))) == []


def test_newest_trade_that_the_venue_tells_twice_and_never_sends_is_a_gap() -> None:
    tape = market()
    live(tape, trade(10, 1))
    assert tape.newest("12", T0 + 2 * S) == []  # it may have overtaken the trades
    assert gaps(tape.newest("12", T0 + 3 * S)) == [("11", "12", "dropped")]
    assert gaps(tape.newest("12", T0 + 4 * S)) == []
    assert gaps(live(tape, trade(13, 5))) == []
    assert gaps(live(tape, trade(16, 6))) == [("14", "15", "skipped")]


def test_trade_that_comes_after_the_heartbeat_that_told_it_is_no_gap() -> None:
    tape = market()
    live(tape, trade(10, 1))
    tape.newest("11", T0 + 2 * S)
    live(tape, trade(11, 2))
    assert tape.newest("11", T0 + 3 * S) == []


def test_garbage_event_time_moves_neither_coverage_nor_the_bounds_of_a_gap() -> None:
    tape = market()
    tape.begin(T0)
    live(tape, trade(10, 1), trade(11, -1_799_999_000))
    records = live(tape, trade(14, 3))
    (gap,) = [r for r in records if isinstance(r, Gap)]
    assert (gap.from_us, gap.to_us) == (T0 + S, T0 + 3 * S)


def test_memory_of_a_market_full_of_holes_is_bounded() -> None:
    seen = SeenIds()
    for number in range(0, 10 * RANGES_KEPT, 2):
        seen.add(number)
    assert len(seen.ranges) == RANGES_KEPT
    assert seen.top == 10 * RANGES_KEPT - 2


@given(st.sets(st.integers(0, 60)), st.randoms(use_true_random=False))
def test_seen_ids_hold_exactly_what_was_added_in_any_order(numbers: set[int], dice: object) -> None:
    seen = SeenIds()
    shuffled = sorted(numbers)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    for number in shuffled:
        seen.add(number)
    assert {n for n in range(-1, 62) if n in seen} == numbers
    assert all(end + 1 < start for (_, end), (start, _) in zip(seen.ranges, seen.ranges[1:], strict=False))


@given(st.lists(st.sampled_from(["trade", "lose", "drop", "come back"]), max_size=60))
def test_every_lost_trade_lies_in_a_gap_and_every_told_record_is_valid(steps: list[str]) -> None:
    """Whatever is lost, by a skip or by a drop, is inside a told gap, once a later trade has come; nothing else is."""
    tape = market()
    lost: set[int] = set()
    told: list[Record] = []
    connected, began, now_s = True, False, 0
    for number, step in enumerate([*steps, "come back", "trade"], 100):
        now_s += 1
        at_us = T0 + now_s * S
        if step == "drop" and connected:
            told += tape.end(at_us - S // 2, at_us)
            connected = False
        elif step == "come back" and not connected:
            connected = True
            tape.begin(at_us)
        if step == "trade" and connected:
            told += live(tape, trade(number, now_s))
            began = True
        elif began:  # every step is a trade at the venue; what came before the first one seen is not missed
            lost.add(number)
    holes = [(int(r.from_id), int(r.to_id)) for r in told if isinstance(r, Gap) and r.from_id and r.to_id]
    in_gaps = {n for first, last in holes for n in range(first, last + 1)}
    assert in_gaps == lost
    for record in told:
        assert judge(encode(record), T0 + (now_s + 1) * S).reasons == ()


def test_outage_that_is_not_settled_is_not_forgotten_over_a_second_one() -> None:
    for contiguous in (True, False):
        tape, told = market(contiguous_ids=contiguous), list[Record]()
        tape.begin(T0)
        told += tape.end(T0 + 10 * S, T0 + 10 * S)
        tape.begin(T0 + 20 * S)
        told += tape.covered(T0 + 30 * S, T0 + 30 * S)  # a mark of it would move past the first outage
        told += tape.end(T0 + 30 * S, T0 + 30 * S)
        tape.begin(T0 + 40 * S)
        told += live(tape, trade(7, 45))
        assert spans(told) == [(0, 10)]
        (gap,) = [r for r in told if isinstance(r, Gap)]
        assert (gap.from_us, gap.to_us) == (T0 + 10 * S, T0 + 45 * S)


def test_ids_that_prove_two_quiet_outages_cover_both() -> None:
    tape = market()
    tape.begin(T0)
    told = [*live(tape, trade(1, 1)), *tape.end(T0 + 10 * S, T0 + 10 * S)]
    tape.begin(T0 + 20 * S)
    told += tape.end(T0 + 30 * S, T0 + 30 * S)
    tape.begin(T0 + 40 * S)
    told += live(tape, trade(2, 45))
    assert gaps(told) == []
    assert spans(told) == [(0, 10), (10, 40)]


def test_drop_right_after_the_confirmation_hides_nothing_from_the_first_trade() -> None:
    tape = market()
    tape.begin(T0 + 2 * S, T0 - 2 * S)  # surely seen from two seconds on, maybe from two before
    tape.end(T0 - S, T0 + S // 2)
    tape.begin(T0 + 5 * S, T0 + 3 * S)
    (gap,) = [r for r in live(tape, trade(9, 1.8)) if isinstance(r, Gap)]
    assert (gap.to_id, gap.from_us) == ("8", T0 - 2 * S)


def test_one_absurd_id_is_passed_on_and_blinds_nothing() -> None:
    tape = market()
    records = live(tape, trade(100, 1), trade(10**20, 2), trade(101, 3), trade(105, 4))
    assert ids(records) == ["100", str(10**20), "101", "105"]
    assert gaps(records) == [("102", "104", "skipped")]
    assert tape.newest("99999999999", T0) == tape.newest("99999999999", T0) == []


def test_two_trades_far_ahead_are_believed() -> None:
    tape = market()
    far = 10 + 10**9
    records = live(tape, trade(10, 1), trade(far, 2), trade(far + 1, 3))
    assert gaps(records) == [("11", str(far), "skipped")]  # the first of them, too: it is read back, once more


def test_venue_that_numbers_anew_leaves_a_hole_in_time_and_is_watched_again() -> None:
    tape = market()
    tape.begin(T0)
    records = live(tape, trade(1000, 1), trade(1, 2), trade(2, 3), trade(5, 4), trade(6, 5), trade(9, 6))
    assert ids(records) == ["1000", "1", "2", "5", "6", "9"]
    assert gaps(records) == [(None, None, "renumbered"), ("7", "8", "skipped")]
    (anew, _) = [r for r in records if isinstance(r, Gap)]
    assert (anew.from_us, anew.to_us) == (T0 + S, T0 + 4 * S)


def test_old_stragglers_are_no_new_numbering() -> None:
    tape = market()
    records = live(tape, trade(1000, 9), trade(1, 2), trade(2, 3), trade(3, 4), trade(1001, 10))
    assert gaps(records) == []


def test_event_time_ahead_of_ours_does_not_cover_what_is_missed_before_it() -> None:
    tape = market()
    tape.begin(T0)
    early = replace(trade(2, 250), received_time_us=T0 + 6 * S)
    records = live(tape, trade(1, 5), early, trade(4, 8))
    assert spans(records) == [(0, 6)]
    (gap,) = [r for r in records if isinstance(r, Gap)]
    assert (gap.from_us, gap.to_us) == (T0 + 6 * S, T0 + 8 * S)


def test_drop_right_behind_a_gap_does_not_cover_the_gap() -> None:
    tape = market()
    tape.begin(T0)
    assert spans(live(tape, trade(101, 1), trade(103, 3))) == [(0, 1)]
    assert tape.end(T0 + 2 * S, T0 + 4 * S) == []  # coverage stays behind the venue's clock
    tape.begin(T0 + 5 * S)
    records = live(tape, trade(104, 6))
    assert gaps(records) == []
    assert spans(records) == [(3.000001, 5)]


def test_drop_before_the_confirmation_does_not_reach_back_to_an_earlier_connection() -> None:
    tape = market(contiguous_ids=False)
    tape.begin(T0)
    live(tape, trade("x1", 100))
    tape.end(T0 + 110 * S, T0 + 110 * S)
    gap, _ = live(tape, trade("x2", 200))  # it came before its own confirmation
    tape.end(T0 + 199 * S, T0 + 201 * S)
    again, _ = live(tape, trade("x3", 300))
    assert isinstance(gap, Gap)
    assert isinstance(again, Gap)
    assert (gap.from_us, gap.to_us) == (T0 + 100 * S, T0 + 200 * S)
    assert (again.from_us, again.to_us) == (T0 + 200 * S, T0 + 300 * S)


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(["trade", "lose", "drop", "come back", "report"]), max_size=60))
def test_coverage_spans_no_gap_that_was_reported_and_no_outage_that_hid_a_trade(steps: list[str]) -> None:
    """A trade that the venue left out is known to be missing when a later one comes, one of an outage at once."""
    tape = market()
    lost: dict[int, int] = {}
    missing: set[int] = set()
    connected = False
    for number, step in enumerate([*steps, "come back", "trade"], 100):
        at_us = T0 + number * S
        told: list[Record] = []
        if step == "drop" and connected:
            told, connected = tape.end(at_us - 2 * S, at_us), False
        elif step == "come back" and not connected:
            tape.begin(at_us + S // 2, at_us - S)
            connected = True
        elif step == "report" and connected:
            told = tape.covered(at_us - 2 * S, at_us)
        if step == "trade" and connected:
            told = live(tape, trade(number, number))
        else:  # every step is a trade at the venue
            lost[number] = at_us
            missing |= set() if connected else {number}
        for record in told:
            if isinstance(record, Gap):
                missing |= set(range(int(record.from_id or number), int(record.to_id or 0) + 1))
            if isinstance(record, Coverage):
                hidden = {n for n in missing & lost.keys() if record.from_us <= lost[n] < record.through_us}
                assert hidden == set(), record
