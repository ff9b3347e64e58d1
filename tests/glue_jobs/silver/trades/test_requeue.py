"""silver.rejected judged again without Spark: what is sound is in its table, once, whoever was killed or came first."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from glue_jobs.engine import LostRaceError, Workspace
from glue_jobs.pipeline import pipeline
from glue_jobs.refresh import Refresh
from glue_jobs.silver.trades import MAKES, Requeue
from tapehouse.lake import Lake
from tapehouse.record import Record, Unparsed
from tapehouse.tables import (
    BRONZE_TRADES,
    COORDINATE_NAMES,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)
from tests import oracle
from tests.factories import NOW_US, coverage, gap, gap_closed, trade
from tests.glue_jobs.silver.silver_lake import SilverLake, stricter

HOUR_US = 3_600_000_000
SECOND_US = 1_000_000
STEPS = ("silver.trades", "silver.gaps", "silver.gaps filled", "silver.coverage", "silver.rejected requeue")


@pytest.fixture
def silver(lake: Lake) -> SilverLake:
    return SilverLake(lake)


def recent(number: int, **changes: Any) -> Any:
    """A trade that the stricter rule refuses."""
    return trade(number, **{"event_time_us": NOW_US - number * SECOND_US, **changes})


def every_kind() -> list[Record | bytes]:
    return [
        *(recent(number) for number in range(4)),
        trade(8, event_time_us=NOW_US - 2 * HOUR_US),
        recent(9, price="-1"),
        coverage(NOW_US - 60 * SECOND_US, NOW_US),
        coverage(NOW_US - 30 * SECOND_US, NOW_US - 1),
        gap("ids", from_id="1", to_id="2", from_us=NOW_US - 9 * SECOND_US, to_us=NOW_US),
        gap("open", from_us=NOW_US - SECOND_US),
        gap_closed("open"),
        b"\xff",
    ]


def rejected(silver: SilverLake) -> dict[int, tuple[str, list[str]]]:
    """Verdict and reasons by the record's number."""
    return {
        int(row["sequence_number"]) - 10**20: (row["verdict"], row["reasons"]) for row in silver.rows(SILVER_REJECTED)
    }


def coordinates(silver: SilverLake, table: Table) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in COORDINATE_NAMES) for row in silver.rows(table) if row["shard_id"]]


def check(silver: SilverLake) -> None:
    """Each record is in one table, and silver holds what it would if the rule had never been another.

    Of records that say one thing, which of them counts may be another one.
    """
    expected = oracle.silver(silver.arrived)
    assert {tuple(row[name] for name in SILVER_TRADES.key): row["price"] for row in silver.rows(SILVER_TRADES)} == {
        key: row["price"] for key, row in expected.trades.items()
    }
    assert {tuple(row[name] for name in SILVER_GAPS.key) for row in silver.rows(SILVER_GAPS)} == set(expected.gaps)
    assert oracle.covered(silver.rows(SILVER_COVERAGE)) == oracle.covered(expected.coverage)
    found = rejected(silver)
    verdicts = Counter(verdict for verdict, _ in found.values())
    assert verdicts == Counter(verdict for verdict, _ in expected.rejected.values())
    due = {number - 10**20: why for (_, number, _), (how, why) in expected.rejected.items() if how == "quarantined"}
    assert {number: tuple(why) for number, (how, why) in found.items() if how == "quarantined"} == due
    placed = [each for table in MAKES for each in coordinates(silver, table)]
    assert len(placed) == len(set(placed))
    there = {int(each[3]) for each in placed}
    of_spans = {each.coordinates[1] for each in silver.arrived if b'"kind":"coverage"' in each.payload}
    assert {each.coordinates[1] for each in silver.arrived} - there <= of_spans


def arrived(silver: SilverLake, *turns: Sequence[Record | bytes]) -> None:
    for records in turns:
        silver.arrive(records)
        silver.refresh()


def test_what_is_sound_now_is_where_it_belongs_and_the_rest_keeps_its_row_with_the_reasons_of_now(
    silver: SilverLake,
) -> None:
    with stricter():
        arrived(silver, every_kind())
        assert rejected(silver)[5] == ("quarantined", ["price.range", "event_time_us.range"])
        assert len(rejected(silver)) == 10
    requeue = Requeue(silver.workspace)
    requeue.run()
    check(silver)
    assert rejected(silver) == {5: ("quarantined", ["price.range"]), 11: ("quarantined", ["payload.utf8"])}
    assert requeue.found.lines() == [
        "reason                                records    sound now         stay",
        "event_time_us.range                         5            4            1",
        "from_us.range                               4            4            0",
        "payload.utf8                                1            0            1",
        "price.range                                 1            0            1",
        "through_us.range                            2            2            0",
        "to_us.range                                 1            1            0",
        "requeued records=10 sound=8 stay=2 coverage=2 gaps=2 trades=4",
    ]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_came_before_and_behind_it_each_record_is_in_one_table(
    lake: Lake, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr("glue_jobs.silver.trades.requeue.PIECE_ROWS", dice.choice([1, 20, 1000]))
    silver = SilverLake(lake)

    def some() -> list[Record | bytes]:
        found: list[Record | bytes] = []
        for _ in range(dice.randrange(30)):
            number, first = dice.randrange(20), dice.randrange(18)
            start_us = NOW_US - dice.choice([0, 2 * HOUR_US, 4 * HOUR_US]) - number * SECOND_US
            bounds: dict[str, Any] = {
                "from_id": str(first),
                "to_id": str(first + 1),
                "from_us": NOW_US - first * SECOND_US,
            }
            one: list[Record | bytes] = [
                trade(f"{number}", event_time_us=start_us),
                trade(f"{number}", event_time_us=start_us),
                coverage(start_us, start_us + SECOND_US),
                gap(f"g{first}", **bounds),
                gap_closed(f"g{first}"),
                b"{}",
            ]
            found.append(dice.choice(one))
        return found

    for _ in range(4):
        if dice.random() < 0.6:
            with stricter():
                arrived(silver, some())
        else:
            arrived(silver, some())
    if dice.random() < 0.5:
        silver.restart()
    Requeue(silver.workspace).run()
    check(silver)
    arrived(silver, some())
    check(silver)
    silver.forget()
    silver.refresh()
    check(silver)
    silver.rebuild()
    silver.check()


@pytest.mark.parametrize("point", [f"{step}:{when}" for step in STEPS for when in ("before", "after")])
def test_a_kill_at_any_commit_and_a_run_again_leave_what_an_undisturbed_run_leaves(
    tmp_path: Any, silver: SilverLake, point: str
) -> None:
    undisturbed = SilverLake(Lake(tmp_path / "undisturbed"))
    with stricter():
        for each in (silver, undisturbed):
            arrived(each, every_kind())

    def kill(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    silver.on_point = kill
    with pytest.raises(KeyboardInterrupt):
        Requeue(silver.workspace).run()
    silver.on_point = lambda name: None
    silver.restart()
    if point.endswith("after"):
        silver.refresh()  # a pass between the two changes nothing
    Requeue(silver.workspace).run()
    Requeue(undisturbed.workspace).run()
    check(silver)
    assert silver.contents() == undisturbed.contents()


def test_a_second_run_finds_nothing_to_write(silver: SilverLake) -> None:
    with stricter():
        arrived(silver, every_kind())
    Requeue(silver.workspace).run()
    versions = {table: silver.workspace.state(table).version for table in MAKES}
    again = Requeue(silver.workspace)
    again.run()
    assert {table: silver.workspace.state(table).version for table in MAKES} == versions
    assert again.found.lines()[-1] == "requeued records=2 sound=0 stay=2"


def test_a_dry_run_tells_the_same_and_writes_nothing(silver: SilverLake) -> None:
    with stricter():
        arrived(silver, every_kind())
    before = silver.contents()
    versions = {table: silver.workspace.state(table).version for table in MAKES}
    dry, run = Requeue(silver.workspace, dry_run=True), Requeue(silver.workspace)
    dry.run()
    assert silver.contents() == before
    assert {table: silver.workspace.state(table).version for table in MAKES} == versions
    run.run()
    assert dry.found == run.found


def test_only_records_with_the_reason_that_is_asked_for_are_judged(silver: SilverLake) -> None:
    with stricter():
        arrived(silver, every_kind())
    requeue = Requeue(silver.workspace, reason="through_us.range")
    requeue.run()
    assert requeue.found.records == 2
    assert len(rejected(silver)) == 8
    assert len(silver.rows(SILVER_TRADES)) == 1
    Requeue(silver.workspace).run()
    check(silver)


@pytest.mark.parametrize(("price", "verdict"), [("100", "duplicate"), ("7", "conflict")])
def test_what_a_later_record_said_already_says_that_it_was_requeued(
    silver: SilverLake, price: str, verdict: str
) -> None:
    with stricter():
        arrived(silver, [recent(1)])
    arrived(silver, [recent(1, price=price)])
    Requeue(silver.workspace).run()
    reasons = ["requeued"] if verdict == "duplicate" else ["trade.conflict", "requeued"]
    assert rejected(silver) == {0: (verdict, reasons)}
    (row,) = silver.rows(SILVER_REJECTED)
    assert (row["payload"] is None) == (verdict == "duplicate")
    assert row["source"] == "kraken"
    Requeue(silver.workspace).run()
    assert rejected(silver) == {0: (verdict, reasons)}


def test_what_a_batch_placed_after_the_rule_was_mended_leaves_quarantine(silver: SilverLake) -> None:
    """The checkpoint was lost, and bronze judged again: the trade is there by its own coordinates."""
    with stricter():
        arrived(silver, every_kind())
    silver.forget()
    silver.refresh()
    Requeue(silver.workspace).run()
    check(silver)


def test_conflicts_and_what_no_feed_could_read_stay(silver: SilverLake) -> None:
    unparsed = Unparsed(
        exchange="kraken", source="kraken", raw="{", raw_bytes=1, raw_sha256="0", error="bad", received_time_us=NOW_US
    )
    arrived(silver, [recent(1), recent(1, price="7")])
    arrived(silver, [unparsed])
    before = silver.contents()
    requeue = Requeue(silver.workspace)
    requeue.run()
    assert silver.contents() == before
    assert requeue.found.records == 1
    check(silver)


def test_after_a_lost_race_it_goes_on_where_it_was(silver: SilverLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.silver.trades.requeue.PIECE_ROWS", 1)
    with stricter():
        arrived(silver, every_kind(), [recent(20)], [recent(21)])
    commit, asked = Workspace.commit, Counter[str]()

    def raced(workspace: Workspace, base: Any, **more: Any) -> None:
        asked[base.table.name] += 1
        if asked[base.table.name] % 2:
            raise LostRaceError(base.table.name, base.turn)
        commit(workspace, base, **more)

    monkeypatch.setattr(Workspace, "commit", raced)
    requeue = Requeue(silver.workspace)
    for _ in range(20):
        try:
            requeue.run()
        except LostRaceError:
            continue
        break
    check(silver)
    assert requeue.found.records == 12
    assert requeue.found.sound.total() == 10


def test_it_runs_as_the_owner_of_silvers_tables_and_finishes_a_rebuild_first(silver: SilverLake) -> None:
    with stricter():
        arrived(silver, every_kind())
    made = Refresh(None, silver.workspace.lake, pipeline())  # type: ignore[arg-type]
    made._workspace._there.update(table.name for table in (BRONZE_TRADES, *MAKES))
    query = pipeline()[1]
    made._runner.mark(query, query.writes, anew=False)
    assert made.requeue(dry_run=True).records == 10
    found = made.requeue()
    assert found.records == 2  # the rebuild has placed the others
    check(silver)
    assert (silver.workspace.lake.path / "_locks" / "silver").exists()


def test_a_lake_without_tables_has_nothing_to_judge(lake: Lake) -> None:
    empty = Requeue(SilverLake(lake).workspace)
    empty.run()
    assert empty.found.lines()[-1] == "requeued records=0 sound=0 stay=0"
