"""A question's file is read strictly, and all that is wrong with it is told at once, each with its line."""

import pytest

from metabase import question_reader
from metabase.faults import FileFaults
from metabase.param import Param
from metabase.question import DISPLAYS, Format, Question, Segment
from metabase.template import TemplateError
from tests.metabase.samples import CANDLES, SUMMARY, VOLUME


def read(text: str) -> tuple[Question, list[str]]:
    faults = FileFaults("q.sql")
    return question_reader.read(text, name="q", faults=faults), faults.found


def good(text: str) -> Question:
    question, faults = read(text)
    assert faults == []
    return question


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_file_says_what_it_answers_and_how_it_is_drawn() -> None:
    question = good(CANDLES)
    assert (question.title, question.display, question.x) == ("Candles", "candles", "window_start")
    assert question.y == ("open", "high", "low", "close")
    assert question.units == dict.fromkeys(question.y, "USD")
    assert question.formats == {"open": Format(decimals=2), "window_start": Format("datetime")}
    assert question.params == (
        Param("symbol", "text", "BTC-USD", required=True), Param("exchange", "text"), Param("from", "date"),
    )  # fmt: skip
    assert question.sql.startswith("SELECT window_start")
    assert question.sql.endswith("ORDER BY window_start")
    assert good(SUMMARY).formats["change_24h"] == Format(decimals=2, signed=True)
    assert good(VOLUME).sql.startswith("WITH hours")
    assert good(VOLUME).stack == "stacked"


def test_a_choice_becomes_sql_and_what_is_not_chosen_goes() -> None:
    question = good(CANDLES)
    assert "symbol = 'BTC-USD' AND interval = '1h'  \n" in question.asked({})
    asked = question.asked({"symbol": "O'X", "from": "2026-11-29", "exchange": ""})
    assert "symbol = 'O''X' AND interval = '1h'   AND window_start >= DATE '2026-11-29' \n" in asked
    assert question.asked({"symbol": ""}) == question.asked({})  # a required one has its default again
    assert "-30," in good(VOLUME).asked({"days": "30"})
    for name, value in (("from", "tomorrow"), ("symbol", "a\nb")):
        with pytest.raises(ValueError, match=r"is no (date|text)"):
            question.asked({name: value})
    with pytest.raises(ValueError, match="is no number"):
        good(VOLUME).asked({"days": "1 OR 1=1"})
    with pytest.raises(TemplateError, match="symbol has no value"):
        Question("q", "t", "a", "table", question.sql).asked({})


def minimal(display: str) -> str:
    lines = {
        "candles": "x: t\n-- y: a, b, c, d",
        "combo": "x: t\n-- y: a, b\n-- bars: a\n-- right: a",
        "gauge": "y: a\n-- segments: 0 .. 1 green, 1 .. 2.5 red too late",
        "progress": "y: a\n-- goal: wanted",
        "scalar": "y: a",
        "table": "units: a: %",
    }
    axes = lines.get(display, "x: t\n-- y: a")
    return f"-- title: T\n-- answers: A\n-- display: {display}\n-- {axes}\nSELECT 1"


@pytest.mark.parametrize("display", DISPLAYS)
def test_every_display_can_be_said(display: str) -> None:
    question = good(minimal(display))
    assert question.display == display
    if display == "gauge":
        assert question.segments == (Segment(0, 1, "green"), Segment(1, 2.5, "red", "too late"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed(CANDLES, "-- title: Candles\n", ""), "q.sql:1: title: it is missing"),
        (changed(CANDLES, "-- title: Candles", "-- title:"), "q.sql:1: title: it says nothing"),
        (changed(CANDLES, "-- title", "-- titel"), "q.sql:1: 'titel' is not known here: did you mean title?"),
        (changed(CANDLES, "-- x:", "--x:"), "q.sql:4: '--x: window_start' is no line of a header"),
        (changed(CANDLES, "-- x: window_start", "-- x: window_start\n-- x: a"), "q.sql:5: x: it is there twice"),
        (changed(CANDLES, ": candles", ": candels"), "q.sql:3: display: 'candels' is not known: did you mean candles?"),
        (changed(CANDLES, "-- x: window_start\n", ""), "q.sql:1: x: a candles needs it"),
        (changed(CANDLES, "high, low, close\n", "high, low\n"), "q.sql:5: y: a candles has 4 of them, and here are 3"),
        (changed(CANDLES, "-- x: window_start", "-- x: Window"), "q.sql:4: x: 'Window' is no column"),
        (changed(CANDLES, "-- x: window_start", "-- x: a, b"), "q.sql:4: x: it is one column"),
        (changed(CANDLES, "-- y: open", "-- y: open, open"), "q.sql:5: y: a column is there twice"),
        (changed(CANDLES, "-- x: window_start", "-- x: open"), "q.sql:5: y: open is drawn in two places"),
        (changed(CANDLES, "open: decimals 2", "open: decimal 2"), "q.sql:8: formats: open: 'decimal' is not known"),
        (changed(CANDLES, "open: decimals 2", "open: decimals"), "q.sql:8: formats: open: decimals are counted"),
        (changed(CANDLES, "open: decimals 2", "open: currency"), "q.sql:8: formats: open: a currency is named"),
        (changed(CANDLES, ": datetime", ": datetime derived"), "q.sql:8: formats: window_start: a price or an amount"),
        (changed(CANDLES, ": datetime", ": date time"), "q.sql:8: formats: window_start is both date and time"),
        (changed(CANDLES, "exchange: text", "exchange: word"), "q.sql:9: params: exchange is 'word', which"),
        (changed(CANDLES, "from: date", "from: date default x"), "q.sql:9: params: from: 'x' is no date"),
        (changed(CANDLES, " default BTC-USD", ""), "q.sql:9: params: symbol is required, so it needs a default"),
        (changed(CANDLES, "text required default", "text always default"), "q.sql:9: params: symbol: 'always' is"),
        (changed(CANDLES, "text required default", "text default"), "q.sql:12: {{symbol}} stands outside [[ ]], so"),
        (changed(CANDLES, "{{exchange}}", "{{venue}}"), "q.sql:12: {{venue}} is not among params"),
        (changed(CANDLES, "{{exchange}}", "{{venue}}"), "q.sql:9: params: exchange is not in the SQL"),
        (changed(CANDLES, "'1h'", "'{{from}}'"), "q.sql:12: a tag stands inside"),
        (CANDLES.rstrip() + ";\n", "q.sql:13: a question is put into others: no semicolon"),
        (changed(CANDLES, "SELECT", "DELETE"), "q.sql:10: a question begins with SELECT or WITH"),
        (CANDLES.partition("SELECT")[0], "q.sql:10: there is no SQL below the header"),
        (changed(VOLUME, "-- y: volume", "-- y: volume, trades"), "q.sql:6: series: with a series y is one column"),
        (changed(VOLUME, ": area", ": line"), "q.sql:7: stack: a line has none; area, bar, row, combo do"),
        (changed(VOLUME, ": stacked", ": yes"), "q.sql:7: stack: 'yes' is not known"),
        (changed(minimal("combo"), "bars: a", "bars: z"), "q.sql:6: bars: z is not among y"),
        (changed(minimal("gauge"), "1 .. 2.5", "3 .. 2.5"), "q.sql:5: segments: '3 .. 2.5 red too"),
        (changed(minimal("gauge"), "green", "blue"), "q.sql:5: segments: '0 .. 1 blue' is not as"),
        (changed(minimal("progress"), "goal: wanted", "goal: So Much"), "q.sql:5: goal: 'So Much' is no number"),
        (changed(minimal("scalar"), "-- y: a\n", "-- x: t\n-- y: a\n"), "q.sql:4: x: a scalar has none"),
        (changed(minimal("scalar"), "-- y: a\n", ""), "q.sql:1: y: a scalar has 1 of them, and here are 0"),
        (changed(minimal("table"), "a: %", "a %"), "q.sql:4: units: 'a %' is not NAME: WORDS"),
        (changed(minimal("table"), "a: %", "a: %, a: USD"), "q.sql:4: units: a is there twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    assert any(fault.startswith(told) for fault in read(text)[1]), read(text)[1]


def test_all_faults_are_told_together() -> None:
    assert len(read("-- titel: x\n-- display: cake\n-- y: A\nSELEC {{a}}")[1]) >= 5
