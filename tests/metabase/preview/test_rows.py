"""Tables: numbers in order, and nothing of a stranger's text that a browser would act on."""

from decimal import Decimal
from typing import Any

import pytest

from metabase.preview.rows import grid, web_host
from metabase.question import Format
from tests.metabase.preview.asked import answer, minute, question


def column(values: list[Any], form: Format, unit: str = "") -> tuple[dict[str, Any], list[dict[str, Any]]]:
    asked = question("table", formats={"v_pct": form}, units={"v_pct": unit} if unit else {})
    made = grid(asked, answer("v_pct", *((each,) for each in values)))
    return dict(made.columns[0]), [dict(row["c0"]) for row in made.rows]


def test_a_column_of_numbers_is_at_the_right_also_where_none_is_known_yet() -> None:
    assert column([Decimal(1)], Format())[0]["align"] == "right"
    assert column([None], Format(decimals=2))[0]["align"] == "right"
    assert column(["kraken"], Format())[0]["align"] == "left"


def test_the_head_names_the_unit_once() -> None:
    assert column([1], Format(), "%")[0]["label"] == "V (%)"
    assert column([1], Format())[0]["label"] == "V %"


def test_signs_have_colors_and_bars_their_share_of_the_longest() -> None:
    _, cells = column([2, -1, 0, None], Format(decimals=0, signed=True, bar=True))
    assert [each.get("tone") for each in cells] == ["up", "down", None, None]
    assert [each.get("bar") for each in cells] == ["100.0%", "50.0%", "0.0%", None]


def test_rows_sort_by_what_a_value_is_and_not_by_its_words() -> None:
    assert [each["sort"] for each in column([10, 9.5, None], Format())[1]] == [10.0, 9.5, None]
    first, second = column([minute(0), minute(1)], Format())[1]
    assert first["sort"] < second["sort"]
    assert column(["Kraken"], Format())[1][0]["sort"] == "kraken"


def test_seconds_are_shown_in_all_rows_or_in_none() -> None:
    at = minute(0)
    assert [each["text"][10:] for each in column([at, minute(1)], Format("datetime"))[1]] == [" 12:00", " 12:01"]
    with_seconds = column([at, at.replace(second=5)], Format("datetime"))[1]
    assert [each["text"][10:] for each in with_seconds] == [" 12:00:00", " 12:00:05"]


def test_a_price_has_its_market_s_decimals() -> None:
    asked = question("table", formats={"price": Format("price"), "low": Format("price")})
    rows = (("BTC-USD", Decimal("63988.5"), Decimal(63000)), ("PEPE-USD", Decimal("0.00001234"), Decimal("0.00001")))
    found = [[row[f"c{at}"]["text"] for at in range(3)] for row in grid(asked, answer("symbol price low", *rows)).rows]
    assert found == [["BTC-USD", "63,988.50", "63,000.00"], ["PEPE-USD", "0.00001234", "0.00001000"]]


def test_an_amount_is_whole_and_a_derived_one_as_fine_as_its_size() -> None:
    asked = question("table", formats={"held": Format("amount"), "sum": Format("amount", derived=True)})
    values = (("2000.5", "45000123.456"), ("1.2345678901", "0.00412345"), ("3", "1234.5678"))
    found = grid(asked, answer("held sum", *((Decimal(held), Decimal(total)) for held, total in values))).rows
    assert [row["c0"]["text"] for row in found] == ["2,000.5000000000", "1.2345678901", "3.0000000000"]
    assert [row["c1"]["text"] for row in found] == ["45,000,123", "0.004123", "1,234.57"]


def test_a_trade_has_its_taker_s_color_also_where_the_side_is_not_shown() -> None:
    asked = question("table", formats={"price": Format("price"), "side": Format(side=True)})
    result = answer("price size side", *((Decimal(5), 1, side) for side in ("buy", "sell", "unknown")))
    shown = grid(asked, result, ("price", "size"))
    assert [each["label"] for each in shown.columns] == ["Price", "Size"]
    assert [row["c0"].get("tone") for row in shown.rows] == ["up", "down", None]
    assert [row["c1"].get("tone") for row in shown.rows] == [None, None, None]
    assert [row["c2"].get("tone") for row in grid(asked, result).rows] == ["up", "down", None]


def test_a_symbol_leads_to_its_market_where_the_dashboard_has_the_filters() -> None:
    result = answer("exchange symbol price", ("kraken", "BTC-USD", 5), (None, "ETH-USD", 6), ("kraken", "", 7))
    asked = question("table")

    def leads(*filters: str, columns: tuple[str, ...] = ()) -> list[list[Any]]:
        made = grid(asked, result, columns, filters)
        return [[row[each["field"]].get("leads") for each in made.columns] for row in made.rows]

    market = {"symbol": "BTC-USD", "exchange": "kraken"}
    assert leads("symbol", "exchange", "from") == [[None, market, None], [None] * 3, [None] * 3]
    assert leads("symbol", "exchange", columns=("symbol",)) == [[market], [None], [None]], "the venue need not be shown"
    assert [row[1] for row in leads("symbol")] == [{"symbol": "BTC-USD"}, {"symbol": "ETH-USD"}, None]
    assert leads("exchange", "price") == [[None] * 3] * 3


def test_a_loss_too_small_to_be_seen_has_no_color() -> None:
    _, cells = column([-0.001, -0.01], Format(decimals=2, signed=True))
    assert [(each["text"], each.get("tone")) for each in cells] == [("0.00", None), ("-0.01", "down")]


def test_a_text_of_html_stays_text() -> None:
    _, (cell,) = column(["<img src=x onerror=alert(1)>"], Format())
    assert cell == {"text": "<img src=x onerror=alert(1)>", "sort": "<img src=x onerror=alert(1)>"}


def test_a_link_shows_its_host() -> None:
    _, (cell,) = column(["https://www.coindesk.example/a?b=1#c"], Format("link"))
    assert (cell["href"], cell["text"]) == ("https://www.coindesk.example/a?b=1#c", "coindesk.example")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://x.example/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//x.example/a",
        "https:///a",
        "https://x.example/ onmouseover=alert(1)",
        'https://x.example/"onmouseover="alert(1)',
        "https://x.example/\n",
        "https://[x/",
        "vbscript:x",
        "",
    ],
)
def test_no_other_address_is_a_link(url: str) -> None:
    assert web_host(url) == ""
    assert "href" not in column([url], Format("link"))[1][0]
