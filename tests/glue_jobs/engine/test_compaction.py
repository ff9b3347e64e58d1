"""Which files are merged: a day of a commit a second stays a few files, each row rewritten a few times. No Spark."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.engine import DataFile, LostRaceError, Workspace
from glue_jobs.engine.compaction import MOST_FILES, due, merge
from tapehouse.lake import Lake
from tapehouse.tables import BRONZE_TRADES, SILVER_TRADES, Compaction, Upkeep
from tests.glue_jobs.engine.test_table_log import AT, COORDINATES, put, trades
from tests.glue_jobs.tables_on_disk import rows_of, without_spark

RULE = SILVER_TRADES.upkeep.compaction or Compaction()
DAY_MS = 86_400_000


def file(number: int, rows: int = 10, *, size: int | None = None, day: str | None = None, high: int = 0) -> DataFile:
    partition = {"arrival_date": day} if day else {}
    return DataFile(
        f"f{number}", size or rows * 50, rows, partition, {}, {"event_time_us": high or number}, modified_ms=number
    )


def numbers(group: tuple[DataFile, ...]) -> list[int]:
    return [int(each.path[1:]) for each in group]


def test_ten_files_of_a_tier_are_merged_and_nine_are_left() -> None:
    assert due(SILVER_TRADES, [file(number) for number in range(9)], now_ms=0) == []
    (group,) = due(SILVER_TRADES, [file(number) for number in range(10)], now_ms=0)
    assert numbers(group) == list(range(10))


def test_files_of_other_tiers_wait_for_their_own() -> None:
    mixed = [file(number, 10) for number in range(9)] + [file(number, 100) for number in range(9, 18)]
    assert due(SILVER_TRADES, mixed, now_ms=0) == []


def test_a_full_file_is_left_alone() -> None:
    by_bytes = [file(number, 1_000, size=RULE.full_bytes) for number in range(20)]
    by_rows = [file(number, RULE.full_rows) for number in range(20)]
    assert due(SILVER_TRADES, by_bytes + by_rows, now_ms=2 * DAY_MS) == []


def test_partitions_are_never_merged_with_each_other() -> None:
    files = [file(number, day="2026-11-28" if number % 2 else "2026-11-27") for number in range(18)]
    assert due(BRONZE_TRADES, files, now_ms=0) == []
    groups = due(BRONZE_TRADES, [*files, file(18, day="2026-11-27"), file(19, day="2026-11-28")], now_ms=0)
    assert [len({tuple(each.partition.items()) for each in group}) for group in groups] == [1, 1]


def test_a_partition_that_is_over_is_merged_to_the_end() -> None:
    left = [file(number, 10**tier, day="2026-11-27") for tier in range(5) for number in range(9 * tier, 9 * tier + 9)]
    assert due(BRONZE_TRADES, left, now_ms=DAY_MS) == []
    (group,) = due(BRONZE_TRADES, left, now_ms=DAY_MS + 100)
    assert len(group) == 45
    assert due(BRONZE_TRADES, [file(1, 99_999, day="2026-11-27")], now_ms=2 * DAY_MS) == []


def test_neighbours_are_merged_also_where_others_came_between() -> None:
    """A backfill of long ago comes among live files: each is merged with its like."""
    live = [file(number, 10_000, high=10**9 + number) for number in range(0, 200, 2)]
    old = [file(number, 10_000, high=number) for number in range(1, 201, 2)]
    rule = replace(RULE, full_rows=100_000)
    table = replace(SILVER_TRADES, upkeep=Upkeep(compaction=rule))
    groups = due(table, live + old, now_ms=0)
    assert len(groups) == 20
    assert {frozenset(number % 2 for number in numbers(group)) for group in groups} == {frozenset({0}), frozenset({1})}


def test_a_group_is_bounded_by_bytes_and_by_files() -> None:
    large = [file(number, 90_000, size=RULE.full_bytes - 1) for number in range(30)]
    assert all(sum(each.size for each in group) < 2 * RULE.full_bytes for group in due(SILVER_TRADES, large, now_ms=0))
    assert max(len(group) for group in due(SILVER_TRADES, [file(n, 1) for n in range(1_000)], now_ms=0)) == MOST_FILES


@pytest.mark.parametrize(("rows", "tiers"), [(1, 5), (20, 5), (1_000, 3)])
def test_a_day_of_a_commit_a_second_stays_a_few_files(rows: int, tiers: int) -> None:
    """86,400 commits, as a live pipeline makes them; without compaction there are as many files."""
    files: list[DataFile] = []
    rewritten: Counter[str] = Counter()
    merges: list[int] = []
    most = 0
    for second in range(86_400):
        files.append(file(second, rows, size=4_000 + rows * 50))
        if second % 10 == 9:
            for group in due(SILVER_TRADES, files, now_ms=second * 1000):
                gone = {each.path for each in group}
                total = sum(each.rows or 0 for each in group)
                merged = replace(group[-1], path=f"m{len(merges)}", rows=total, size=4_000 + total * 50)
                rewrites = 1 + max(rewritten.pop(each.path, 0) for each in group)
                files = [*(each for each in files if each.path not in gone), merged]
                merges.append(total)
                rewritten[merged.path] = rewrites
        most = max(most, len(files))
    assert sum(each.rows or 0 for each in files) == 86_400 * rows
    full = 86_400 * rows * 54 // RULE.full_bytes
    assert most <= full + 10 * tiers
    assert max(rewritten.values()) <= tiers
    assert sum(merges) / (86_400 * rows) <= tiers


@pytest.fixture
def workspace(lake: Lake) -> Workspace:
    return without_spark(lake, [SILVER_TRADES])


def test_merged_rows_are_the_same_in_the_order_of_the_clustering(workspace: Workspace) -> None:
    for number in (7, 3, 9, 1):
        put(workspace, number, number + 10, note=number)
    before = workspace.state(SILVER_TRADES)
    assert merge(workspace, SILVER_TRADES, before.files)
    after = workspace.state(SILVER_TRADES)
    assert workspace.rows(after, after.files).equals(trades(1, 3, 7, 9, 11, 13, 17, 19))
    assert (len(after.files), after.turn, after.metadata) == (1, 4, {"note": 1, "turn": 4})


def test_a_commit_that_comes_while_files_are_merged_is_kept(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(workspace, 1)
    put(workspace, 2)
    group = workspace.state(SILVER_TRADES).files
    stage = Workspace.stage

    def slow(self: Workspace, *told: Any, **named: Any) -> DataFile:
        staged = stage(self, *told, **named)
        monkeypatch.undo()
        put(workspace, 3)
        return staged

    monkeypatch.setattr(Workspace, "stage", slow)
    assert merge(workspace, SILVER_TRADES, group)
    state = workspace.state(SILVER_TRADES)
    assert sorted(workspace.rows(state, state.files, ["trade_id"])["trade_id"].to_pylist()) == ["1", "2", "3"]
    assert len(state.files) == 2


def test_files_that_another_took_out_are_not_brought_back(workspace: Workspace) -> None:
    put(workspace, 1)
    put(workspace, 2)
    before = workspace.state(SILVER_TRADES)
    workspace.commit(before, remove=before.files[:1])
    assert not merge(workspace, SILVER_TRADES, before.files)
    state = workspace.state(SILVER_TRADES)
    assert workspace.rows(state, state.files).equals(trades(2))
    assert parquet(workspace) == 2, "what was staged is taken away again"


def test_a_race_that_is_lost_again_and_again_is_given_up(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    put(workspace, 1)
    put(workspace, 2)

    def lost(*_: object, **__: object) -> None:
        raise LostRaceError("silver.trades", 2)

    monkeypatch.setattr(Workspace, "commit", lost)
    assert not merge(workspace, SILVER_TRADES, workspace.state(SILVER_TRADES).files)
    assert parquet(workspace) == 2


def parquet(workspace: Workspace) -> int:
    return len(list(Path(workspace.uri(SILVER_TRADES)).glob("*.parquet")))


def test_a_file_of_a_partition_stays_in_it(lake: Lake) -> None:
    workspace = without_spark(lake, [BRONZE_TRADES])
    rows = rows_of(
        BRONZE_TRADES,
        [
            {"payload": b"{}", "partition_key": "k", "arrival_time": AT, "ingested_at": AT, "arrival_date": AT.date()}
            | COORDINATES
        ],
    )
    for _ in range(2):
        staged = workspace.stage(BRONZE_TRADES, rows, partition={"arrival_date": AT.date()})
        workspace.commit(workspace.state(BRONZE_TRADES), add=[staged])
    assert merge(workspace, BRONZE_TRADES, workspace.state(BRONZE_TRADES).files)
    (merged,) = workspace.state(BRONZE_TRADES).files
    assert merged.partition == {"arrival_date": "2025-10-09"}
    assert merged.path.startswith("arrival_date=2025-10-09/")
    assert workspace.rows(BRONZE_TRADES, [merged]).equals(pa.concat_tables([rows, rows]))


def test_rows_that_compress_to_nothing_fill_a_file_by_what_they_are_in_memory() -> None:
    junk = [replace(file(number), raw=100 * 2**20) for number in range(10)]
    assert [sum(each.raw or 0 for each in group) for group in due(SILVER_TRADES, junk, now_ms=0)] == [300 * 2**20] * 3
    assert due(SILVER_TRADES, [replace(each, raw=256 * 2**20) for each in junk], now_ms=0) == []
