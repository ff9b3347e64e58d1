"""Prices that the crawler read from a page."""

from typing import Any

import pytest

from tapehouse.document import Value
from tapehouse.documents import Parsed, parse
from tests.tapehouse.documents.bodies import FETCHED_US, PUBLISHED_US, landed, packed, page, price


def parsed(*prices: object, **changes: Any) -> Parsed:
    return parse(landed("price", "paper", page(values=list(prices), **changes)))


def test_a_price_is_a_value_with_the_pages_address() -> None:
    assert parsed(price()) == Parsed(
        values=(
            Value(
                kind="price",
                source="paper",
                name="BTC-USD",
                value="64000.12",
                unit="USD",
                label=None,
                observed_at_us=PUBLISHED_US,
                fetched_at_us=FETCHED_US,
                url="https://paper.example/about-bitcoin",
            ),
        )
    )


@pytest.mark.parametrize(
    ("told", "plain"), [("1E-8", "0.00000001"), (64000, "64000"), ("0.10", "0.10"), ("1e5", "100000")]
)
def test_a_number_is_plain_and_exact(told: object, plain: str) -> None:
    assert parsed(price(value=told)).values[0].value == plain


def test_a_price_without_a_time_is_of_when_it_was_fetched() -> None:
    assert parsed(price(observed_at_us=None)).values[0].observed_at_us == FETCHED_US


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": "bitcoin"}, "values[0].name: no BASE-QUOTE"),
        ({"name": None}, "values[0].name: no BASE-QUOTE"),
        ({"unit": "$"}, "values[0].unit: no currency"),
        ({"value": "0"}, "values[0].value: no number above 0"),
        ({"value": "64,000"}, "values[0].value: no number above 0"),
        ({"value": "NaN"}, "values[0].value: no number above 0"),
        ({"value": "1e99"}, "values[0].value: no number above 0"),
        ({"value": True}, "values[0].value: no number above 0"),
        ({"observed_at_us": 1}, "values[0].observed_at_us: a time before 2009-01-03"),
    ],
)
def test_a_price_that_is_none_costs_no_other(changes: dict[str, Any], fault: str) -> None:
    found = parsed(price(**changes), price())
    assert (len(found.values), found.faults) == (1, (fault,))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (page(), "body.values: none"),
        (page(values=5), "body.values: no list"),
        (packed(5), "body: no object"),
        (b"", "body: no JSON (JSONDecodeError)"),
    ],
)
def test_a_page_without_prices_is_told(body: bytes, fault: str) -> None:
    assert parse(landed("price", "paper", body)) == Parsed(faults=(fault,))
