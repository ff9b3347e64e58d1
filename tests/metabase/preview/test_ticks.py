"""Prices and amounts have the decimals of their market."""

from decimal import Decimal
from typing import Any

import pytest

from metabase.preview.drawing import draw
from metabase.preview.drawn import Chart, Figure
from metabase.preview.look import LIGHT
from metabase.preview.ticks import decimals, settled
from metabase.question import Format
from tests.metabase.preview.asked import answer, minute, question

D = Decimal


@pytest.mark.parametrize(
    ("values", "style", "due"),
    [
        ([D("63988.040000000000"), D("63990.500000000000")], "price", 2),
        ([D("63988"), D("64000")], "price", 2),
        ([D("149.869"), D("150")], "price", 3),
        ([D("0.00001234")], "price", 8),
        ([D("0.50000000")], "price", 4),
        ([D("63988.04"), D("63988.912345678912")], "price", 2),
        ([63988.912345678, 63990.1], "price", 2),
        ([63988.012, 63988.0121], "price", 6),
        ([0.000012345678], "price", 8),
        ([D("0.003616"), D("1.5")], "amount", 6),
        ([D("25"), D("4")], "amount", 0),
        ([D("123.45678912"), D("1234.56789123")], "amount", 8),
        ([D("1.2345678901")], "amount", 10),
        ([D("1E-15")], "amount", 12),
        ([1_234_567.8], "amount", 0),
        ([1234.5678], "amount", 2),
        ([12.345678], "amount", 4),
        ([D("NaN"), None, "x"], "price", 2),
        ([], "price", 2),
    ],
)
def test_decimals_are_those_of_what_was_traded_or_as_fine_as_its_size(values: list[Any], style: str, due: int) -> None:
    assert decimals(values, style) == due


def test_an_average_is_written_as_the_prices_beside_it() -> None:
    formats = {"close": Format("price"), "vwap": Format("price"), "volume": Format("amount")}
    asked = question("line", x="at", y=("close", "vwap"), formats=formats)
    found = settled(asked, answer("at close vwap volume", (minute(0), D("0.0123"), D("0.012345678912"), D("5"))))
    assert found.formats == {"close": Format(decimals=5), "vwap": Format(decimals=5), "volume": Format(decimals=0)}


@pytest.mark.parametrize(
    ("close", "vwap", "due"),
    [("0.00001234", "0.000012345678", 8), ("0.5", "0.4123450000", 4), ("63988.04", "63988.123450000000", 2)],
)
def test_what_is_derived_has_no_say_however_few_digits_it_has(close: str, vwap: str, due: int) -> None:
    formats = {"close": Format("price"), "vwap": Format("price", derived=True)}
    asked = question("line", x="at", y=("close", "vwap"), formats=formats)
    found = settled(asked, answer("at close vwap", (minute(0), D(close), D(vwap))))
    assert {form.decimals for form in found.formats.values()} == {due}
    alone = settled(asked, answer("at vwap", (minute(0), D(vwap))))
    assert alone.formats["vwap"].decimals == due, "by its size"


def test_a_figure_and_an_axis_are_written_so() -> None:
    made = draw(question("scalar", y=("v",), formats={"v": Format("price")}), answer("v", (D("63988.0400"),)), LIGHT)
    assert isinstance(made, Figure)
    assert made.text == "63,988.04"
    asked = question("line", x="at", y=("v",), formats={"v": Format("price")})
    chart = draw(asked, answer("at v", (minute(0), D("0.00001234"))), LIGHT)
    assert isinstance(chart, Chart)
    assert '"minimumFractionDigits": 8' in chart.options["series"][0]["tooltip"][":valueFormatter"]
