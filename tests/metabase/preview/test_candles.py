"""Candlesticks."""

from typing import Any

from metabase.preview.candles import options
from metabase.preview.look import LIGHT
from metabase.question import Format
from tests.metabase.preview.asked import answer, minute, question

OHLC = ("open", "high", "low", "close")
ROWS = (
    (minute(0), 10, 12, 9, 11, 5, 10.5, True),
    (minute(1), None, None, None, None, 0, None, True),
    (minute(2), 11, 11.5, 8, 9, 7, 9.9, False),
)


def drawn(*, columns: str = "volume vwap complete", look: Any = LIGHT) -> dict[str, Any]:
    names = f"at open high low close {columns}"
    asked = question("candles", x="at", y=OHLC, formats={"close": Format(decimals=2)})
    return options(asked, answer(names, *(row[: len(names.split())] for row in ROWS)), look)


def test_a_candle_is_open_close_low_high_and_a_window_in_a_gap_is_empty() -> None:
    candles = drawn()["series"][0]
    assert candles["type"] == "candlestick"
    assert candles["data"][:2] == [[10.0, 11.0, 9.0, 12.0], "-"]
    assert (candles["itemStyle"]["color"], candles["itemStyle"]["color0"]) == (LIGHT.up, LIGHT.down)


def test_a_window_that_may_still_change_is_fainter() -> None:
    last = drawn()["series"][0]["data"][2]
    assert last["value"] == [11.0, 9.0, 8.0, 11.5]
    assert last["itemStyle"]["opacity"] < 1


def test_the_last_price_is_marked() -> None:
    mark = drawn()["series"][0]["markLine"]
    assert mark["data"] == [{"yAxis": 9.0}]
    assert mark["label"]["formatter"] == "9.00"


def test_volume_is_below_in_the_colors_of_its_candles_and_zooms_along() -> None:
    made = drawn()
    volume = next(each for each in made["series"] if each["name"] == "volume")
    assert [each["itemStyle"]["color"] for each in volume["data"]] == [LIGHT.up, LIGHT.up, LIGHT.down]
    assert len(made["grid"]) == len(made["xAxis"]) == len(made["yAxis"]) == 2
    assert all(each["xAxisIndex"] == [0, 1] for each in made["dataZoom"])
    assert [each["type"] for each in made["series"]] == ["candlestick", "line", "bar"]


def test_without_a_volume_there_is_one_grid() -> None:
    made = drawn(columns="")
    assert len(made["grid"]) == len(made["series"]) == 1
