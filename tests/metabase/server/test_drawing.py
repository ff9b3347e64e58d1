"""Each display becomes the settings that Metabase draws it with."""

import duckdb
import pytest

from metabase import question_reader
from metabase.faults import FileFaults
from metabase.question import Question
from metabase.server import drawing
from tapehouse.query.dialect import MACROS, translate
from tests.metabase.samples import CANDLES, SUMMARY, VOLUME


def read(text: str) -> Question:
    faults = FileFaults("q.sql")
    question = question_reader.read(text, name="q", faults=faults)
    assert faults.found == []
    return question


A = {'["name","a"]': {"column_title": "A"}}
DAY = {"date_style": "YYYY/M/D", "date_separator": "-"}
DATE_STYLES = {"MMMM D, YYYY", "D MMMM, YYYY", "dddd, MMMM D, YYYY", "M/D/YYYY", "D/M/YYYY", "YYYY/M/D"}
"""What Metabase takes, as its frontend's lib/formatting says: another is as none, and the day may be missing."""


def drawn(display: str, *lines: str) -> drawing.Settings:
    header = [f"-- {line}" for line in ("title: T", "answers: A", f"display: {display}", *lines)]
    return drawing.settings(read("\n".join([*header, "SELECT 1"])), 64)


@pytest.mark.parametrize(
    ("display", "lines", "said"),
    [
        (
            "line", ["x: t", "y: a, b", "right: b", "goal: 1.5", "log: true", "units: a: USD, b: USD"],
            {
                "graph.dimensions": ["t"], "graph.metrics": ["a", "b"], "graph.y_axis.title_text": "USD",
                "graph.y_axis.scale": "log", "graph.show_goal": True, "graph.goal_value": 1.5,
                "series_settings": {"a": {"title": "A"}, "b": {"title": "B", "axis": "right"}},
                "graph.x_axis.title_text": "T",
                "column_settings": {
                    '["name","t"]': {"column_title": "T"},
                    '["name","a"]': {"column_title": "A", "suffix": " USD"},
                    '["name","b"]': {"column_title": "B", "suffix": " USD"},
                },
            },
        ),
        (
            "combo", ["x: t", "y: a, b", "bars: b"],
            {
                "graph.dimensions": ["t"], "graph.metrics": ["a", "b"],
                "graph.x_axis.title_text": "T",
                "series_settings": {"a": {"title": "A", "display": "line"}, "b": {"title": "B", "display": "bar"}},
                "column_settings": {
                    '["name","t"]': {"column_title": "T"},
                    '["name","a"]': {"column_title": "A"},
                    '["name","b"]': {"column_title": "B"},
                },
            },
        ),
        (
            "pie", ["x: t", "y: a", "formats: a: percent 1"],
            {
                "pie.dimension": "t", "pie.metric": "a", "pie.show_legend": True,
                "column_settings": {
                    '["name","t"]': {"column_title": "T"},
                    '["name","a"]': {"column_title": "A", "number_style": "percent", "decimals": 1},
                },
            },
        ),
        ("scalar", ["y: a"], {"scalar.field": "a", "column_settings": A}),
        ("progress", ["y: a", "goal: 10"], {"progress.value": "a", "progress.goal": 10, "column_settings": A}),
        ("progress", ["y: a", "goal: b"], {"progress.value": "a", "progress.goal": "b", "column_settings": A}),
        (
            "gauge", ["y: a", "segments: 0 .. 1 green fresh"],
            {
                "scalar.field": "a",
                "gauge.segments": [{"min": 0.0, "max": 1.0, "color": "#84BB4C", "label": "fresh"}],
                "column_settings": A,
            },
        ),
        (
            "table",
            ["titles: d: Day, s: Taker", "formats: a: currency EUR 2, d: date, e: datetime, l: link, t: time"],
            {
                "column_settings": {
                    '["name","d"]': {"column_title": "Day", **DAY},
                    '["name","s"]': {"column_title": "Taker"},
                    '["name","a"]': {
                        "column_title": "A",
                        "number_style": "currency", "decimals": 2, "currency": "EUR", "currency_style": "symbol",
                    },
                    '["name","e"]': {"column_title": "E", **DAY, "time_enabled": "minutes", "time_style": "HH:mm"},
                    '["name","l"]': {"column_title": "L", "view_as": "link"},
                    '["name","t"]': {"column_title": "T", **DAY, "time_enabled": "seconds", "time_style": "HH:mm"},
                }
            },
        ),
    ],
)  # fmt: skip
def test_a_display_becomes_its_settings(display: str, lines: list[str], said: drawing.Settings) -> None:
    assert drawn(display, *lines) == said


def test_a_trend_is_compared_with_the_period_before() -> None:
    (before,) = drawn("smartscalar", "x: t", "y: a")["scalar.comparisons"]
    assert before["type"] == "previousPeriod"


def test_green_is_up_and_red_is_down() -> None:
    up, down = drawing.settings(read(SUMMARY), 64)["table.column_formatting"]
    assert (up["columns"], up["operator"], up["color"]) == (["change_24h"], ">", "#84BB4C")
    assert (down["operator"], down["color"]) == ("<", "#ED6E6E")


def test_a_taker_s_side_has_its_color() -> None:
    buy, sell = drawn("table", "formats: side: side")["table.column_formatting"]
    assert (buy["columns"], buy["operator"], buy["value"], buy["color"]) == (["side"], "=", "buy", "#84BB4C")
    assert (sell["value"], sell["color"]) == ("sell", "#ED6E6E")


def test_a_price_of_any_market_is_shown_whole() -> None:
    columns = drawn("table", "units: p: {quote}", "formats: p: price, s: amount")["column_settings"]
    assert columns['["name","p"]'] == {"column_title": "P", "decimals": 8}
    assert columns['["name","s"]']["decimals"] == 8


def test_a_derived_amount_is_as_fine_as_metabase_finds_its_size() -> None:
    columns = drawn("table", "formats: p: price derived, s: bar amount derived")["column_settings"]
    assert columns['["name","p"]']["decimals"] == 8
    assert columns['["name","s"]'] == {"column_title": "S", "show_mini_bar": True}


def test_a_card_shows_the_columns_that_its_dashboard_names() -> None:
    assert drawing.columns_shown(("b", "a")) == {
        "table.columns": [{"name": "b", "enabled": True}, {"name": "a", "enabled": True}]
    }
    assert drawing.columns_shown(()) == {}


def test_a_series_is_a_second_dimension() -> None:
    said = drawing.settings(read(VOLUME), 64)
    assert (said["graph.dimensions"], said["stackable.stack_type"]) == (["hour", "side"], "stacked")


def test_candles_are_boxes_whose_quartiles_are_open_and_close() -> None:
    question = read(CANDLES)
    assert drawing.display(question, 64) == "boxplot"
    said = drawing.settings(question, 64)
    assert (said["graph.metrics"], said["boxplot.whisker_type"]) == (["price"], "min-max")
    assert (said["boxplot.points_mode"], said["boxplot.show_mean"]) == ("none", False)  # else each candle has a dot
    rows = ", ".join(f"({n}, 10.0, 20.0, {n % 3}.0, 15.0)" for n in range(450))
    sql = f"SELECT * FROM (VALUES {rows}, (999, NULL, NULL, NULL, NULL)) AS t (w, open, high, low, close)"
    boxes = drawing.boxes(
        read(CANDLES.partition("SELECT")[0].replace("window_start", "w").partition("-- params")[0] + sql)
    )
    connection = duckdb.connect()
    for macro in MACROS:
        connection.execute(macro)
    found = connection.execute(translate(boxes, lambda _: {}).sql).fetchall()
    assert len(found) == 5 * drawing.MOST_CANDLES <= 2_000
    newest = sorted(price for window, price in found if window == 449)
    assert newest == [2.0, 10.0, 15.0, 15.0, 20.0]  # 449 % 3 is 2: low, open, close, close, high
    assert min(window for window, _ in found) == 50


def test_candles_are_lines_where_there_are_no_boxes() -> None:
    question = read(CANDLES)
    assert drawing.display(question, 58) == "combo"
    assert drawing.settings(question, 58)["graph.metrics"] == ["close", "high", "low"]


def test_every_date_is_in_a_style_that_metabase_takes() -> None:
    said = drawn("table", "formats: d: date, e: datetime, t: time")["column_settings"].values()
    assert {each["date_style"] for each in said} <= DATE_STYLES
    assert {each["time_style"] for each in said if "time_style" in each} <= {"h:mm A", "HH:mm"}
