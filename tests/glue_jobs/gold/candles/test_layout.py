"""What a refresh writes is near what changed, with few markets and with many, today and after months."""

import random
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine import DataFile
from glue_jobs.gold.candles.layout import FULL_ROWS, RUNS, Place
from tapehouse.intervals import INTERVALS
from tapehouse.lake import Lake
from tapehouse.record import Record
from tapehouse.tables import GOLD_CANDLES
from tests.glue_jobs.gold.candles.test_job import MINUTE, SECOND, T0, covered, sold
from tests.glue_jobs.gold.silver_lake import SilverLake


def symbols(count: int) -> list[str]:
    return [f"S{number:03d}-USD" for number in range(count)]


def history(names: Sequence[str], minutes: int, every_s: int) -> list[Record]:
    """Trades of each symbol up to T0, and its coverage."""
    number = 0
    found: list[Record] = []
    for name in names:
        found.append(covered(T0 - minutes * MINUTE, T0, symbol=name))
        for back_s in range(0, minutes * 60, every_s):
            number += 1
            found.append(sold(number, T0 - SECOND - back_s * SECOND, symbol=name))
    return found


def written(silver: SilverLake, records: Sequence[Record]) -> tuple[int, int, list[DataFile]]:
    """Rows and bytes that one batch wrote, and its files."""
    before = {each.path for each in silver.workspace.state(GOLD_CANDLES).files}
    silver.arrive(records)
    silver.refresh(pieces=0)
    new = [each for each in silver.workspace.state(GOLD_CANDLES).files if each.path not in before]
    return sum(each.rows or 0 for each in new), sum(each.size for each in new), new


@pytest.fixture(scope="module")
def few_and_many(tmp_path_factory: pytest.TempPathFactory) -> dict[int, SilverLake]:
    found = {}
    for count in (4, 80):
        silver = found[count] = SilverLake(Lake(tmp_path_factory.mktemp("lake")))
        silver.arrive(history(symbols(count), 120, 40))
        silver.job.prepare()
        silver.arrive([sold(10**6 + at, T0 + at, symbol=name) for at, name in enumerate(symbols(count))])
        silver.refresh()
    return found


def test_a_live_trade_writes_the_windows_it_is_in_and_little_more(few_and_many: dict[int, SilverLake]) -> None:
    """Of the state before, 8,176 rows a market of every market that was stored."""
    cost = {}
    for count, silver in few_and_many.items():
        written(silver, [sold(2 * 10**6, T0 + 20 * SECOND, symbol="S001-USD")])  # it is now in a file of its own
        written(silver, [sold(2 * 10**6 + 1, T0 + 21 * SECOND, symbol="S001-USD")])
        cost[count] = written(silver, [sold(2 * 10**6 + 2, T0 + 22 * SECOND, symbol="S001-USD")])
        assert len(cost[count][2]) <= 2
        assert cost[count][0] <= 2 * (len(INTERVALS) + 12)
    assert cost[80][0] == cost[4][0]
    assert cost[80][1] < 1.2 * cost[4][1]


def test_a_late_trade_writes_the_files_of_its_own_windows(few_and_many: dict[int, SilverLake]) -> None:
    for silver in few_and_many.values():
        before = {each.path: each for each in silver.workspace.state(GOLD_CANDLES).files}
        rows, _, new = written(silver, [sold(3 * 10**6, T0 - 90 * MINUTE + 7, symbol="S001-USD")])
        after = {each.path for each in silver.workspace.state(GOLD_CANDLES).files}
        gone = [each for path, each in before.items() if path not in after]
        assert all(each.may_hold("symbol", "S001-USD", "S001-USD") for each in gone)
        assert rows <= sum(each.rows or 0 for each in gone) + 2 * len(INTERVALS)
        assert len(gone) <= len(INTERVALS)
        assert len(new) <= len(gone) + 1
        silver.refresh()


def test_files_are_few_and_a_row_is_written_again_once_a_tier(lake: Lake) -> None:
    silver = SilverLake(lake)
    total = 0
    rounds = 3 * RUNS**2
    for number in range(rounds):
        at = T0 + number * 10 * SECOND
        names = symbols(3)
        records: list[Record] = [sold(number * 3 + n, at + n, symbol=name) for n, name in enumerate(names)]
        records += [covered(at, at + 10 * SECOND, symbol=name) for name in names]
        before = {each.path for each in silver.workspace.state(GOLD_CANDLES).files}
        silver.arrive(records)
        silver.refresh()
        state = silver.workspace.state(GOLD_CANDLES)
        total += sum(each.rows or 0 for each in state.files if each.path not in before)
        tiers = [Place.of(each).tier for each in state.files]
        assert max(tiers.count(tier) for tier in set(tiers)) <= RUNS
        assert len(tiers) <= 3 * RUNS
    open_rows = 2 * 3 * 3 * len(INTERVALS)
    assert total <= rounds * open_rows + 4 * silver.rows().num_rows
    silver.check()


def test_statistics_let_a_reader_skip_what_it_does_not_ask_for(few_and_many: dict[int, SilverLake]) -> None:
    silver = few_and_many[80]
    files = silver.workspace.state(GOLD_CANDLES).files
    assert all(set(each.low) == {"exchange", "symbol", "interval", "window_start"} for each in files)
    assert all(each.nulls["symbol"] == 0 for each in files)
    of_symbol = [each for each in files if each.may_hold("symbol", "S007-USD", "S007-USD")]
    asked = [each for each in of_symbol if each.may_hold("interval", "1s", "1s")]
    assert len(asked) < len(files)
    assert all((each.rows or 0) <= FULL_ROWS for each in files)
    found = pa.concat_tables([silver.workspace.rows(GOLD_CANDLES, [each]) for each in asked])
    everything = silver.rows()
    for rows in (found, everything):
        mine = pc.and_(pc.equal(rows.column("interval"), "1s"), pc.equal(rows.column("symbol"), "S007-USD"))
        assert pc.sum(mine).as_py() == 2 * (180 + 1)


def test_files_that_somebody_else_made_are_read_and_rewritten_too(lake: Lake) -> None:
    """OPTIMIZE, or an older layout: any file may hold any rows, whatever it is called."""
    silver = SilverLake(lake)
    silver.arrive(history(symbols(3), 30, 60))
    silver.refresh()
    state = silver.workspace.state(GOLD_CANDLES)
    rows = silver.rows().take(pa.array(random.Random(1).sample(range(silver.rows().num_rows), silver.rows().num_rows)))
    silver.workspace.commit(
        state, add=[silver.workspace.stage(GOLD_CANDLES, rows)], remove=state.files, moves_only=True
    )
    silver.arrive([sold(10**6, T0 + SECOND, symbol="S001-USD"), sold(10**6 + 1, T0 - 20 * MINUTE, symbol="S001-USD")])
    silver.refresh()
    silver.check()
