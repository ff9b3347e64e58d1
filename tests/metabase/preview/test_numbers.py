"""Values in words."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from metabase.preview.numbers import number, script, text
from metabase.question import Format
from tests.metabase.preview.asked import NOON


@pytest.mark.parametrize(
    ("value", "form", "unit", "words"),
    [
        (None, Format(), "", "–"),
        (float("nan"), Format(decimals=2), "", "–"),
        (Decimal("NaN"), Format(), "", "–"),
        (1_234_567, Format(), "", "1,234,567"),
        (Decimal("0.500000000000"), Format(), "", "0.5"),
        (Decimal("64021.94"), Format(decimals=4), "", "64,021.9400"),
        (Decimal("1.5"), Format(decimals=1), "%", "1.5%"),
        (26.55, Format(decimals=1), "% a year", "26.6% a year"),
        (12, Format(), "bps", "12 bps"),
        (0.0512, Format("percent", 1), "", "5.1%"),
        (1234.5, Format("currency", 2, "USD"), "", "1,234.50 USD"),
        (5_823, Format(decimals=0, compact=True), "", "5.8K"),
        (-1_250_000, Format(compact=True), "", "-1.2M"),
        (999_960, Format(compact=True), "", "1.0M"),
        (999_940, Format(compact=True), "", "999.9K"),
        (-999_960, Format(compact=True, signed=True), "", "-1.0M"),
        (9_999_960_000_000_000, Format(compact=True), "", "10,000.0T"),
        (999, Format(decimals=0, compact=True), "", "999"),
        (0.25, Format(decimals=2, signed=True), "", "+0.25"),
        (-0.25, Format(decimals=2, signed=True), "", "-0.25"),
        (-0.0001, Format(decimals=2, signed=True), "", "0.00"),
        (0, Format(decimals=2, signed=True), "", "0.00"),
        (True, Format(), "", "yes"),
        (["BTC", "SOL"], Format(), "", "BTC, SOL"),
        (b"caf\xc3\xa9 \xff", Format(), "", "café �"),
        ("<b>", Format(), "", "<b>"),
        (NOON, Format(), "", "2026-11-29 12:00"),
        (NOON + dt.timedelta(seconds=5), Format("datetime"), "", "2026-11-29 12:00:05"),
        (NOON, Format("date"), "", "2026-11-29"),
        (NOON, Format("time"), "", "12:00:00"),
        (dt.date(2026, 11, 29), Format(), "", "2026-11-29"),
    ],
)
def test_a_value_is_written_as_its_format_and_unit_say(value: Any, form: Format, unit: str, words: str) -> None:
    assert text(value, form, unit) == words


@pytest.mark.parametrize("value", [None, True, "1", float("inf"), Decimal("NaN"), NOON])
def test_what_is_no_finite_number_is_not_drawn(value: Any) -> None:
    assert number(value) is None


def test_the_browser_writes_as_we_do_and_an_axis_without_needless_zeros() -> None:
    value, axis = (script(Format(decimals=4), "USD", axis=is_axis) for is_axis in (False, True))
    assert '"minimumFractionDigits": 4' in value
    assert '+ " USD"' in value
    assert '"minimumFractionDigits": 4' not in axis
    assert '"notation": "compact"' in axis
    assert "USD" not in axis
    assert '"maximumFractionDigits": 3' in script(Format("percent", 1), axis=True), "ticks may lie closer together"
    assert '"maximumFractionDigits": 0' in script(Format(decimals=0), axis=True), "there is no half a record"
    assert "v * 100" in script(Format("percent"))


def test_a_unit_cannot_leave_its_quotes_in_a_script() -> None:
    assert r"\"; alert(1); \"" in script(Format(), '"; alert(1); "')
