"""Questions and dashboards are read together: what does not fit is told with file and line, all of it at once."""

import textwrap
from pathlib import Path

import pytest

from metabase import book, dashboard, dashboard_reader, question_reader
from metabase.dashboard import Place, QuestionCard, TextCard
from metabase.faults import FileFaults, FilesError
from metabase.header import KEYS
from metabase.question import DISPLAYS
from tests.metabase.samples import CANDLES, MARKETS, SUMMARY, write


def test_questions_and_dashboards_are_read_together(tmp_path: Path) -> None:
    found = book.read(write(tmp_path))
    assert list(found.questions) == ["candles", "summary", "volume"]
    markets = found.dashboards["markets"]
    assert (markets.title, markets.width, [tab.title for tab in markets.tabs]) == (
        "Markets",
        "full",
        ["Prices", "Flow"],
    )
    assert [(each.name, each.title, each.type) for each in markets.filters] == [
        ("symbol", "Market", "text"), ("from", "From", "date"),
    ]  # fmt: skip
    assert markets.cards[0] == TextCard("Now", Place(0, 0, 24, 1), is_heading=True)
    assert markets.questions == ("summary", "candles", "volume")
    flow = markets.tabs[1].cards[0]
    assert isinstance(flow, QuestionCard)
    names = [each.name if (each := markets.filter_of(flow, param)) else None for param in ("pair", "days", "symbol")]
    assert names == ["symbol", None, "symbol"]


def test_a_dashboard_without_tabs_has_one_page(tmp_path: Path) -> None:
    text = "title: M\ndescription: D\ncards:\n  - {question: summary, x: 0, y: 0, w: 4, h: 3}\n"
    assert [tab.title for tab in book.read(write(tmp_path, markets=text)).dashboards["markets"].tabs] == [""]


def told(tmp_path: Path, **files: str) -> list[str]:
    with pytest.raises(FilesError) as caught:
        book.read(write(tmp_path, **files))
    assert str(caught.value).startswith(f"{len(caught.value.faults)} fault(s) of questions and dashboards:\n  - ")
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("title: Markets\n", "titel: Markets\n", ":1: 'titel' is not known here: did you mean title?"),
        ("title: Markets\n", "title: Markets\ntitle: M\n", ":2: the key 'title' is there twice"),
        ("title: Markets\n", "", ":1: title: it is missing, and has to be text"),
        ("x: 18, y: 9", "x: 17, y: 9", ":12: tabs[0].cards[3]: it lies over candles at x 0, y 9"),
        ("x: 18, y: 9, w: 6", "x: 18, y: 9, w: 7", ":12: tabs[0].cards[3].x: x 18 and w 7 end at 25; the grid has 24"),
        ("w: 12, h: 6", "w: 3, h: 6", ": volume at x 0, y 0: a area is at least 4 wide and 3 high"),
        ("w: 12, h: 6", "w: 12, h: 2", "a area is at least 4 wide and 3 high"),
        ("w: 12, h: 6", "w: 0, h: 6", ":15: tabs[1].cards[0].w: a card is at least one column wide"),
        ("w: 12, h: 6", "w: wide, h: 6", ":15: tabs[1].cards[0].w: 'wide' is not a whole number"),
        ("question: volume", "question: volumes", ": volumes at x 0, y 0: there is no question of this name"),
        ("question: volume", "question: volume, text: t", ":15: tabs[1].cards[0].question: a card has one of"),
        ("heading: Now", "heading: Now, title: T", ":9: tabs[0].cards[0].title: only a question has it"),
        (
            "question: summary,",
            "question: summary, columns: [price],",
            "summary at x 0, y 1: summary's header names no ",
        ),
        (
            "question: summary,",
            "question: summary, columns: [a, a],",
            ":10: tabs[0].cards[1].columns: a column is there ",
        ),
        ("w: 12, h: 6", "w: 12, h: 6, columns: [hour]", "volume at x 0, y 0: a area has no columns to choose from"),
        ("heading: Now", "heading: Now, columns: [a]", ":9: tabs[0].cards[0].columns: only a question has it"),
        ("pair: symbol", "pair: market", ": volume at x 0, y 0: the dashboard has no filter market"),
        ("pair: symbol", "market: symbol", ": volume at x 0, y 0: volume has no parameter market"),
        ("pair: symbol", "pair: from", ": volume at x 0, y 0: the filter from is a date, and pair a text"),
        ("pair: symbol", "pair: [symbol]", ":15: tabs[1].cards[0].filters: it has to be PARAMETER: FILTER pairs"),
        ("{name: from, type: date}", "{name: to, type: date}", ": filter to: no card uses it"),
        ("{name: from, type: date}", "{name: symbol, type: text}", ":3: filters: symbol is there twice"),
        ("{name: from, type: date}", "{name: from, type: day}", ":5: filters[1].type: 'day' is not known: "),
        ("{name: from, type: date}", "{name: from, type: date, default: x}", ":5: filters[1].default: 'x' is no date"),
        ("default: BTC-USD", "default: XRP-USD", ":4: filters[0].default: 'XRP-USD' is not among the values"),
        ("[BTC-USD, ETH-USD]", "[BTC-USD, BTC-USD]", ":4: filters[0].values: a value is there twice"),
        ("title: Flow", "title: Prices", ":13: tabs[1].title: 'Prices' is there twice"),
        ("tabs:", "cards: []\ntabs:", ":7: tabs: a dashboard has either tabs or cards"),
        ("tabs:", "tabs: &x", "aliases and anchors are not read"),
    ],
)
def test_what_is_wrong_with_a_dashboard_is_told_with_its_line(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in MARKETS
    faults = told(tmp_path, markets=MARKETS.replace(old, new))
    assert any(fault.startswith("metabase/dashboards/markets.yaml") and why in fault for fault in faults), faults


def test_the_faults_of_all_files_are_told_together(tmp_path: Path) -> None:
    faults = told(
        tmp_path,
        candles=CANDLES.replace("candles\n", "cake\n"),
        summary=SUMMARY.replace("Markets now", "Volume by side"),
        markets=MARKETS.replace("x: 18", "x: 19"),
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "metabase/questions/candles.sql", "metabase/dashboards/markets.yaml", "metabase",
    ]  # fmt: skip
    assert faults[-1] == "metabase: two questions have the title 'Volume by side'"


def test_the_page_of_dashboards_says_what_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/dashboards.md").read_text(encoding="utf-8")
    question = page.split("```\n")[1]
    faults = FileFaults("page")
    candles = question_reader.read(question, name="candles", faults=faults)
    assert faults.found == []
    assert candles.asked({"from": "2026-11-29"}).count("DATE '2026-11-29'") == 1
    told = {key.strip() for line in page.splitlines() if line.startswith("| ") for key in line.split("|")[1].split(",")}
    assert set(KEYS) <= told
    assert all(f"{display}" in page for display in DISPLAYS)
    example = (dashboard.__doc__ or "").partition("::")[2].partition("The grid")[0]
    dashboard_reader.read(textwrap.dedent(example).encode(), name="markets", faults=faults)
    assert faults.found == []


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (write(tmp_path, markets="") / "questions/candles.sql").write_bytes(b"\xff")
    with pytest.raises(FilesError, match=r"candles\.sql: it is not UTF-8"):
        book.read(tmp_path / "metabase")
