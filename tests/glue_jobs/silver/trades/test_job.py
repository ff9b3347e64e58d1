"""bronze to silver without Spark: any order, batching, repetition and kill gives the oracle's tables."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from glue_jobs.bronze import Position
from glue_jobs.engine import BatchLimits, read_files
from glue_jobs.silver.trades import LIMITS, TradesJob
from glue_jobs.silver.trades.coverage import joined
from tapehouse.lake import Lake
from tapehouse.record import Record, Trade
from tapehouse.tables import BRONZE_TRADES, SILVER_COVERAGE, SILVER_TRADES
from tests import factories
from tests.factories import NOW_US
from tests.glue_jobs.silver.silver_lake import SilverLake
from tests.glue_jobs.streams import Markets, market, of_market
from tests.glue_jobs.tables_on_disk import rows_of

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


def trade(number: int = 1, **changes: Any) -> Trade:
    """One of the last hour's trades, a second apart."""
    return factories.trade(number, **{"event_time_us": NOW_US - HOUR_US + number * 1_000_000, **changes})


@pytest.fixture
def silver(lake: Lake) -> SilverLake:
    return SilverLake(lake)


def every_kind() -> list[Record | bytes]:
    return [
        *(trade(number) for number in range(5)),
        trade(3),
        trade(2, price="7"),
        b"\xff not a record",
        factories.coverage(NOW_US - HOUR_US, NOW_US),
        factories.gap("g", from_id="1", to_id="2"),
        factories.gap("g", from_id="1", to_id="2"),
        factories.gap("open", from_id="100", to_id="102"),
        factories.gap_closed("open"),
    ]


def coverage_rows(spans: list[tuple[int, int, int]]) -> pa.Table:
    """From, through and arrival, µs."""
    return rows_of(
        SILVER_COVERAGE,
        [
            {
                **factories.MARKET._asdict(),
                "from_us": low,
                "through_us": high,
                "arrival_time": datetime.fromtimestamp(arrival_us / 1e6, UTC),
            }
            for low, high, arrival_us in spans
        ],
    )


def test_each_record_is_in_one_table(silver: SilverLake) -> None:
    silver.arrive(every_kind())
    silver.refresh()
    expected = silver.check()
    assert {verdict for verdict, _ in expected.rejected.values()} == {"duplicate", "conflict", "quarantined"}
    counted = sum((Counter(step.parts) for step in silver.workspace.steps.taken()), Counter[str]())
    assert counted == Counter(verdict for verdict, _ in expected.rejected.values())
    assert len(expected.gaps) == 4  # one of them filled


@settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
)
@given(markets=st.lists(market(), min_size=20, max_size=40).map(Markets), again=st.booleans())
def test_any_order_batching_and_repetition_gives_the_oracles_tables(
    tmp_path_factory: pytest.TempPathFactory, markets: Markets, again: bool
) -> None:
    """Whatever is lost of the progress, and however the batches are cut; a rebuild gives the same rows."""
    silver = SilverLake(Lake(tmp_path_factory.mktemp("lake")), replace(LIMITS, max_rows=60))
    for number in range(3):
        silver.arrive(
            [of_market(record, f"M{at}-USD") for at, batches in enumerate(markets) for record in batches[number]]
        )
        if again:
            silver.forget()
        silver.refresh()
    silver.check()
    before = silver.contents()
    silver.forget()
    silver.refresh()
    assert silver.contents() == before
    silver.rebuild()
    assert silver.contents() == before


@contextmanager
def killed_at(silver: SilverLake, point: str) -> Iterator[None]:
    """Whatever is done inside ends there, and another process goes on."""

    def kill(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    silver.on_point = kill
    with pytest.raises(KeyboardInterrupt):
        yield
    silver.on_point = lambda name: None
    silver.restart()


STEPS = ("silver.trades", "silver.gaps", "silver.gaps filled", "silver.coverage", "silver.rejected")


@pytest.mark.parametrize("point", [f"{step}:{when}" for step in STEPS for when in ("before", "after")])
def test_a_kill_at_any_commit_and_a_run_again_leave_what_an_undisturbed_run_leaves(
    tmp_path: Any, silver: SilverLake, point: str
) -> None:
    undisturbed = SilverLake(Lake(tmp_path / "undisturbed"))
    for lake in (silver, undisturbed):
        lake.arrive(every_kind())

    with killed_at(silver, point):
        silver.refresh()
    silver.refresh()
    undisturbed.refresh()
    silver.check()
    assert silver.contents() == undisturbed.contents()


def test_an_id_that_a_venue_starts_anew_is_another_trade(silver: SilverLake) -> None:
    """Not a conflict: further away than an hour it is told by its time. Within the hour it contradicts itself."""
    first = trade(7, price="100")
    silver.arrive([first, replace(first, price="200", event_time_us=first.event_time_us - DAY_US)])
    silver.refresh()
    silver.arrive(
        [
            replace(first, price="300", event_time_us=first.event_time_us - HOUR_US - 1),
            replace(first, price="400", event_time_us=first.event_time_us - DAY_US + HOUR_US),
        ]
    )
    silver.refresh()
    expected = silver.check()
    assert sorted(row["price"] for row in silver.rows(SILVER_TRADES)) == [100, 200, 300]
    assert [verdict for verdict, _ in expected.rejected.values()] == ["conflict"]


def test_what_comes_again_after_hours_is_a_duplicate_whatever_came_between(silver: SilverLake) -> None:
    old = [trade(number, event_time_us=NOW_US - 9 * DAY_US + number) for number in range(20)]
    silver.arrive(old)
    silver.refresh()
    for hour in range(6):
        silver.arrive([trade(100 + hour, event_time_us=NOW_US - 8 * HOUR_US + hour * HOUR_US)])
        silver.refresh()
    silver.restart()
    silver.arrive([*old, trade(200)])
    silver.refresh()
    assert len(silver.check().trades) == 20 + 6 + 1


def test_a_chain_of_one_id_longer_than_an_hour_gives_the_same_trades_however_it_is_cut(tmp_path: Any) -> None:
    """0, 0.8 and 1.6 hours: the second is the first's, the third is another, and which is whose never changes."""
    first = trade(1, price="1", event_time_us=NOW_US - 6 * HOUR_US)
    chain = [
        replace(first, price=price, event_time_us=first.event_time_us + round(hours * HOUR_US))
        for hours, price in ((0, "1"), (0.8, "2"), (1.6, "2"), (2.4, "2"), (3.2, "1"), (1.7, "1"))
    ]
    lakes = [SilverLake(Lake(tmp_path / name)) for name in ("one", "each", "killed")]
    lakes[0].arrive(chain)
    lakes[0].refresh()
    for record in chain:
        lakes[1].arrive([record])
        lakes[1].refresh()
    lakes[2].arrive(chain)
    with killed_at(lakes[2], "silver.rejected:before"):
        lakes[2].refresh()
    lakes[2].refresh()  # the trades that are there by then are no reason to call a conflict a duplicate
    for lake in lakes:
        expected = lake.check()
        assert [verdict for verdict, _ in expected.rejected.values()] == ["conflict", "duplicate", "conflict"]
        before = lake.contents()
        lake.forget()
        lake.refresh()
        assert lake.contents() == before
        lake.rebuild()
        assert lake.contents() == before


class Reads:
    """The files of silver.trades that are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, silver: SilverLake) -> None:
        self.files: list[str] = []

        def counted(uri: str, table: Any, files: Any, *rest: Any) -> Any:
            if table == SILVER_TRADES:
                self.files += [file.path for file in files]
            return read_files(uri, table, files, *rest)

        for module in ("engine.workspace", "silver.trades.keyed", "silver.trades.known"):
            monkeypatch.setattr(f"glue_jobs.{module}.read_files", counted)

    def taken(self) -> set[str]:
        files, self.files = set(self.files), []
        return files


def sixty_days(silver: SilverLake) -> None:
    for day in range(60, 0, -1):
        silver.arrive([trade(day * 10 + at, event_time_us=NOW_US - day * DAY_US + at) for at in range(5)])
        silver.refresh()


def test_a_late_trade_reads_its_own_time_and_nothing_between(
    silver: SilverLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    sixty_days(silver)
    silver.arrive([trade(901, event_time_us=NOW_US - 4000 * DAY_US), trade(902)])
    silver.refresh()
    silver.restart()
    reads = Reads(monkeypatch, silver)
    silver.arrive(
        [trade(903, event_time_us=NOW_US - 4000 * DAY_US), trade(904), trade(1, event_time_us=NOW_US - 30 * DAY_US)]
    )
    silver.refresh()
    assert len(reads.taken()) == 3  # of 2013, of that day, and of the last hour: not of what lies between
    silver.check()


def test_new_trades_read_nothing_that_was_read_before(silver: SilverLake, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        silver.arrive([trade(number)])
        silver.refresh()
    reads = Reads(monkeypatch, silver)
    silver.arrive([trade(50)])
    silver.refresh()
    assert reads.taken() == set()
    silver.restart()
    silver.arrive([trade(51)])
    silver.refresh()
    assert len(reads.taken()) == 31  # another process learns the last hour once
    silver.arrive([trade(52), trade(3)])
    silver.refresh()
    assert len(reads.taken()) == 1  # where the duplicate's first is
    silver.check()


def test_a_thousand_markets_are_looked_up_in_one_reading(silver: SilverLake, monkeypatch: pytest.MonkeyPatch) -> None:
    markets = [factories.MARKET._replace(symbol=f"M{number}-USD") for number in range(1000)]
    silver.arrive([factories.trade(1, market=market, event_time_us=NOW_US) for market in markets])
    silver.refresh()
    silver.restart()
    calls: list[int] = []

    def counted(uri: str, table: Any, files: Any, *rest: Any) -> Any:
        calls.append(len(files))
        return read_files(uri, table, files, *rest)

    monkeypatch.setattr("glue_jobs.silver.trades.keyed.read_files", counted)
    silver.arrive([factories.trade(2, market=market, event_time_us=NOW_US) for market in markets])
    silver.refresh()
    assert calls == [1]
    silver.check()


def test_coverage_says_up_to_where_all_that_arrived_is_here(silver: SilverLake) -> None:
    def told(through_us: int) -> dict[str, Any]:
        return {"position": Position("trades", 1, arrived_through_us=through_us).as_json()}

    silver.arrive([factories.coverage(NOW_US, NOW_US + 10)], metadata=told(NOW_US - 5))
    silver.refresh()
    state = silver.workspace.state(SILVER_COVERAGE)
    assert state.metadata == {"arrived_through_us": NOW_US - 5, "newest_us": NOW_US, "turn": 1}
    silver.arrive([], metadata=told(NOW_US - 1))  # nothing that waits comes to count
    silver.refresh()
    assert silver.workspace.state(SILVER_COVERAGE).version == state.version
    silver.arrive([], metadata=told(NOW_US))
    silver.refresh()
    assert silver.told(SILVER_COVERAGE) == {"arrived_through_us": NOW_US, "newest_us": NOW_US, "turn": 2}
    silver.arrive([], metadata=told(NOW_US + 9))  # all counts already
    silver.refresh()
    assert silver.told(SILVER_COVERAGE)["turn"] == 2


def test_another_streams_mark_counts_although_it_lies_further_back(
    silver: SilverLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(stream: str, through_us: int, ingested_us: int) -> dict[str, Any]:
        position = Position(stream, 1, arrived_through_us=through_us, ingested_us=ingested_us)
        return {"position": position.as_json()}

    said: list[int] = []
    silver.arrive([factories.coverage(NOW_US, NOW_US + 10)], metadata=told("trades", NOW_US + 100, 5))
    silver.refresh()
    monkeypatch.setattr("glue_jobs.silver.trades.job._PIECE_ROWS", 1)
    silver.on_point = lambda point: said.append(silver.told(SILVER_COVERAGE)["arrived_through_us"])
    spans: list[Record | bytes] = [factories.coverage(NOW_US + at, NOW_US + at + 10) for at in (50, 90)]
    silver.arrive(spans, metadata=told("other", NOW_US + 7, 6))
    silver.refresh()
    assert set(said) == {NOW_US + 100, NOW_US + 7}, "not even a piece of it counts by the former stream's mark"
    assert silver.told(SILVER_COVERAGE)["arrived_through_us"] == NOW_US + 7
    assert len(silver.rows(SILVER_COVERAGE)) == 3
    silver.arrive([factories.coverage(NOW_US + 200, NOW_US + 210)], metadata=told("trades", NOW_US + 100, 5))
    silver.refresh()
    assert silver.told(SILVER_COVERAGE)["arrived_through_us"] == NOW_US + 7, "a commit of before"


def test_coverage_becomes_islands_and_what_comes_again_adds_no_row(
    silver: SilverLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glue_jobs.silver.trades.job._JOINED_ROWS", 20)

    def spans(first: int, last: int) -> list[Record | bytes]:
        return [factories.coverage(NOW_US + at * 10, NOW_US + at * 10 + 10) for at in range(first, last)]

    for first in (0, 10, 20):
        silver.arrive(spans(first, first + 10))
        silver.refresh()
    silver.arrive([*spans(12, 15), *spans(40, 42)])
    silver.refresh()
    assert len(silver.rows(SILVER_COVERAGE)) == 1 + 10 + 2  # 20 in one, the ten after that, and the two apart
    before = silver.contents()
    silver.forget()
    silver.refresh()
    assert len(silver.rows(SILVER_COVERAGE)) == 13
    assert silver.contents() == before
    silver.rebuild()
    assert silver.contents() == before
    silver.check()


def test_coverage_that_does_not_count_yet_is_not_joined() -> None:
    rows = coverage_rows([(0, 10, 1), (10, 20, 2), (20, 30, 9)])
    assert [(row["from_us"], row["through_us"]) for row in joined(rows, through_us=2).to_pylist()] == [
        (0, 20),
        (20, 30),
    ]
    assert [(row["from_us"], row["through_us"]) for row in joined(rows).to_pylist()] == [(0, 30)]


JUNK = 64 * 1024


def test_junk_that_is_next_to_nothing_on_disk_is_taken_by_what_it_is_in_memory(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch, a piece and a rebuild's piece hold a bound of Arrow's bytes, and one turn more at most."""
    bound, turn = 64 * JUNK, 20
    silver = SilverLake(lake, BatchLimits(together="ingested_at", max_raw_bytes=bound))
    monkeypatch.setattr("glue_jobs.silver.trades.job._PIECE_ROWS", bound // 1024)
    taken: list[int] = []
    read = TradesJob._read_bronze

    def counted(job: TradesJob, files: Any, columns: Any, where: Any) -> Any:
        rows = read(job, files, columns, where)
        taken.append(rows.nbytes)
        return rows

    monkeypatch.setattr(TradesJob, "_read_bronze", counted)
    for number in range(12):
        silver.arrive([b"%4d" % (number * turn + at) + b"x" * JUNK for at in range(turn)], shards=1)
    state = silver.workspace.state(BRONZE_TRADES)
    assert sum(each.size for each in state.files) < bound
    assert silver.refresh() > 3
    silver.rebuild()
    assert max(taken) < bound + turn * (JUNK + 1024)
    silver.check()
    # All turns in one file, as compaction leaves them: it is cut.
    rows = silver.workspace.rows(BRONZE_TRADES, state.files).combine_chunks()
    one = silver.workspace.stage(
        BRONZE_TRADES, rows, partition={"arrival_date": rows.column("arrival_date")[0].as_py()}
    )
    silver.workspace.commit(state, add=[one], remove=state.files, moves_only=True)
    taken.clear()
    silver.rebuild()
    assert max(taken) < bound + turn * (JUNK + 1024)
    silver.check()
