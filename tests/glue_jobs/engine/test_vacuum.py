"""What is removed from disk, and what never is: by the log, with a clock of the test's own. No Spark."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from glue_jobs.engine import BatchLimits, Steps, Workspace, vacuum
from glue_jobs.engine.follow import Follower
from glue_jobs.engine.table_log import TableLog
from glue_jobs.engine.upkeep import Upkeep
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_TRADES, Table
from tests.glue_jobs.engine.test_table_log import put, trades
from tests.glue_jobs.tables_on_disk import without_spark

HOUR_S = 3_600.0


class Lapse:
    """Hours that pass between what was written and what is asked."""

    def __init__(self) -> None:
        import time

        self._now = time.time
        self.hours = 0.0

    def __call__(self) -> float:
        return self._now() + self.hours * HOUR_S


@pytest.fixture
def lapse() -> Lapse:
    return Lapse()


@pytest.fixture
def workspace(lake: Lake) -> Workspace:
    return without_spark(lake, [SILVER_TRADES])


@pytest.fixture
def sweep(workspace: Workspace, lapse: Lapse) -> Callable[[float], None]:
    """A new process's upkeep, so many hours after all that was written."""

    def sweep(hours: float) -> None:
        lapse.hours = hours
        Upkeep(workspace, [SILVER_TRADES], clock=lapse).step()

    return sweep


def data(workspace: Workspace, table: Table = SILVER_TRADES) -> set[str]:
    return {path.name for path in Path(workspace.uri(table)).rglob("*.parquet") if path.parent.name != "_delta_log"}


def log_names(workspace: Workspace) -> set[str]:
    return {path.name for path in (Path(workspace.uri(SILVER_TRADES)) / "_delta_log").iterdir()}


def versions(workspace: Workspace) -> list[int]:
    return sorted(int(name[:20]) for name in log_names(workspace) if name[20:] == ".json")


def there(workspace: Workspace) -> set[str]:
    return {each.path for each in workspace.state(SILVER_TRADES).files}


def merged(workspace: Workspace) -> None:
    """Ten commits, and their files merged into one: ten that are no part of the table any more."""
    left = 10 - len(there(workspace))
    for number in range(left):
        put(workspace, number)
    Upkeep(workspace, [SILVER_TRADES]).step()
    assert len(there(workspace)) == 1
    assert len(data(workspace)) == 11


def test_a_removed_file_stays_for_those_who_read_it_and_then_goes(
    workspace: Workspace, sweep: Callable[[float], None]
) -> None:
    merged(workspace)
    sweep(0.9)
    assert len(data(workspace)) == 11
    sweep(1.1)
    assert data(workspace) == there(workspace)
    state = workspace.state(SILVER_TRADES)
    assert workspace.rows(state, state.files).equals(trades(*range(10)))


def test_what_a_query_has_still_before_it_stays(workspace: Workspace, sweep: Callable[[float], None]) -> None:
    put(workspace, 100)
    following = Follower(workspace, "gold", [SILVER_TRADES], BatchLimits())
    batch = following.next()
    assert batch is not None
    following.done(batch)
    merged(workspace)
    sweep(30)
    batch = following.next()
    assert batch is not None
    assert sorted(map(int, batch.read(SILVER_TRADES, ["trade_id"])["trade_id"].to_pylist())) == list(range(9))
    following.done(batch)
    sweep(31)
    assert data(workspace) == there(workspace)


def test_a_query_of_another_table_of_that_name_holds_nothing(
    workspace: Workspace, lake: Lake, sweep: Callable[[float], None]
) -> None:
    merged(workspace)
    told = {"id": "another", "version": 0, "after": None, "files": 0}
    folder = lake.path / "_checkpoints"
    (folder / "old.json").write_text(json.dumps({"v": 1, "inputs": {"silver.trades": told}}))
    (folder / "torn.json").write_text("{")
    sweep(1.1)
    assert data(workspace) == there(workspace)


def test_what_a_killed_writer_left_goes_after_a_day(workspace: Workspace, sweep: Callable[[float], None]) -> None:
    put(workspace, 1)
    workspace.stage(SILVER_TRADES, trades(2))
    (Path(workspace.uri(SILVER_TRADES)) / "_change_data").mkdir()
    kept = Path(workspace.uri(SILVER_TRADES)) / "_change_data" / "other.parquet"
    kept.touch()
    sweep(23)
    assert len(data(workspace)) == 3
    sweep(48)
    assert data(workspace) == {*there(workspace), kept.name}, "what begins with an underscore is none of ours"


def test_a_file_that_was_removed_a_moment_ago_is_no_orphan_however_old_it_is(
    workspace: Workspace, lake: Lake, sweep: Callable[[float], None]
) -> None:
    merged(workspace)
    for path in Path(workspace.uri(SILVER_TRADES)).glob("*.parquet"):
        os.utime(path, (0, 0))
    shutil.rmtree(lake.path / "_checkpoints")  # so that the folder is listed anew
    sweep(0)
    assert len(data(workspace)) == 11


def test_the_listing_of_a_day_is_not_repeated_by_the_next_process(
    workspace: Workspace, sweep: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(workspace, 1)
    sweep(0)
    monkeypatch.setattr(vacuum, "delete_orphans", lambda *_, **__: pytest.fail("listed again"))
    sweep(1)
    monkeypatch.setattr(vacuum, "delete_log_files", lambda *_, **__: pytest.fail("swept again"))
    sweep(1.1)


def aged(workspace: Workspace, hours: float, *, below: int) -> None:
    """The log's files of versions below are so old."""
    import time

    for path in (Path(workspace.uri(SILVER_TRADES)) / "_delta_log").iterdir():
        if path.name.lstrip(".")[:20].isdigit() and int(path.name.lstrip(".")[:20]) < below:
            os.utime(path, (time.time() - hours * HOUR_S,) * 2)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch, lake: Lake) -> tuple[Workspace, Table]:
    """A table whose log has a checkpoint every five commits."""
    table = replace(SILVER_TRADES, upkeep=replace(SILVER_TRADES.upkeep, checkpoint_every=5, compaction=None))
    return without_spark(lake, [table]), table


def commits(workspace: Workspace, table: Table, *numbers: int) -> None:
    for number in numbers:
        base = workspace.state(table)
        workspace.commit(base, add=[workspace.stage(table, trades(number))], metadata={"note": number})


def steps(workspace: Workspace, table: Table, lapse: Lapse, *, after_h: float = 0.2) -> None:
    lapse.hours += after_h
    Upkeep(workspace, [table], clock=lapse).step()


def test_the_log_keeps_what_is_young_and_all_above_a_checkpoint(often: tuple[Workspace, Table], lapse: Lapse) -> None:
    workspace, table = often
    for at in range(0, 40, 10):
        commits(workspace, table, *range(at, at + 10))
        steps(workspace, table, lapse)
    assert [name for name in sorted(log_names(workspace)) if "checkpoint." in name] == [
        f"{version:020d}.checkpoint.parquet" for version in (10, 20, 30, 40)
    ]
    assert versions(workspace) == list(range(41)), "all of it is young"
    aged(workspace, 3, below=25)
    steps(workspace, table, lapse)
    assert versions(workspace) == list(range(20, 41))
    aged(workspace, 3, below=41)
    steps(workspace, table, lapse)
    assert versions(workspace) == list(range(30, 41)), "two checkpoints stay, however old"
    fresh = TableLog(table, workspace.uri(table)).state()
    assert (fresh.turn, fresh.rows, fresh.metadata) == (40, 40, {"note": 39, "turn": 40})


def test_the_log_keeps_what_a_query_has_still_before_it_but_not_for_ever(
    often: tuple[Workspace, Table], lapse: Lapse
) -> None:
    workspace, table = often
    commits(workspace, table, 0)
    following = Follower(workspace, "gold", [table], BatchLimits())
    batch = following.next()
    assert batch is not None
    following.done(batch)
    for at in range(1, 40, 10):
        commits(workspace, table, *range(at, at + 10))
        steps(workspace, table, lapse)
    aged(workspace, 100, below=40)
    steps(workspace, table, lapse)
    assert versions(workspace)[0] == 0
    aged(workspace, 170, below=40)
    steps(workspace, table, lapse)
    assert versions(workspace)[0] > 20
    later = Follower(Workspace(None, workspace.lake, Steps()), "gold", [table], BatchLimits())  # type: ignore[arg-type]
    batch = later.next()
    assert batch is not None
    assert batch.rows == 41, "it begins anew with all files"


def test_a_clean_up_that_is_cut_short_leaves_no_hole(often: tuple[Workspace, Table], lapse: Lapse) -> None:
    workspace, table = often
    for at in range(0, 30, 10):
        commits(workspace, table, *range(at, at + 10))
        steps(workspace, table, lapse)
    aged(workspace, 3, below=31)
    seen = []
    for _ in range(5):
        vacuum.delete_log_files(workspace, table, now_ms=round(lapse() * 1000), most=7)
        seen.append(versions(workspace))
        assert seen[-1] == list(range(seen[-1][0], 31))
        assert TableLog(table, workspace.uri(table)).state().rows == 30
    assert [each[0] for each in seen] == [7, 13, 20, 20, 20]


def test_half_written_names_of_a_killed_writer_go_after_a_day(often: tuple[Workspace, Table], lapse: Lapse) -> None:
    workspace, table = often
    draft = Path(workspace.uri(table)) / "_delta_log" / f".{9:020d}.json.{'0a' * 16}"
    draft.write_bytes(b"{")
    vacuum.delete_log_files(workspace, table, now_ms=int(draft.stat().st_mtime * 1000) + vacuum.ORPHAN_MS - 60_000)
    assert draft.exists()
    vacuum.delete_log_files(workspace, table, now_ms=int(draft.stat().st_mtime * 1000) + vacuum.ORPHAN_MS + 60_000)
    assert not draft.exists()
