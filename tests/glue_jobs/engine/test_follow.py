"""Following tables: each file once, in bounded batches, and again from the start where the progress is lost."""

from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.engine import Batch, BatchLimits, Steps, Workspace
from glue_jobs.engine.follow import Follower
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_COVERAGE, SILVER_TRADES
from tests.glue_jobs.engine.test_table_log import put, trades
from tests.glue_jobs.tables_on_disk import without_spark

INPUTS = (SILVER_TRADES, SILVER_COVERAGE)


@pytest.fixture
def workspace(lake: Lake) -> Workspace:
    return without_spark(lake, INPUTS)


def follower(workspace: Workspace, **limits: Any) -> Follower:
    return Follower(workspace, "gold", INPUTS, BatchLimits(**limits))


def ids(batch: Batch | None) -> list[str]:
    assert batch is not None
    found: list[str] = batch.read(SILVER_TRADES, ["trade_id"]).column("trade_id").to_pylist()
    return found


def drained(following: Follower) -> list[list[str]]:
    found = []
    while (batch := following.next()) is not None:
        found.append(ids(batch))
        following.done(batch)
    return found


def test_each_commit_comes_once(workspace: Workspace) -> None:
    following = follower(workspace)
    put(workspace, 1, 2)
    assert drained(following) == [["1", "2"]]
    assert following.next() is None
    put(workspace, 3)
    put(workspace, 4)
    assert drained(following) == [["3", "4"]]


def test_a_batch_that_was_not_finished_comes_again(workspace: Workspace) -> None:
    following = follower(workspace)
    put(workspace, 1)
    drained(following)
    put(workspace, 2)
    assert ids(following.next()) == ["2"]
    assert ids(follower(workspace).next()) == ["2"]


def test_progress_outlives_the_process(workspace: Workspace) -> None:
    put(workspace, 1)
    drained(follower(workspace))
    put(workspace, 2)
    assert drained(follower(workspace)) == [["2"]]


@pytest.mark.parametrize("content", ["", "{", '{"v":1}', '{"v":1,"inputs":{"silver.trades":7}}'])
def test_progress_that_cannot_be_read_costs_time_alone(workspace: Workspace, lake: Lake, content: str) -> None:
    put(workspace, 1)
    drained(follower(workspace))
    (Path(lake.uri) / "_checkpoints" / "gold.json").write_text(content)
    put(workspace, 2)
    assert sorted(chain(*drained(follower(workspace)))) == ["1", "2"]


def test_batches_are_bounded_from_the_first_on(workspace: Workspace) -> None:
    for number in range(5):
        put(workspace, 2 * number, 2 * number + 1)
    assert [len(found) for found in drained(follower(workspace, max_rows=4))] == [4, 4, 2]
    for number in range(5, 10):
        put(workspace, 2 * number, 2 * number + 1)
    assert [len(found) for found in drained(follower(workspace, max_rows=4))] == [4, 4, 2]
    put(workspace, *range(100, 110))
    assert [len(found) for found in drained(follower(workspace, max_rows=4))] == [10]


def test_a_bound_inside_a_version_goes_on_behind_it(workspace: Workspace) -> None:
    following = follower(workspace, max_rows=4)
    drained(following)
    base = workspace.state(SILVER_TRADES)
    files = [workspace.stage(SILVER_TRADES, trades(2 * number, 2 * number + 1)) for number in range(5)]
    workspace.commit(base, add=files)
    first = following.next()
    assert first is not None
    assert first.through(SILVER_TRADES) == 0
    assert first.metadata(SILVER_TRADES) is None
    following.done(first)
    again = follower(workspace, max_rows=4)
    assert len([*ids(first), *chain(*drained(again))]) == 10


def test_what_only_moves_is_not_seen(workspace: Workspace) -> None:
    put(workspace, 1)
    put(workspace, 2)
    following = follower(workspace)
    drained(following)
    base = workspace.state(SILVER_TRADES)
    whole = workspace.stage(SILVER_TRADES, workspace.rows(base, base.files))
    workspace.commit(base, add=[whole], remove=base.files, moves_only=True)
    assert drained(following) == [[]]
    assert following.next() is None


def test_a_commit_without_rows_brings_its_metadata(workspace: Workspace) -> None:
    following = follower(workspace)
    put(workspace, 1, position="p")
    drained(following)
    workspace.commit(workspace.state(SILVER_TRADES), metadata={"position": "q"})
    batch = following.next()
    assert batch is not None
    assert batch.rows == 0
    assert batch.metadata(SILVER_TRADES) == {"position": "q", "turn": 2}


def test_a_version_that_the_log_let_go_begins_anew(workspace: Workspace) -> None:
    following = follower(workspace)
    put(workspace, 1)
    drained(following)
    put(workspace, 2)
    put(workspace, 3)
    assert workspace.state(SILVER_TRADES).version == 3
    workspace.log(SILVER_TRADES)._commits.clear()
    (Path(workspace.uri(SILVER_TRADES)) / "_delta_log" / f"{2:020d}.json").unlink()
    batch = following.next()
    assert batch is not None
    assert batch.is_first
    assert sorted(chain(*drained(following))) == ["1", "2", "3"]
    put(workspace, 4)
    batch = following.next()
    assert batch is not None
    assert not batch.is_first


def test_a_table_made_again_is_begun_anew(workspace: Workspace, lake: Lake, tmp_path: Path) -> None:
    put(workspace, 1)
    drained(follower(workspace))
    Path(workspace.uri(SILVER_TRADES)).rename(tmp_path / "gone")
    other = Lake(lake.uri)
    Path(workspace.uri(SILVER_COVERAGE)).rename(tmp_path / "gone too")
    again = without_spark(other, INPUTS)
    put(again, 2)
    batch = follower(again).next()
    assert batch is not None
    assert batch.is_first
    assert drained(follower(again)) == [["2"]]


def test_a_lake_that_was_put_back_loses_nothing_of_what_comes_then(workspace: Workspace, lake: Lake) -> None:
    """Its progress is of a later day than its tables: a copy of a live lake, or a power cut."""
    following = follower(workspace)
    for number in (1, 2, 3):
        put(workspace, number)
    drained(following)
    for version in (2, 3):
        (Path(workspace.uri(SILVER_TRADES)) / "_delta_log" / f"{version:020d}.json").unlink()
    back = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    put(back, 4)
    assert sorted(chain(*drained(follower(back)))) == ["1", "4"]


@pytest.mark.parametrize("body", ['{"v": 1, "inputs": []}', '{"v": 1, "inputs": 3}', "[]", "{", '{"v": 1}'])
def test_progress_that_is_garbage_begins_anew(workspace: Workspace, lake: Lake, body: str) -> None:
    put(workspace, 1)
    drained(follower(workspace))
    (lake.path / "_checkpoints" / "gold.json").write_text(body)
    assert drained(follower(workspace)) == [["1"]]


def test_it_is_through_what_there_was(workspace: Workspace) -> None:
    following = follower(workspace)
    put(workspace, 1)
    until = following.now()
    assert not following.is_through(until)
    put(workspace, 2)
    drained(following)
    assert following.is_through(until)
    following.forget()
    assert not following.is_through(until)
    following.all_done(following.now())
    assert following.next() is None


def put_files(workspace: Workspace, *files: tuple[int, ...]) -> None:
    staged = []
    for numbers in files:
        rows = trades(*numbers)
        at, instants = rows.schema.get_field_index("event_time"), rows.column("event_time_us")
        rows = rows.set_column(at, rows.schema.field(at), instants.cast(rows.schema.field(at).type))
        staged.append(workspace.stage(SILVER_TRADES, rows))
    workspace.commit(workspace.state(SILVER_TRADES), add=staged)


def test_what_hangs_together_is_never_parted(workspace: Workspace) -> None:
    following = follower(workspace, max_rows=3, together="event_time")
    put_files(workspace, (1,))
    drained(following)
    put_files(workspace, (2, 3), (2, 3), (2, 3))
    put_files(workspace, (4,))
    put_files(workspace, (5, 6))
    assert [len(found) for found in drained(following)] == [6, 3]


@pytest.mark.parametrize("compacted", [False, True])
def test_all_files_come_in_the_order_of_what_hangs_together(workspace: Workspace, compacted: bool) -> None:
    """Whenever they were written: a compaction between two batches neither loses a row nor turns the order."""
    put_files(workspace, (5, 6), (5, 6))
    put_files(workspace, (1, 2))
    put_files(workspace, (3, 4))
    following = follower(workspace, max_rows=2, together="event_time")
    first = following.next()
    assert ids(first) == ["1", "2"]
    assert first is not None
    following.done(first)
    if compacted:
        base = workspace.state(SILVER_TRADES)
        old = [file for file in base.files if file.high["event_time_us"] < 5_000_000]
        both = workspace.stage(SILVER_TRADES, workspace.rows(base, old))
        workspace.commit(base, add=[both], remove=old, moves_only=True)
    again = [found for found in drained(follower(workspace, max_rows=2, together="event_time")) if found]
    assert [set(found) for found in again] == [{"1", "2", "3", "4"} if compacted else {"3", "4"}, {"5", "6"}]
    assert [len(found) for found in again] == [4 if compacted else 2, 4]
