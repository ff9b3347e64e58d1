"""Lines, areas, bars, rows, combos and scatters."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from metabase.preview import axes
from metabase.preview.drawn import DrawingError
from metabase.preview.look import DARK, LIGHT
from metabase.preview.series import options
from metabase.question import Display, Format
from tests.metabase.preview.asked import NOON, answer, minute, question

TWO = answer("at bought sold", (minute(0), Decimal("1.5"), 2), (minute(1), None, 4))
MS = int(NOON.timestamp() * 1_000)


def drawn(display: Display, result: Any = TWO, look: Any = LIGHT, **fields: Any) -> dict[str, Any]:
    return options(question(display, **{"x": "at", "y": ("bought", "sold"), **fields}), result, look)


def test_a_line_goes_along_the_time_and_leaves_out_what_is_not_there() -> None:
    made = drawn("line")
    assert made["xAxis"]["type"] == "time"
    assert [each["type"] for each in made["series"]] == ["line", "line"]
    assert made["series"][0]["data"] == [[MS, 1.5], [MS + 60_000, None]]
    assert made["useUTC"]
    assert made["yAxis"][0]["scale"]


def test_bars_stand_at_names_from_zero_on() -> None:
    made = drawn("bar", stack="stacked")
    assert made["xAxis"]["data"] == ["2026-11-29 12:00", "2026-11-29 12:01"]
    assert {each["stack"] for each in made["series"]} == {"all"}
    assert not made["yAxis"][0]["scale"]


def test_a_normalized_stack_has_shares() -> None:
    made = drawn("area", stack="normalized")
    assert [each["data"][0][1] for each in made["series"]] == [1.5 / 3.5, 2 / 3.5]
    assert [each["data"][1][1] for each in made["series"]] == [0.0, 1.0]
    assert made["yAxis"][0]["max"] == 1


def test_a_row_lies_and_begins_at_the_top() -> None:
    made = drawn("row", y=("sold",))
    assert made["yAxis"]["inverse"]
    assert made["xAxis"][0]["type"] == "value"
    assert made["dataZoom"] == []


def test_a_combo_has_bars_and_lines_and_a_right_axis() -> None:
    made = drawn("combo", bars=("bought",), right=("sold",))
    assert [each["type"] for each in made["series"]] == ["bar", "line"]
    assert [each["position"] for each in made["yAxis"]] == ["left", "right"]
    assert made["series"][1]["yAxisIndex"] == 1


def test_each_value_of_the_series_column_is_a_series_over_all_times() -> None:
    result = answer("at side size", (minute(1), "sell", 1), (minute(0), "buy", 2), (minute(1), "buy", 3))
    made = drawn("line", result, y=("size",), series="side")
    assert [(each["name"], each["data"]) for each in made["series"]] == [
        ("buy", [[MS, 2.0], [MS + 60_000, 3.0]]),
        ("sell", [[MS, None], [MS + 60_000, 1.0]]),
    ]


def test_green_is_up_and_red_is_down_on_the_light_and_the_dark_page() -> None:
    for look in (LIGHT, DARK):
        assert [each["color"] for each in drawn("bar", look=look)["series"]] == [look.up, look.down]
    signed = drawn(
        "bar", answer("at net", ("a", 1), ("b", -1), ("c", None)), y=("net",), formats={"net": Format(signed=True)}
    )
    colors = [each and each["itemStyle"]["color"] for each in signed["series"][0]["data"]]
    assert colors == [LIGHT.up, LIGHT.down, None]


def test_a_goal_is_a_line_that_the_axis_reaches() -> None:
    made = drawn("line", y=("sold",), goal="0.9", formats={"sold": Format("percent", 0)})
    assert made["series"][0]["markLine"]["data"] == [{"yAxis": 0.9}]
    assert made["series"][0]["markLine"]["label"]["formatter"] == "90%"
    assert "0.9" in made["yAxis"][0][":max"]


def test_points_that_no_line_joins_are_seen() -> None:
    few, many = (answer("at v", *((minute(at), at if at < known else None) for at in range(9))) for known in (1, 9))
    assert drawn("line", few, y=("v",))["series"][0]["showSymbol"]
    assert not drawn("line", many, y=("v",))["series"][0]["showSymbol"]


def test_quantiles_have_one_color_and_the_outer_ones_are_fainter() -> None:
    result = answer("at p05 p50 p95 actual", (minute(0), 1, 2, 3, 2))
    low, middle, high, actual = drawn("line", result, y=("p05", "p50", "p95", "actual"))["series"]
    assert low["color"] == middle["color"] == high["color"] != actual["color"]
    assert low["lineStyle"]["opacity"] == high["lineStyle"]["opacity"] < middle["lineStyle"]["opacity"]


def test_a_scatter_and_a_logarithm_go_along_numbers() -> None:
    made = drawn("scatter", answer("at v", (1, 10), (Decimal("2.5"), 100)), y=("v",), log=True)
    assert (made["xAxis"]["type"], made["yAxis"][0]["type"]) == ("value", "log")
    assert made["series"][0]["data"] == [[1.0, 10.0], [2.5, 100.0]]


def test_a_unit_names_the_axis_and_stands_behind_values() -> None:
    made = drawn("line", y=("sold",), units={"sold": "bps"})
    assert made["yAxis"][0]["name"] == "bps"
    assert '" bps"' in made["series"][0]["tooltip"][":valueFormatter"]


def test_nothing_says_where_a_zoom_begins_so_that_it_outlives_a_refresh() -> None:
    many = answer("at v", *((minute(at), at) for at in range(axes.FEW + 1)))
    (zoom,) = drawn("line", many, y=("v",))["dataZoom"]
    assert {"start", "end", "startValue", "endValue"} & zoom.keys() == set()


@pytest.mark.parametrize(
    ("values", "short"),
    [
        ([minute(0), minute(5)], "v => v.slice(11)"),
        ([minute(0), minute(3_000)], "v => v.slice(5, 16)"),
        ([dt.date(2026, 11, 28)], "v => v.slice(5)"),
        (["kraken"], None),
    ],
)
def test_the_axis_leaves_out_of_an_instant_what_all_have(values: list[Any], short: str | None) -> None:
    assert axes.short_labels(values, Format()).get(":formatter") == short


def test_a_column_that_the_answer_lacks_is_named() -> None:
    with pytest.raises(DrawingError, match="a column sold, and the answer has at, bought"):
        drawn("line", answer("at bought", (minute(0), 1)))
