"""The dashboards' benchmark: its lake has rows for every question, and it believes no time of wrong rows."""

import asyncio
import dataclasses
import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
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


def test_a_lake_that_was_not_made_to_its_end_is_begun_anew_and_one_of_something_else_refused(
    dashboards: Any, tmp_path: Path
) -> None:
    made: list[int] = []

    def make(part: Path) -> None:
        part.mkdir()
        made.append(len(made))
        if made == [0]:
            raise KeyboardInterrupt
        (part / "table").touch(exist_ok=False)

    with pytest.raises(KeyboardInterrupt):
        dashboards.kept(tmp_path / "full", {"trades": 9}, make)
    for _ in range(2):
        assert dashboards.kept(tmp_path / "full", {"trades": 9}, make) == tmp_path / "full"
    assert made == [0, 1]
    with pytest.raises(SystemExit, match=r'was made of \{"trades": 9\}, not of \{"trades": 10\}'):
        dashboards.kept(tmp_path / "full", {"trades": 10}, make)
    (tmp_path / "full.json").unlink()
    with pytest.raises(SystemExit, match="was made of nobody knows what"):
        dashboards.kept(tmp_path / "full", {"trades": 9}, make)


def at(second: int) -> datetime:
    return datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)


def commit(table: Path, version: int, exchange: str, *windows: datetime) -> None:
    """Candles of one second of a market, as a commit of gold.candles adds them."""
    name = f"interval=1s/{version} a.parquet"
    (table / "interval=1s").mkdir(parents=True, exist_ok=True)
    (table / "_delta_log").mkdir(exist_ok=True)
    count = len(windows)
    columns = {"exchange": [exchange] * count, "symbol": ["BTC-USD"] * count, "window_start": list(windows)}
    pq.write_table(pa.table(columns), table / name)
    log = [{"commitInfo": {}}, {"add": {"path": quote(name)}}]
    (table / "_delta_log" / f"{version:020d}.json").write_text("\n".join(json.dumps(each) for each in log))


def test_a_window_was_committed_when_the_first_commit_with_it_was_there(dashboards: Any, tmp_path: Path) -> None:
    commit(tmp_path, 0, "ALL", at(0))
    commits = dashboards.Commits(tmp_path, exchange="ALL", symbol="BTC-USD", interval="1s")
    commit(tmp_path, 1, "ALL", at(1), at(2))
    commit(tmp_path, 2, "other", at(3))
    commits.look()
    commit(tmp_path, 3, "ALL", at(2))
    commit(tmp_path, 4, "ALL", at(4))
    (tmp_path / "interval=1s/4 a.parquet").unlink()  # replaced before it was looked at
    commits.look()
    assert commits.at_s == {at(2): (tmp_path / "_delta_log" / f"{1:020d}.json").stat().st_mtime}


def test_a_candle_is_there_once_it_or_a_newer_one_is_drawn(dashboards: Any) -> None:
    commits = {at(1): 9.0, at(2): 11.0, at(3): 12.0, at(4): 13.0, at(5): 30.0}
    shown = {window: f"0{window.second}" for window in commits}
    found = dashboards.waited(commits, shown, {"01": 9.5, "03": 12.5}, since=10.0, until=20.0)
    assert found == [1.5, 0.5, float("inf")]


def test_every_tab_is_drawn_so_often_as_is_said_and_a_slow_one_told(
    dashboards: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[tuple[str, str]] = []

    class Page:
        def drawn_s(self, dashboard: str, tab: str) -> float:
            asked.append((dashboard, tab))
            return 2.5 if tab == "Chart" else 0.5

        def cards(self) -> int:
            return 3

    @contextmanager
    def opened(_: Lake) -> Iterator[Page]:
        yield Page()

    monkeypatch.setattr(dashboards, "open_page", opened)
    slow = dashboards.Slow()
    dashboards.measure_pages(Lake(str(tmp_path)), 2, slow)
    tabs = list(dashboards.tabs())
    assert sorted(asked[1:]) == sorted(tabs * 2)
    assert slow.found == ["markets: Chart: 2.50 s"]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(tabs)
    assert [line for line in lines if line.endswith("TOO SLOW")] == [next(x for x in lines if "markets: Chart" in x)]
