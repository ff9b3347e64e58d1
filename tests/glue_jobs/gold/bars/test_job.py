"""Batches of silver into gold.bars, without Spark: held against the oracle, and against what they read and write."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from glue_jobs.engine import LostRaceError
from glue_jobs.engine.compaction import due, merge
from glue_jobs.engine.follow import BatchLimits
from glue_jobs.gold.bars import job as bars_job
from glue_jobs.gold.bars import replay
from glue_jobs.gold.candles.trades import read
from tapehouse.bars import BarSizes
from tapehouse.lake import Lake
from tapehouse.record import Record
from tapehouse.tables import GOLD_BARS
from tests.factories import NOW_US
from tests.glue_jobs.gold.bars.bars_lake import SMALL, BarsLake
from tests.glue_jobs.gold.candles.test_job import DAY, HOUR, MINUTE, SECOND, T0, sold

EDGES = (0, 1, 999_999, SECOND, MINUTE, HOUR, DAY, 2 * DAY)
instants = st.builds(lambda back, edge: NOW_US - back * MINUTE - edge, st.integers(0, 3), st.sampled_from(EDGES))


@st.composite
def trades(draw: st.DrawFn) -> list[list[Record]]:
    """Batches of trades in any order, some of them twice, of two sources."""
    found: list[Record] = []
    for number in range(draw(st.integers(1, 40))):
        exchange = draw(st.sampled_from(["kraken", "coinbase"]))
        found.append(
            sold(
                number,
                draw(instants),
                exchange=exchange,
                symbol=draw(st.sampled_from(["BTC-USD", "ETH-USD", "XYZ-USD"])),
                source=draw(st.sampled_from([exchange] * 5 + ["finnhub"])),
                price=str(draw(st.integers(1, 400))),
                size=draw(st.sampled_from(["1", "0.5", "2.5", "9"])),
                side=draw(st.sampled_from(["buy", "sell", None])),
                trade_id=draw(st.sampled_from([f"{number}", f"a:{number}", f"x{number}"])),
            )
        )
    found += draw(st.lists(st.sampled_from(found), max_size=3))
    order = draw(st.permutations(found))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=5)))
    return [list(order[low:high]) for low, high in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(batches=trades(), choices=st.integers(0, 2**32))
def test_any_order_batches_pieces_and_processes_give_the_oracles_bars(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Record]], choices: int
) -> None:
    dice = random.Random(choices)
    silver = BarsLake(Lake(tmp_path_factory.mktemp("lake")), limits=BatchLimits(max_rows=dice.choice([1, 4, 1000])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bars_job, "AT_ONCE_ROWS", dice.choice([0, 5, 1000]))
        patch.setattr(bars_job, "PIECE_ROWS", dice.choice([1, 1000]))
        patch.setattr(bars_job, "FULL_ROWS", dice.choice([2, 1000]))
        patch.setattr(replay, "SLICE_ROWS", dice.choice([2, 1000]))
        for batch in batches:
            silver.arrive(batch, split=dice.choice([0, 1, 3]))
            if dice.random() < 0.3:
                silver.begin()
            if dice.random() < 0.2:
                silver.follower.forget()
            if dice.random() < 0.1:
                silver.bars.rebuild([GOLD_BARS])
            if dice.random() < 0.2:
                silver.sizes = dice.choice([SMALL, BarSizes({"tick": Decimal(2), "dollar": Decimal(0)})])
                silver.begin()
            silver.refresh(pieces=dice.choice([None, 0, 1, 2]), batches=dice.choice([None, None, 1]))
            if dice.random() < 0.3:
                compact(silver)
        silver.begin()
        silver.refresh()
        silver.check_bars()


def compact(silver: BarsLake) -> None:
    """As the upkeep does, as soon as there are two files."""
    rule = replace(GOLD_BARS.upkeep.compaction, fan_in=2)  # type: ignore[type-var]
    table = replace(GOLD_BARS, upkeep=replace(GOLD_BARS.upkeep, compaction=rule))
    for group in due(table, silver.workspace.state(GOLD_BARS).files, now_ms=0):
        assert merge(silver.workspace, GOLD_BARS, group)


@pytest.fixture
def silver(lake: Lake) -> BarsLake:
    return BarsLake(lake)


def files_of(silver: BarsLake) -> set[str]:
    return {file.path for file in silver.workspace.state(GOLD_BARS).files}


def reads_of(silver: BarsLake, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of each reading of silver for a day that is computed anew, from now on."""
    found: list[int] = []

    def counted(*told: Any) -> Any:
        rows = read(*told)
        found.append(rows.num_rows)
        return rows

    monkeypatch.setattr(replay, "read", counted)
    return found


def test_fresh_trades_continue_their_bars_without_a_look_at_silver_or_at_old_files(
    silver: BarsLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    silver.arrive([sold(number, T0 + number * SECOND, price="10") for number in range(10)])
    silver.refresh()
    reads, before = reads_of(silver, monkeypatch), files_of(silver)
    for number in range(10, 40, 3):
        silver.arrive([sold(number + each, T0 + (number + each) * SECOND, price="10") for each in range(3)])
        silver.begin()
        silver.refresh()
        silver.check_bars()
    newest = {path for path in before if path.startswith("newest-")}
    assert len(newest) == 1
    assert before - newest <= files_of(silver)
    assert not reads


def test_a_late_trade_reads_silver_from_its_bar_on_and_rewrites_the_files_behind_it_alone(
    silver: BarsLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(10):
        some = [sold(20 * hour + each, T0 - (9 - hour) * MINUTE + each * SECOND, price="100") for each in range(12)]
        silver.arrive([*some, *(replace(trade, symbol="ETH-USD") for trade in some)])
        silver.refresh()
    reads, before = reads_of(silver, monkeypatch), files_of(silver)
    silver.arrive([sold(999, T0 - MINUTE - SECOND)])  # behind nine tenths of the day
    silver.refresh()
    silver.check_bars()
    assert 0 < sum(reads) <= 4 * 24  # what is near in time, of 240
    assert len(before - files_of(silver)) <= 4
    reads.clear()
    silver.arrive([sold(998, T0 - 30 * DAY)])
    silver.refresh()
    silver.check_bars()
    assert sum(reads) <= 1
    assert silver.ledger.todo.ends() is None


def test_each_kind_of_bars_is_computed_from_its_own_bar_on(silver: BarsLake) -> None:
    for number in range(100):  # a bar of dollars is twenty of three trades
        silver.arrive([sold(number, T0 + number * SECOND, price="10")])
    silver.refresh()
    for number, back in enumerate((1, 7, 30, 95)):
        silver.arrive([sold(1_000 + number, T0 + (99 - back) * SECOND + 5, price=str(20 + number))])
        silver.refresh()
        silver.check_bars()


@pytest.mark.parametrize("is_known", [True, False])
def test_what_comes_again_writes_nothing(silver: BarsLake, monkeypatch: pytest.MonkeyPatch, is_known: bool) -> None:
    silver.arrive([sold(number, T0 - number * HOUR) for number in range(40)])
    silver.refresh()
    silver.arrive([sold(100 + number, T0 - number * HOUR + 1) for number in range(40)])
    batch = silver.follower.next()
    assert batch is not None
    silver.bars.write(batch)
    if not is_known:
        silver.workspace.commit(silver.workspace.state(GOLD_BARS))  # which says nothing of how far silver is in it
    version, reads = silver.workspace.state(GOLD_BARS).version, reads_of(silver, monkeypatch)
    silver.begin()
    silver.bars.write(batch)
    silver.follower.forget()
    silver.refresh()
    assert silver.workspace.state(GOLD_BARS).version == version
    assert bool(reads) is not is_known
    silver.check_bars()


def test_a_batch_that_computes_a_day_anew_leaves_the_next_ones_trades_to_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    silver = BarsLake(lake, limits=BatchLimits(max_rows=1))
    silver.arrive([sold(1, T0), sold(2, T0 + 2 * SECOND)])
    silver.refresh()
    silver.arrive([sold(3, T0 + SECOND)])
    for number in range(4, 9):
        silver.arrive([sold(number, T0 + number * SECOND)])
    reads = reads_of(silver, monkeypatch)
    silver.refresh()
    silver.check_bars()
    assert len(reads) == 1


def test_a_trade_of_the_last_microsecond_is_late_where_its_id_is_lower(silver: BarsLake) -> None:
    for trade_id in ("5", "4", "6", "a:5", "x", "y", "5000000000000000000000000000000000000"):
        silver.arrive([sold(1, T0, trade_id=trade_id, price="7", size="2")])
        silver.refresh()
        silver.check_bars()


def test_the_first_trade_of_a_day_ends_the_bar_that_the_day_before_had_left(silver: BarsLake) -> None:
    midnight = NOW_US // DAY * DAY
    silver.arrive([sold(1, midnight - 2), sold(2, midnight - 1)])
    silver.refresh()
    assert [row["growing"] for row in silver.bars_found().values()] == [True] * 3
    silver.arrive([sold(3, midnight)])
    silver.refresh()
    told = {key[2:]: (row["complete"], row["growing"], row["trade_count"]) for key, row in silver.bars_found().items()}
    days = sorted({key[1] for key in told})
    assert told["tick", days[0], 1] == (False, False, 2)
    assert told["tick", days[1], 1] == (False, True, 1)
    silver.arrive([sold(4, midnight - 1, trade_id="3")])
    silver.refresh()
    silver.check_bars()


@pytest.mark.parametrize("restarts", [False, True])
def test_a_market_turns_to_a_better_source_day_by_day_and_no_other_market_does(
    silver: BarsLake, monkeypatch: pytest.MonkeyPatch, restarts: bool
) -> None:
    monkeypatch.setattr(bars_job, "PIECE_ROWS", 1)
    silver.arrive([sold(100 + day, T0 - day * DAY, source="finnhub", price="3") for day in range(12)])
    silver.arrive([sold(200 + day, T0 - day * DAY, symbol="ETH-USD", price="3") for day in range(12)])
    silver.refresh()
    silver.arrive([sold(1, T0 - 5 * DAY), sold(2, T0 - 7 * DAY), sold(3, T0 - 40 * DAY)])
    silver.refresh(pieces=0)
    assert silver.ledger.todo.symbols == {"kraken BTC-USD"}
    silver.arrive(
        [sold(4, T0 + MINUTE, source="finnhub"), sold(5, T0 + MINUTE, symbol="ETH-USD"), sold(6, T0 + 2 * DAY)]
    )
    ends = []
    while (left := silver.ledger.todo.ends()) is not None:
        ends.append(left[1])
        if restarts:
            silver.begin()
        silver.refresh(pieces=1)
    assert ends == sorted(set(ends), reverse=True)
    assert len(ends) >= 3
    silver.check_bars()
    assert not silver.ledger.to_json().get("counted")


def test_a_backfill_beyond_what_a_batch_may_ask_for_is_left_and_what_is_fresh_is_not(
    silver: BarsLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars_job, "AT_ONCE_ROWS", 10)
    monkeypatch.setattr(bars_job, "PIECE_ROWS", 10)
    silver.arrive([sold(1, T0), sold(2, T0, symbol="ETH-USD")])
    silver.refresh()
    old = [sold(1000 + number, T0 - 30 * DAY + number * 6 * HOUR, backfilled=True) for number in range(100)]
    silver.arrive([*old, sold(3, T0 + SECOND, price="777")])
    silver.refresh(pieces=0)
    assert max(row["high"] for row in silver.bars_found().values()) == 777
    assert silver.ledger.todo.symbols == {"kraken BTC-USD"}
    pieces = 0
    while silver.ledger.todo:
        silver.begin()
        silver.refresh(pieces=1)
        pieces += 1
    assert pieces >= 3
    silver.check_bars()


def test_what_is_left_of_thousands_of_markets_stays_short(silver: BarsLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars_job, "AT_ONCE_ROWS", 0)
    names = [f"S{number:04}-USD" for number in range(1_600)]
    silver.arrive([sold(number, T0, symbol=name) for number, name in enumerate(names)])
    silver.refresh()
    silver.arrive(
        [sold(5_000 + number, T0 - number % 9 * DAY - SECOND, symbol=name) for number, name in enumerate(names)]
    )
    silver.refresh(pieces=0)
    assert silver.ledger.todo.is_everywhere
    assert len(silver.ledger.todo) < 10
    silver.refresh()
    silver.check_bars()


def test_a_race_that_is_lost_or_a_kill_leaves_the_batch_to_be_done(
    silver: BarsLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    silver.arrive([sold(1, T0), sold(2, T0 + SECOND)])
    silver.refresh()
    commit = type(silver.workspace).commit
    for error in (LostRaceError("gold.bars", 1), OSError("killed")):

        def fail(*_: Any, error: Exception = error, **__: Any) -> Any:
            monkeypatch.setattr(type(silver.workspace), "commit", commit)
            raise error

        silver.arrive([sold(len(silver.arrived) + 1, T0 + SECOND // 2), sold(len(silver.arrived) + 2, T0 + 9 * SECOND)])
        monkeypatch.setattr(type(silver.workspace), "commit", fail)
        with pytest.raises(type(error)):
            silver.refresh()
        silver.begin()
        silver.refresh()
        silver.check_bars()


def test_another_writer_between_two_batches_is_taken_over_from(silver: BarsLake) -> None:
    silver.arrive([sold(1, T0)])
    silver.refresh()
    other = BarsLake.__new__(BarsLake)
    other.__dict__ |= silver.__dict__
    other.begin()
    silver.arrive([sold(2, T0 + SECOND)])
    other.refresh()
    silver.arrive([sold(3, T0 + 2 * SECOND)])
    silver.refresh()
    silver.check_bars()


def test_other_sizes_make_every_day_anew_and_a_kind_without_one_goes(silver: BarsLake) -> None:
    silver.arrive([sold(number, T0 - number * 5 * HOUR) for number in range(30)])
    silver.refresh()
    silver.sizes = BarSizes(
        {**SMALL.given, "tick": Decimal(2), "volume.BTC": Decimal(0), "dollar.BTC-USD": Decimal(50)}
    )
    silver.begin()
    silver.arrive([sold(100, T0 + 1)])
    silver.refresh()
    silver.check_bars()
    assert {key[2] for key in silver.bars_found()} == {"tick", "dollar"}
    version = silver.workspace.state(GOLD_BARS).version
    silver.begin()
    silver.refresh()
    assert silver.workspace.state(GOLD_BARS).version == version


def test_all_bars_are_made_where_there_are_none_in_one_commit_and_the_batches_find_them(silver: BarsLake) -> None:
    silver.arrive([sold(number, T0 - number * 7 * HOUR) for number in range(30)])
    silver.arrive([sold(100 + number, T0 - number * HOUR, source="finnhub") for number in range(30)])
    silver.refresh()
    assert silver.workspace.state(GOLD_BARS).version == 1
    silver.check_bars()


def test_a_table_without_its_newest_bars_is_made_anew(silver: BarsLake) -> None:
    """As Spark's OPTIMIZE would leave it, which knows nothing of names."""
    silver.arrive([sold(number, T0 - number * HOUR) for number in range(30)])
    silver.refresh()
    state = silver.workspace.state(GOLD_BARS)
    one = silver.workspace.stage(GOLD_BARS, silver.table())
    silver.workspace.commit(state, add=[one], remove=state.files, moves_only=True)
    silver.arrive([sold(100, T0 - 2 * HOUR)])
    silver.begin()
    silver.refresh()
    silver.check_bars()


def test_compaction_leaves_the_newest_bars_in_their_file(silver: BarsLake) -> None:
    for number in range(40):
        silver.arrive([sold(number, T0 + number * SECOND)])
        silver.refresh()
    before = {path for path in files_of(silver) if path.startswith("newest-")}
    for group in due(GOLD_BARS, silver.workspace.state(GOLD_BARS).files, now_ms=2**50):
        assert merge(silver.workspace, GOLD_BARS, group)
    assert before == {path for path in files_of(silver) if path.startswith("newest-")}
    assert len(files_of(silver)) == 2
    silver.check_bars()
