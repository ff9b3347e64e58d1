"""Pies and gauges."""

from typing import Any

import pytest

from metabase.preview.dials import gauge, pie
from metabase.preview.look import LIGHT
from metabase.question import Format, Segment
from tests.metabase.preview.asked import answer, question

AGE = (Segment(0, 60, "green", "fresh"), Segment(60, 300, "yellow", "slow"), Segment(300, 400, "red"))


def test_a_pie_has_the_parts_that_are_something() -> None:
    made = pie(
        question("pie", x="venue", y=("v",)), answer("venue v", ("a", 3), ("b", None), ("c", 0), ("d", 1)), LIGHT
    )
    assert [(each["name"], each["value"]) for each in made["series"][0]["data"]] == [("a", 3.0), ("d", 1.0)]


def test_a_part_has_the_colour_of_a_line_of_its_name_whatever_their_order() -> None:
    made = pie(question("pie", x="venue", y=("v",)), answer("venue v", ("kraken", 3), ("coinbase", 1)), LIGHT)
    colors = {each["name"]: each["itemStyle"]["color"] for each in made["series"][0]["data"]}
    assert colors == {"coinbase": LIGHT.series[0], "kraken": LIGHT.series[1]}


@pytest.mark.parametrize(
    ("value", "pointer", "words", "label"),
    [(12, 12, "12 s", "fresh"), (60, 60, "60 s", "slow"), (2_007, 400, "2,007 s", "0 to 400"), (None, 0, "–", "fresh")],
)
def test_a_gauge_points_within_its_scale_and_tells_the_value_as_it_is(
    value: Any, pointer: float, words: str, label: str
) -> None:
    asked = question("gauge", y=("age",), segments=AGE, units={"age": "s"}, formats={"age": Format(decimals=0)})
    (series,) = gauge(asked, answer("age", (value,)), LIGHT)["series"]
    assert series["data"] == [{"value": pointer, "name": label}]
    assert series["detail"]["formatter"] == words
    assert series["axisLine"]["lineStyle"]["color"] == [[0.15, LIGHT.up], [0.75, LIGHT.warn], [1.0, LIGHT.down]]
