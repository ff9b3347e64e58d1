"""Days of a table are read, replaced and computed anew as a whole, and what is there already is not written."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs.engine import LostRaceError, Workspace, days_there, put_all, put_days, rows_of_days, table_of
from tapehouse.lake import Lake
from tapehouse.tables import GOLD_KEYWORDS_DAILY
from tests.glue_jobs.tables_on_disk import without_spark

DAY = date(2026, 11, 28)
NEAR = "published_date"


def rows(*told: tuple[int, str]) -> pa.Table:
    """(days behind the first, phrase)."""
    return table_of(
        GOLD_KEYWORDS_DAILY,
        [
            {"published_date": DAY + timedelta(days=day), "symbol": "ALL", "phrase": phrase, "documents": 1, "place": 1,
             "day_start_us": 0}
            for day, phrase in told
        ],
    )  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = without_spark(Lake(tmp_path), [GOLD_KEYWORDS_DAILY])
    put_days(made, made.state(GOLD_KEYWORDS_DAILY), rows((0, "a"), (0, "b"), (2, "c")), near=NEAR, days=[DAY])
    return made


def told(workspace: Workspace, *days: int) -> list[str]:
    asked = [DAY + timedelta(days=day) for day in days]
    found = rows_of_days(workspace, workspace.state(GOLD_KEYWORDS_DAILY), NEAR, asked, ["phrase"])
    return sorted(found.column("phrase").to_pylist())


def test_days_are_read_by_themselves(workspace: Workspace) -> None:
    assert (told(workspace, 0), told(workspace, 2), told(workspace, 1), told(workspace)) == (["a", "b"], ["c"], [], [])
    assert days_there(workspace, GOLD_KEYWORDS_DAILY, NEAR) == {DAY, DAY + timedelta(days=2)}


def test_days_are_replaced_whole_and_others_stay(workspace: Workspace) -> None:
    base = workspace.state(GOLD_KEYWORDS_DAILY)
    assert put_days(workspace, base, rows((0, "b"), (0, "d")), near=NEAR, days=[DAY]) == 2
    assert (told(workspace, 0), told(workspace, 2)) == (["b", "d"], ["c"])
    assert put_days(workspace, workspace.state(GOLD_KEYWORDS_DAILY), rows(), near=NEAR, days=[DAY]) == 0
    assert (told(workspace, 0), told(workspace, 2)) == ([], ["c"])


def test_what_is_there_already_is_not_written(workspace: Workspace) -> None:
    base = workspace.state(GOLD_KEYWORDS_DAILY)
    assert put_days(workspace, base, rows((0, "a"), (0, "b")), near=NEAR, days=[DAY]) == 0
    assert workspace.state(GOLD_KEYWORDS_DAILY).version == base.version


def test_all_is_computed_anew_in_one_commit(workspace: Workspace) -> None:
    before = workspace.state(GOLD_KEYWORDS_DAILY).version
    pieces = [(GOLD_KEYWORDS_DAILY, rows((5, "x"))), (GOLD_KEYWORDS_DAILY, rows((6, "y")))]
    put_all(workspace, [GOLD_KEYWORDS_DAILY], pieces, near={GOLD_KEYWORDS_DAILY: NEAR})
    assert (told(workspace, 0, 2), told(workspace, 5, 6)) == ([], ["x", "y"])
    assert workspace.state(GOLD_KEYWORDS_DAILY).version == before + 1


def test_who_was_slower_writes_nothing(workspace: Workspace) -> None:
    base = workspace.state(GOLD_KEYWORDS_DAILY)
    put_days(workspace, base, rows((0, "d")), near=NEAR, days=[DAY])
    with pytest.raises(LostRaceError):
        put_days(workspace, base, rows((0, "e")), near=NEAR, days=[DAY])
    assert told(workspace, 0) == ["d"]
