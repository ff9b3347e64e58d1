"""Numbers and addresses as JSON has them."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehouse.documents.item import Item, UnfitError, decimal_text, json_of
from tests.tapehouse.documents.bodies import landed

LANDED = landed("news", "paper", b"")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E-8", "0.00000001"),
        (Decimal("1.10"), "1.10"),
        (Decimal("0E-9"), "0.000000000"),
        (0, "0"),
        ("-3", "-3"),
        (Decimal("1e30"), None),
        (Decimal("1e-31"), None),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), None),
        ("1,000", None),
        ("٣", None),
        ("", None),
        (True, None),
        (1.5, None),
        (None, None),
    ],
)
def test_a_number_is_exact_and_plain_or_none(value: object, text: str | None) -> None:
    assert decimal_text(value) == text


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20))
def test_plain_text_is_the_number(number: Decimal) -> None:
    text = decimal_text(number)
    assert text is not None
    assert Decimal(text) == number


def test_numbers_of_json_keep_their_digits() -> None:
    assert json_of(b"[64000.10, 1e999999999999999999999, NaN, 7]") == [Decimal("64000.10"), None, None, 7]
    with pytest.raises(UnfitError, match="no JSON"):
        json_of(b"{")


@pytest.mark.parametrize(
    "text", ["ftp://a.example/x", "/x", "https://", "https://a:b/", "https://a.example/" + "x" * 2_100, "https://[/", 5]
)
def test_what_is_no_address_is_noted(text: object) -> None:
    item = Item(LANDED, {"url": text}, "news[0]")
    assert item.address("url") is None
    assert item.faults == [f"news[0].url: {'no text' if text == 5 else 'no http or https address'}"]


def test_no_address_is_no_fault() -> None:
    item = Item(LANDED, {"url": " "}, "news[0]")
    assert (item.address("url"), item.address("none"), item.faults) == (None, None, [])
