"""Candlesticks."""

from dataclasses import replace
from typing import Any

from metabase.preview.candles import chart, options
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
    volume = next(each for each in made["series"] if each["name"] == "Volume")
    assert [each["itemStyle"]["color"] for each in volume["data"]] == [LIGHT.up, LIGHT.up, LIGHT.down]
    assert len(made["grid"]) == len(made["xAxis"]) == len(made["yAxis"]) == 2
    assert all(each["xAxisIndex"] == [0, 1] for each in made["dataZoom"])
    assert [each["type"] for each in made["series"]] == ["candlestick", "line", "bar"]


def test_averages_are_lines_among_the_candles() -> None:
    rows = [(*row, 10.5, 10.25) for row in ROWS]
    names = "at open high low close volume vwap complete ma_7 ma_25"
    asked = question("candles", x="at", y=OHLC, titles={"ma_7": "MA 7"})
    lines = [each for each in options(asked, answer(names, *rows), LIGHT)["series"] if each["type"] == "line"]
    assert [each["name"] for each in lines] == ["VWAP", "MA 7", "Ma 25"]
    assert len({each["color"] for each in lines}) == 3


def test_the_newest_candle_is_read_out_above_the_chart() -> None:
    title = drawn(look=replace(LIGHT, is_narrow=False))["title"]
    assert "{down|O 11.00}   {down|H 11.50}   {down|L 8.00}   {down|C 9.00}   {down|-18.18%}" in title["text"]
    assert "{vwap|VWAP 9.90}   {muted|Volume} {text|7}" in title["text"]
    assert title["textStyle"]["rich"]["down"]["color"] == LIGHT.down
    assert drawn(look=replace(LIGHT, is_narrow=True))["title"]["text"].count("\n") == 3


def test_an_average_that_is_not_there_yet_is_not_read_out() -> None:
    asked = question("candles", x="at", y=OHLC)
    made = options(asked, answer("at open high low close ma_7 ma_99", (minute(0), 1, 1, 1, 1, 1, None)), LIGHT)
    assert "Ma 7 " in made["title"]["text"]
    assert "Ma 99" not in made["title"]["text"]


def test_the_candle_under_the_crosshair_is_read_out_in_its_place() -> None:
    tooltip = drawn()["tooltip"]
    assert tooltip["position"] == [0, 0]
    for words in ("['O', open]", "['H', high]", "['L', low]", "['C', close]", LIGHT.up, '"minimumFractionDigits": 2'):
        assert words in tooltip[":formatter"]


def test_many_windows_are_seen_from_their_last_on() -> None:
    asked = question("candles", x="at", y=OHLC)
    rows = [(minute(at), 1, 1, 1, 1) for at in range(400)]
    assert chart(asked, answer("at open high low close", *rows), LIGHT).begins_at == 70
    assert chart(asked, answer("at open high low close", *rows[:100]), LIGHT).begins_at == 0


def test_without_a_volume_there_is_one_grid() -> None:
    made = drawn(columns="")
    assert len(made["grid"]) == len(made["series"]) == 1
