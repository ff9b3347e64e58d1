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
    assert column([1], Format(), "%")[0]["label"] == "v (%)"
    assert column([1], Format())[0]["label"] == "v pct"


def test_signs_have_colors_and_bars_their_share_of_the_longest() -> None:
    _, cells = column([2, -1, 0, None], Format(decimals=0, signed=True, bar=True))
    assert [each.get("tone") for each in cells] == ["up", "down", None, None]
    assert [each.get("bar") for each in cells] == ["100.0%", "50.0%", "0.0%", None]


def test_rows_sort_by_what_a_value_is_and_not_by_its_words() -> None:
    assert [each["sort"] for each in column([10, 9.5, None], Format())[1]] == [10.0, 9.5, None]
    first, second = column([minute(0), minute(1)], Format())[1]
    assert first["sort"] < second["sort"]
    assert column(["Kraken"], Format())[1][0]["sort"] == "kraken"


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
