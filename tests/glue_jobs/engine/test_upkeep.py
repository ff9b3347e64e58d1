"""The upkeep of tables as steps of their query: bounded, of what is due, and never in the query's way. No Spark."""

from pathlib import Path

import pytest

from glue_jobs.engine import Steps, Workspace
from glue_jobs.engine import upkeep as module
from glue_jobs.engine.upkeep import Upkeep
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_TRADES
from tests.glue_jobs.engine.test_table_log import put, trades
from tests.glue_jobs.tables_on_disk import without_spark


@pytest.fixture
def workspace(lake: Lake) -> Workspace:
    return without_spark(lake, [SILVER_TRADES])


def files(workspace: Workspace) -> int:
    return len(workspace.state(SILVER_TRADES).files)


def test_many_commits_stay_few_files_with_the_same_rows(workspace: Workspace) -> None:
    upkeep = Upkeep(workspace, [SILVER_TRADES])
    for number in range(250):
        put(workspace, number, note=number)
        upkeep.step()
        assert files(workspace) <= 9 + 9 + 10 + 2
    state = workspace.state(SILVER_TRADES)
    rows = workspace.rows(state, state.files).sort_by("trade_number")
    assert rows.equals(trades(*range(250)))
    assert (state.turn, state.metadata) == (250, {"note": 249, "turn": 250})


def test_a_step_without_anything_due_reads_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    upkeep = Upkeep(workspace, [SILVER_TRADES])
    put(workspace, 0)
    assert upkeep.step(), "the first sweep"
    assert not upkeep.step()
    monkeypatch.setattr(module, "due", lambda *_, **__: pytest.fail("looked again"))
    for number in range(1, 10):
        put(workspace, number)
        assert not upkeep.step()


def test_a_step_is_bounded(workspace: Workspace) -> None:
    for number in range(250):
        put(workspace, number)
    upkeep = Upkeep(workspace, [SILVER_TRADES])
    assert upkeep.step(most_bytes=1)
    assert files(workspace) == 201, "the smallest group alone: 50 of 250 files"
    while upkeep.step(most_bytes=1):
        pass
    assert files(workspace) == 3


def test_what_cannot_be_done_now_is_left_for_later(workspace: Workspace) -> None:
    for number in range(10):
        put(workspace, number)
    gone = Path(workspace.uri(SILVER_TRADES)) / workspace.state(SILVER_TRADES).files[0].path
    content = gone.read_bytes()
    gone.unlink()
    upkeep = Upkeep(workspace, [SILVER_TRADES])
    upkeep.step()
    assert files(workspace) == 10
    gone.write_bytes(content)
    assert upkeep.step()
    assert files(workspace) == 1


def test_a_table_that_is_not_there_yet_needs_nothing(lake: Lake) -> None:
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    assert not Upkeep(workspace, [SILVER_TRADES]).step()
