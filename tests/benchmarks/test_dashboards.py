"""The dashboards' benchmark: its lake has rows for every question, and it believes no time of wrong rows."""

import asyncio
import dataclasses
import importlib
from pathlib import Path
from typing import Any

import pytest

from metabase import book
from tapehouse.lake import Lake

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def dashboards(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, which finds what lies beside it."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("dashboards")


def test_every_question_and_choice_finds_rows_in_its_lake_and_a_year_of_candles_is_capped(
    dashboards: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full_lake = importlib.import_module("harness.full_lake")
    monkeypatch.setattr(full_lake, "STORIES_A_DAY", 10)
    ends_us = full_lake.now_us()
    full_lake.FullLake(tmp_path, trades=30_000, count=20, days=2, ends_us=ends_us).make()
    slow = dashboards.Slow()
    asyncio.run(dashboards.measure_questions(Lake(str(tmp_path)), 1, slow))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = {words[0]: int(words[1]) for words in lines if len(words) >= 5 and words[1].isdecimal()}
    assert set(book.read().questions) <= set(rows)
    assert rows["symbol"] == 2 + 14  # at three venues, and at one
    year = [words for words in lines if words[:1] == ["by"]]
    assert [words[1] for words in year] == ["1d", "1h", "1m", "1s"]
    assert all(0 < int(words[2]) <= 400 for words in year)


def test_no_time_is_believed_of_rows_that_differ_or_of_none(dashboards: Any) -> None:
    question = next(iter(book.read().questions.values()))
    ours = dashboards.Result(("a",), [(1.0,)], ("double",))
    dashboards._compare(question, ours, dataclasses.replace(ours, rows=[(1.0 + 1e-12,)]))
    with pytest.raises(SystemExit, match="other rows than ours"):
        dashboards._compare(question, ours, dataclasses.replace(ours, rows=[(1.1,)]))
    with pytest.raises(SystemExit, match="finds nothing"):
        dashboards._compare(question, dataclasses.replace(ours, rows=[]), ours)


def test_what_is_too_slow_is_marked_and_told(dashboards: Any) -> None:
    slow = dashboards.Slow()
    assert slow.judge("quick", 0.9, dashboards.QUESTION_S) == ""
    assert "TOO SLOW" in slow.judge("not quick", 1.0, dashboards.QUESTION_S)
    assert slow.found == ["not quick: 1.00 s"]
