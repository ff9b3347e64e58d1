"""Batches of silver into gold.candles, without Spark: held against the oracle, and against what they cost."""

import copy
import json
import random
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from glue_jobs.engine import LostRaceError
from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.engine.transaction import commit_actions
from glue_jobs.gold.candles import job as candles_job
from glue_jobs.gold.candles.ledger import Ledger
from glue_jobs.gold.candles.spans import Spans
from glue_jobs.gold.candles.todo import Work
from tapehouse.lake import Lake
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade
from tapehouse.tables import GOLD_CANDLES
from tests.factories import NOW_US
from tests.glue_jobs.gold.silver_lake import INPUTS, SilverLake
from tests.glue_jobs.layers import trade

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
T0 = NOW_US - HOUR


def sold(number: int, at_us: int, *, exchange: str = "kraken", symbol: str = "BTC-USD", **changes: Any) -> Trade:
    changes = {"source": exchange, **changes}
    return trade(number, event_time_us=at_us, exchange=exchange, symbol=symbol, **changes)


def covered(from_us: int, to_us: int, exchange: str = "kraken", symbol: str = "BTC-USD") -> Coverage:
    return Coverage(
        exchange=exchange, symbol=symbol, source=exchange, from_us=from_us, through_us=to_us, last_id=None,
        received_time_us=NOW_US,
    )  # fmt: skip


def lost(from_us: int, to_us: int | None, gap_id: str = "g", ids: tuple[str, str] | None = None) -> Gap:
    first, last = ids or (None, None)
    return Gap(
        exchange="kraken", symbol="BTC-USD", source="kraken", gap_id=gap_id, from_id=first, to_id=last, from_us=from_us,
        to_us=to_us, reason="dropped", received_time_us=NOW_US,
    )  # fmt: skip


def closed(gap_id: str = "g") -> GapClosed:
    return GapClosed(
        exchange="kraken", symbol="BTC-USD", source="kraken", gap_id=gap_id, reason="filled", received_time_us=NOW_US
    )


@pytest.fixture
def silver(lake: Lake) -> SilverLake:
    return SilverLake(lake)


def ledger(silver: SilverLake) -> Ledger:
    return Ledger.of(silver.workspace.state(GOLD_CANDLES))


@pytest.fixture
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candles_job, "AT_ONCE_ROWS", 20)
    monkeypatch.setattr(candles_job, "PIECE_ROWS", 20)


# --- the oracle's candles, however silver came

EDGES = (0, 1, 999_999, SECOND, 59_999_999, MINUTE, HOUR, DAY, 4 * DAY)
instants = st.builds(
    lambda back, edge: NOW_US - back * MINUTE - edge, st.integers(0, 12 * 1440), st.sampled_from(EDGES)
)
names = st.sampled_from(["kraken", "coinbase"])
symbols = st.sampled_from(["BTC-USD", "ETH-USD"])


@st.composite
def records(draw: st.DrawFn) -> list[list[Record]]:
    """Four batches of trades, coverage and gaps in any order."""
    count = draw(st.integers(1, 14))
    found: list[Record] = [
        sold(number, draw(instants), exchange=draw(names), symbol=draw(symbols), price=str(draw(st.integers(1, 9))))
        for number in range(count)
    ]
    for end in draw(st.lists(instants, max_size=5)):
        length = draw(st.sampled_from([10 * SECOND, 90 * SECOND, HOUR, 8 * DAY]))
        found.append(covered(end - length, end, draw(names), draw(symbols)))
    for number in range(draw(st.integers(0, 2))):
        goes_on = draw(st.booleans())
        end = NOW_US if goes_on else draw(instants)
        found.append(
            lost(end - draw(st.sampled_from([30, 200, 7300])) * SECOND, None if goes_on else end, f"g{number}")
        )
        if draw(st.booleans()):
            found.append(closed(f"g{number}"))
    order = draw(st.permutations(found))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), min_size=3, max_size=3)))
    return [list(order[low:high]) for low, high in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(batches=records(), choices=st.integers(0, 2**32))
def test_any_batches_and_pieces_and_processes_give_the_oracles_candles(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Record]], choices: int
) -> None:
    dice = random.Random(choices)
    silver = SilverLake(
        Lake(tmp_path_factory.mktemp("lake")),
        limits=BatchLimits(max_rows=dice.choice([3, 1000])),
        seconds_days=dice.choice([0, 0, 1, 5]),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candles_job, "AT_ONCE_ROWS", dice.choice([1, 5, 1000]))
        patch.setattr(candles_job, "PIECE_ROWS", dice.choice([10, 20, 1000]))
        for batch in batches:
            silver.arrive(batch, split=dice.choice([0, 1, 3]))
            if dice.random() < 0.5:
                silver.begin()
            silver.refresh(pieces=dice.choice([None, 0, 1, 2]))
        silver.begin()
        silver.refresh()
        silver.check()


# --- coverage counts when all trades before it are here


def minute(silver: SilverLake, at_us: int, exchange: str = "kraken") -> dict[str, Any]:
    return silver.found()[exchange, "BTC-USD", "1m", at_us]


def test_a_shard_that_lags_leaves_no_complete_candle_with_wrong_prices(silver: SilverLake) -> None:
    arrived = NOW_US + 60 * SECOND
    silver.arrive([sold(1, T0 + 5, price="5")], arrival_us=arrived, through_us=arrived - 9 * SECOND)
    silver.arrive([covered(T0, T0 + MINUTE)], arrival_us=arrived, through_us=arrived - 8 * SECOND)
    silver.refresh()
    assert minute(silver, T0)["complete"] is False
    # The other shard is read up to its tip, and brings what was sold a second later.
    silver.arrive([sold(2, T0 + SECOND, price="9")], arrival_us=arrived - 7 * SECOND, through_us=arrived - 7 * SECOND)
    silver.refresh()
    assert minute(silver, T0)["complete"] is False
    silver.begin()
    silver.arrive([], through_us=arrived)
    silver.refresh()
    assert (minute(silver, T0)["complete"], minute(silver, T0)["high"]) == (True, 9)
    silver.check()


def test_coverage_does_not_count_before_the_trades_of_later_batches(lake: Lake) -> None:
    silver = SilverLake(lake, limits=BatchLimits(max_rows=2))
    silver.arrive([sold(number, T0 + number * SECOND) for number in range(6)], arrival_us=NOW_US, split=2)
    silver.arrive([covered(T0, T0 + MINUTE)], arrival_us=NOW_US + SECOND)
    told = []
    while (batch := silver.follower.next()) is not None:
        silver.job.write(batch)
        silver.follower.done(batch)
        told.append((minute(silver, T0)["trade_count"], minute(silver, T0)["complete"]))
    assert [complete for count, complete in told if count < 6] == [False, False]
    assert told[-1] == (6, True)
    silver.check()


def test_coverage_that_was_read_ahead_of_its_trades_counts_when_they_are_here(lake: Lake) -> None:
    silver = SilverLake(lake, limits=BatchLimits(max_rows=2))
    for number in range(3):
        at_us, arrival_us = T0 + number * MINUTE, NOW_US + number * SECOND
        sales = [sold(10 * number + each, at_us + each * SECOND) for each in range(4)]
        span = covered(at_us - MINUTE, at_us + MINUTE)
        silver.arrive([*sales, span], split=2, arrival_us=arrival_us, through_us=arrival_us)
    silver.refresh()
    silver.check()


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("closes", [False, True])
def test_a_gap_is_filled_when_the_trades_that_fill_it_are_here(lake: Lake, restarts: bool, closes: bool) -> None:
    silver = SilverLake(lake, limits=BatchLimits(max_rows=2))
    silver.arrive([sold(1, T0 - MINUTE), sold(8, T0 + 2 * MINUTE), covered(T0 - HOUR, T0 + HOUR)] if closes else
                  [sold(1, T0 - MINUTE), sold(8, T0 + 2 * MINUTE)])  # fmt: skip
    silver.arrive([lost(T0 - MINUTE, T0 + 2 * MINUTE, ids=None if closes else ("2", "7"))])
    silver.refresh()
    silver.check()
    filling = [sold(number, T0 + number * 5 * SECOND, price=str(number)) for number in range(2, 8)]
    silver.arrive([*filling, closed()] if closes else filling, split=2)
    expected, batches = silver.expected(), 0
    while (batch := silver.follower.next()) is not None:
        if restarts:
            silver.begin()
        silver.job.write(batch)
        silver.follower.done(batch)
        batches += 1
        assert not [key for key, row in silver.found().items() if row["complete"] and row != expected[key]]
    assert batches == 3
    silver.refresh()
    silver.check()


def test_what_counted_once_counts_in_a_new_process(silver: SilverLake) -> None:
    silver.arrive([sold(1, T0), covered(T0, T0 + MINUTE)], arrival_us=NOW_US, through_us=NOW_US)
    silver.refresh()
    silver.begin()
    silver.arrive([sold(2, T0 + 2 * SECOND)], arrival_us=NOW_US + SECOND)
    silver.refresh()
    assert minute(silver, T0)["complete"] is True


# --- what is fresh does not wait for what is not


def month_of(symbol: str, days: int, a_day: int) -> list[Record]:
    """A backfill that ends an hour ago."""
    return [
        sold(10_000 + number, T0 - days * DAY + number * DAY // a_day, symbol=symbol, backfilled=True)
        for number in range(days * a_day)
    ]


@pytest.mark.usefixtures("in_small_pieces")
def test_a_live_trade_amid_a_month_of_backfill_is_in_the_first_commit(silver: SilverLake) -> None:
    silver.arrive([sold(1, T0), sold(2, T0, symbol="ETH-USD"), covered(T0 - 40 * DAY, T0 + HOUR)])
    silver.refresh()
    silver.arrive([*month_of("BTC-USD", 30, 5), sold(3, T0 + 5 * MINUTE, price="77")])
    batch = silver.follower.next()
    assert batch is not None
    silver.job.write(batch)
    silver.follower.done(batch)
    assert minute(silver, T0 + 5 * MINUTE)["high"] == 77
    assert ledger(silver).todo.traded.symbols == {"BTC-USD"}
    # While it goes on, no window that lacks trades says that it is complete.
    expected = silver.expected()
    pieces = 0
    while ledger(silver).todo:
        found = silver.found()
        assert not [key for key, row in found.items() if row["complete"] and row != expected[key]]
        before = {key: row for key, row in found.items() if key[1] == "ETH-USD"}
        silver.job.more()
        pieces += 1
        assert {key: row for key, row in silver.found().items() if key[1] == "ETH-USD"} == before
    assert pieces > 5
    silver.check()


@pytest.mark.usefixtures("in_small_pieces")
def test_what_is_left_to_do_is_done_newest_first_and_outlives_the_process(silver: SilverLake) -> None:
    silver.arrive([sold(1, T0)])
    silver.refresh()
    silver.arrive(month_of("BTC-USD", 30, 5))
    silver.refresh(pieces=0)
    ends = []
    while (left := ledger(silver).todo.all.ends()) is not None:
        ends.append(left[1])
        silver.begin()  # nothing is remembered: it is in the table
        silver.refresh(pieces=1)
    assert ends == sorted(set(ends), reverse=True)
    assert len(ends) > 5
    silver.check()


@pytest.mark.usefixtures("in_small_pieces")
@pytest.mark.parametrize("lost_race", [True, False])
def test_a_piece_that_is_killed_or_loses_its_race_is_done_again(
    silver: SilverLake, monkeypatch: pytest.MonkeyPatch, lost_race: bool
) -> None:
    silver.arrive([sold(1, T0)])
    silver.refresh()
    silver.arrive(month_of("BTC-USD", 10, 5))
    silver.refresh(pieces=1)
    error = LostRaceError("gold.candles", 1) if lost_race else OSError("killed")
    commit = type(silver.workspace).commit

    def fail(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(type(silver.workspace), "commit", commit)
        raise error

    monkeypatch.setattr(type(silver.workspace), "commit", fail)
    before = ledger(silver).todo
    if lost_race:
        assert silver.job.more() is True
    else:
        with pytest.raises(OSError, match="killed"):
            silver.job.more()
    assert ledger(silver).todo.to_json() == before.to_json()
    silver.refresh()
    silver.check()


@pytest.mark.usefixtures("in_small_pieces")
def test_an_open_gap_of_weeks_is_judged_piece_by_piece_behind_fresh_trades(silver: SilverLake) -> None:
    silver.arrive([sold(1, T0 - 4 * DAY), sold(2, T0, symbol="ETH-USD"), covered(T0 - 9 * DAY, T0 + HOUR)])
    silver.refresh()
    silver.arrive([lost(T0 - 4 * DAY, T0), sold(3, T0 + MINUTE, price="7")])
    silver.refresh(pieces=0)
    assert minute(silver, T0 + MINUTE)["high"] == 7
    assert len(silver.found()) < 500
    silver.refresh()
    silver.check()
    silver.arrive([closed()])
    silver.refresh()
    silver.check()


@pytest.mark.usefixtures("in_small_pieces")
def test_a_better_source_is_turned_to_week_by_week_in_its_own_symbol_alone(silver: SilverLake) -> None:
    vendor = [sold(100 + day, T0 - day * DAY, source="finnhub", price="3") for day in range(30)]
    silver.arrive([*vendor, sold(1, T0, symbol="ETH-USD")])
    silver.refresh()
    sources = {("kraken", "BTC-USD"): "finnhub", ("kraken", "ETH-USD"): "kraken"}
    silver.check(sources)
    silver.arrive([sold(2, T0 - 20 * DAY, price="4"), sold(3, T0 + MINUTE, price="5"), sold(4, T0, symbol="ETH-USD")])
    silver.refresh(pieces=0)
    assert ledger(silver).todo.anew.symbols == {"BTC-USD"}
    found = silver.found()
    assert found["kraken", "ETH-USD", "1s", T0]["trade_count"] == 2  # what is fresh elsewhere did not wait
    weeks = 0
    while ledger(silver).todo:
        silver.begin()
        silver.refresh(pieces=1)
        weeks += 1
    assert weeks >= 4
    silver.check({**sources, ("kraken", "BTC-USD"): "kraken"})


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("last_us", [T0, T0 + DAY])
def test_a_source_that_counts_no_more_leaves_nothing_of_when_it_traded(
    silver: SilverLake, restarts: bool, last_us: int
) -> None:
    vendor = [sold(100, T0 - 20 * DAY, source="finnhub"), sold(101, last_us, source="finnhub")]
    other: list[Record] = [sold(7, T0 - 10 * DAY, exchange="coinbase"), covered(T0 - 21 * DAY, T0 + HOUR, "coinbase")]
    silver.arrive([*vendor, *other, sold(20, T0 - HOUR, symbol="ETH-USD", exchange="coinbase")])
    goes_on = Gap(exchange="coinbase", symbol="ETH-USD", source="coinbase", gap_id="e", from_id=None, to_id=None,
                  from_us=T0 - HOUR, to_us=None, reason="dropped", received_time_us=NOW_US)  # fmt: skip
    silver.arrive([goes_on])
    silver.refresh()
    silver.arrive([sold(1, T0), covered(T0 - HOUR, T0 + HOUR)])
    silver.refresh(pieces=0)
    while ledger(silver).todo:
        if restarts:
            silver.begin()
        silver.refresh(pieces=1)
    sources = {("kraken", "BTC-USD"): "kraken"} | {("coinbase", name): "coinbase" for name in ("BTC-USD", "ETH-USD")}
    silver.check(sources)
    silver.begin()
    silver.arrive([sold(8, T0 + SECOND)])
    silver.refresh()
    silver.check(sources)


def test_a_market_that_comes_while_its_symbol_s_weeks_are_left_is_not_forgotten(silver: SilverLake) -> None:
    silver.arrive([sold(100, T0, source="finnhub")])
    silver.refresh()
    silver.arrive([sold(1, T0)])
    silver.refresh(pieces=0)
    silver.arrive([sold(2, T0 + SECOND, exchange="coinbase")])
    silver.refresh(pieces=0)
    silver.begin()
    silver.refresh()
    silver.check({("kraken", "BTC-USD"): "kraken", ("coinbase", "BTC-USD"): "coinbase"})


def test_scattered_old_trades_leave_a_short_list(silver: SilverLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candles_job, "AT_ONCE_ROWS", 1)
    silver.arrive([sold(1, T0)])
    silver.refresh()
    silver.arrive([sold(2 + number, T0 - number * 7 * HOUR) for number in range(300)])
    silver.refresh(pieces=0)
    assert 0 < len(ledger(silver).todo.traded) <= 150
    silver.refresh()
    silver.check()


def test_what_is_left_of_a_thousand_markets_is_of_each_by_itself_and_short() -> None:
    names, now_s = [f"S{number:04}-USD" for number in range(1_600)], T0 // SECOND

    def left(symbols: int, each: int) -> Work:
        spans = Spans.of((name, now_s - hour * 3_600, now_s - hour * 3_600 + 1) for name in names[:symbols]
                         for hour in range(each))  # fmt: skip
        return Work(spans, spans, spans)

    for symbols, each in ((1, 400), (80, 12), (1_000, 12), (1_500, 2)):
        work, bounded = left(symbols, each), left(symbols, each).bounded()
        assert bounded.traded.symbols == work.traded.symbols
        assert not work.traded - bounded.traded
        assert len(json.dumps(bounded.to_json())) < 200_000
    assert left(1_000, 1).bounded() == left(1_000, 1)
    assert left(1_600, 1).bounded().traded.is_everywhere


def test_old_trades_of_many_markets_leave_other_markets_alone(
    silver: SilverLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"S{number:02}-USD" for number in range(90)]
    silver.arrive([sold(number, T0 - 40 * DAY, symbol=name) for number, name in enumerate(names)])
    silver.arrive([sold(1_000 + number, T0, symbol=name) for number, name in enumerate(names)])
    silver.refresh()
    monkeypatch.setattr(candles_job, "AT_ONCE_ROWS", 1)
    touched = names[:80]
    silver.arrive([sold(2_000 + 4 * number + day, T0 - (day + 1) * DAY, symbol=name)
                   for number, name in enumerate(touched) for day in range(4)])  # fmt: skip
    silver.refresh(pieces=0)
    assert ledger(silver).todo.traded.symbols == set(touched)
    silver.refresh()
    silver.check()


def test_a_trade_of_long_ago_leaves_other_markets_alone(silver: SilverLake) -> None:
    silver.arrive([sold(1, T0), sold(2, T0, symbol="ETH-USD")])
    silver.refresh()
    others = {key: row for key, row in silver.found().items() if key[1] == "ETH-USD"}
    silver.workspace.steps.taken()
    silver.arrive([sold(3, T0 - 16 * 365 * DAY)])
    silver.refresh()
    changed = [step.rows for step in silver.workspace.steps.taken() if step.name == "gold computed"]
    assert sum(rows or 0 for rows in changed) <= 2 * 11
    assert {key: row for key, row in silver.found().items() if key[1] == "ETH-USD"} == others
    silver.check()


def test_a_market_that_is_gone_is_asked_for_no_more_and_again_when_it_comes_back(silver: SilverLake) -> None:
    start = T0 - 30 * DAY
    silver.arrive([sold(1, start), covered(start, start + HOUR), sold(2, start, exchange="coinbase")])
    for day in range(20):
        at = start + day * DAY
        silver.arrive([covered(at, at + DAY, "coinbase"), sold(10 + day, at + HOUR, exchange="coinbase")])
        silver.refresh()
        silver.check()
    assert minute(silver, start + 15 * DAY + HOUR, "ALL")["complete"] is True
    assert minute(silver, start + HOUR, "ALL")["complete"] is True
    silver.arrive([sold(3, start + 19 * DAY), covered(start + 19 * DAY, start + 20 * DAY)])
    silver.refresh()
    silver.check()
    assert minute(silver, start + 15 * DAY + HOUR, "ALL")["complete"] is False


@pytest.mark.parametrize(
    "news",
    [lost(T0 - 5 * DAY, None), covered(T0 - 18 * DAY, T0 - 17 * DAY), covered(T0 - 20 * DAY, T0 - 2 * DAY)],
)
def test_a_new_process_learns_from_its_first_batch_which_markets_are_asked_for(
    silver: SilverLake, news: Record
) -> None:
    silver.arrive([sold(1, T0 - 20 * DAY), covered(T0 - 20 * DAY, T0 - 20 * DAY + HOUR)])
    other = [sold(7 + number, T0 - days * DAY, exchange="coinbase") for number, days in enumerate((15, 4, 3, 0))]
    silver.arrive([*other, covered(T0 - 21 * DAY, T0 + HOUR, "coinbase")])
    silver.refresh()
    silver.check()
    silver.arrive([news])
    silver.begin()
    silver.refresh()
    silver.check()
    silver.arrive([closed()])
    silver.begin()
    silver.refresh()
    silver.check()


def test_a_query_that_begins_anew_in_a_new_process_knows_what_is_in_gold(lake: Lake) -> None:
    silver = SilverLake(lake, limits=BatchLimits(max_rows=1))
    silver.arrive([sold(1, T0), covered(T0 - HOUR, T0 + MINUTE)])
    silver.arrive([sold(2, T0 + MINUTE), covered(T0 + MINUTE, T0 + 2 * MINUTE), lost(T0 + 2 * MINUTE, None)])
    silver.arrive([sold(3, T0 + 3 * MINUTE)])
    silver.job.prepare()
    silver.check()
    while (batch := silver.follower.next()) is not None:
        silver.begin()
        silver.job.write(batch)
        silver.follower.done(batch)
        silver.check()


def test_a_market_s_weeks_are_made_anew_where_gold_does_not_hold_what_silver_says(silver: SilverLake) -> None:
    silver.arrive([sold(1, T0), sold(2, T0 - DAY)])
    silver.refresh()
    state = silver.workspace.state(GOLD_CANDLES)
    rows = silver.rows()
    at = rows.schema.get_field_index("trade_count")
    spoilt = rows.set_column(at, "trade_count", pa.array([5] * rows.num_rows, pa.int64()))
    silver.workspace.commit(state, add=[silver.workspace.stage(GOLD_CANDLES, spoilt)], remove=state.files,
                            metadata=state.metadata)  # fmt: skip
    silver.arrive([sold(3, T0 + 1)])
    silver.refresh()
    silver.check()


def test_all_candles_are_made_anew_in_one_commit_and_the_next_batch_finds_them(silver: SilverLake) -> None:
    silver.arrive([*month_of("BTC-USD", 3, 5), lost(T0 - DAY, T0), covered(T0 - 9 * DAY, T0), sold(1, T0)])
    silver.job.prepare()
    silver.check()
    version = silver.workspace.state(GOLD_CANDLES).version
    silver.job.prepare()
    silver.refresh()
    assert silver.workspace.state(GOLD_CANDLES).version == version
    silver.arrive([sold(2, T0 + MINUTE), closed()])
    silver.refresh()
    silver.check()
    silver.job.rebuild([GOLD_CANDLES])
    silver.check()


@pytest.mark.parametrize("days_apart", [10, -10, 0])
def test_all_candles_are_made_where_a_source_that_is_not_counted_traded_at_other_times(
    silver: SilverLake, days_apart: int
) -> None:
    other_us = T0 + days_apart * DAY + (0 if days_apart else 5 * MINUTE)
    silver.arrive([sold(100 + number, other_us + number * MINUTE, source="finnhub") for number in range(3)])
    silver.arrive([sold(1, T0), sold(2, T0 + MINUTE)])
    silver.job.prepare()
    silver.check({("kraken", "BTC-USD"): "kraken"})
    silver.job.rebuild([GOLD_CANDLES])
    silver.check({("kraken", "BTC-USD"): "kraken"})


# --- seconds are kept for as long as the setting says


def test_seconds_are_dropped_after_their_days_and_late_trades_still_count(lake: Lake) -> None:
    silver = SilverLake(lake, seconds_days=2)
    silver.arrive([sold(number, T0 - 5 * DAY + number * 4 * HOUR) for number in range(30)])
    silver.refresh()
    silver.check()
    kept = [key for key in silver.found() if key[2] == "1s"]
    assert 0 < len(kept) < 2 * 30
    silver.begin()
    silver.arrive([sold(100, T0 - 5 * DAY, price="8"), sold(101, T0 - 4 * DAY, price="9"), sold(102, T0 + DAY)])
    silver.refresh()
    silver.check()
    silver.job.rebuild([GOLD_CANDLES])
    silver.check()
    # A setting of more days brings nothing back by itself: what was dropped is made anew by a rebuild alone.
    silver.seconds_days = 9
    silver.begin()
    silver.arrive([sold(103, T0 - 5 * DAY + SECOND)])
    silver.refresh()
    assert min(key[3] for key in silver.found() if key[2] == "1s") >= (NOW_US // DAY - 2) * DAY
    silver.job.rebuild([GOLD_CANDLES])
    silver.check()


def test_the_mark_of_another_stream_counts_although_it_lies_further_back(lake: Lake) -> None:
    silver = SilverLake(lake)
    first = Coverage(
        exchange="kraken", symbol="BTC-USD", source="kraken", from_us=T0 - HOUR, through_us=T0, last_id=None,
        received_time_us=NOW_US,
    )  # fmt: skip
    silver.arrive([sold(1, T0 - HOUR), first], arrival_us=NOW_US, through_us=NOW_US + 100)
    silver.refresh()
    silver.check()
    silver.arrive([replace(first, through_us=T0 + HOUR)], arrival_us=NOW_US + 50, through_us=NOW_US + 10)
    silver.refresh()
    assert Ledger.of(silver.workspace.state(GOLD_CANDLES)).arrived_through_us == NOW_US + 10
    assert not any(row["complete"] for key, row in silver.found().items() if key[3] >= T0)
    silver.arrive([sold(2, T0 + MINUTE)], arrival_us=NOW_US + 40, through_us=NOW_US + 60)
    silver.begin()
    silver.refresh()
    silver.check()


def test_what_another_process_commits_before_a_commit_is_answered_is_not_taken_for_known(
    silver: SilverLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver on S3 may be paused there for so long that its lease is stolen; later it may be the writer again."""
    silver.arrive([sold(1, T0), covered(T0 - MINUTE, T0 + 10 * MINUTE)], through_us=NOW_US)
    silver.refresh()
    commit, paused_at = "glue_jobs.engine.workspace.commit_actions", []

    def paused(uri: str, *told: Any, **more: Any) -> bool:
        done = commit_actions(uri, *told, **more)
        monkeypatch.setattr(commit, commit_actions)
        paused_at.append(uri)
        other = copy.copy(silver)
        other.begin()
        silver.arrive([lost(T0 + 2 * MINUTE, T0 + 3 * MINUTE)])
        other.refresh()
        return done

    silver.arrive([sold(2, T0 + MINUTE)])
    batch = silver.follower.next()
    assert batch is not None
    monkeypatch.setattr(commit, paused)
    silver.job.write(batch)
    assert paused_at == [silver.workspace.uri(GOLD_CANDLES)]

    silver.follower = Follower(silver.workspace, "gold", INPUTS, BatchLimits())  # as whoever takes the lease does
    silver.arrive([sold(3, T0 + 2 * MINUTE + SECOND)])
    silver.refresh()
    silver.check()
