"""What a question says of its columns."""

import pytest

from metabase.param import Param
from metabase.question import Question, in_words
from tests.metabase.preview.asked import question


@pytest.mark.parametrize(
    ("column", "unit", "words"),
    [
        ("last_price", "", "Last price"),
        ("symbol", "", "Market"),
        ("change_24h_pct", "%", "Change 24h"),
        ("change_24h_pct", "", "Change 24h %"),
        ("age_s", "s", "Age"),
        ("vwap_so_far", "", "VWAP so far"),
        ("s", "s", "S"),
    ],
)
def test_a_column_s_name_is_its_title_in_words(column: str, unit: str, words: str) -> None:
    assert in_words(column, unit) == words
    assert question("table", units={column: unit} if unit else {}).title_of(column) == words


def test_a_title_of_the_header_wins() -> None:
    assert question("table", titles={"size": "Amount"}).title_of("size") == "Amount"


def priced(*params: Param) -> Question:
    return question("line", params=params, units={"price": "{quote}", "size": "{base}", "spread": "{quote} a {base}"})


def test_units_are_of_the_market_that_is_chosen() -> None:
    asked = priced(Param("symbol", "text", "BTC-USD", required=True))
    assert asked.chosen({}).units == {"price": "USD", "size": "BTC", "spread": "USD a BTC"}
    assert asked.chosen({"symbol": "ETH-EUR"}).unit_of("spread") == "EUR a ETH"
    assert priced(Param("quote", "text")).chosen({"quote": "USDT"}).unit_of("price") == "USDT"


def test_units_of_no_market_are_none() -> None:
    asked = priced(Param("symbol", "text"))
    assert asked.chosen({}).unit_of("price") == asked.unit_of("price") == ""
    assert asked.chosen({}).title_of("price") == "Price"
