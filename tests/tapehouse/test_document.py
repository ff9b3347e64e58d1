"""What names a document: the same story from two places has one name, and two stories never have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapehouse.document import canonical_url, document_id, title_key

STORY = "https://coindesk.com/markets/2026/11/29/bitcoin-rises"


@pytest.mark.parametrize(
    "spelled",
    [
        STORY,
        "http://www.CoinDesk.com:80/markets/2026/11/29/bitcoin-rises/",
        "https://www.coindesk.com:443/markets/2026/11/29/bitcoin-rises?utm_source=rss&utm_medium=x#comments",
        " https://coindesk.com/markets/2026/11/29/bitcoin%2Drises?fbclid=1 ",
        "https://coindesk.com./markets/2026/11/29/bitcoin-rises",
    ],
)
def test_spellings_of_one_address_are_one(spelled: str) -> None:
    assert canonical_url(spelled) == STORY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x?id=1", "https://a.example/x?id=2"),
        ("https://a.example/X", "https://a.example/x"),
        ("https://a.example:8443/x", "https://a.example/x"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/a%2Fb", "https://a.example/a%252Fb"),
    ],
)
def test_other_addresses_stay_apart(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


def test_parameters_that_matter_are_kept_in_one_order() -> None:
    assert canonical_url("https://a.example/x?b=2&a=1&utm_id=9") == canonical_url("https://a.example/x?a=1&b=2")


@pytest.mark.parametrize(
    "foreign",
    ["", "ftp://a.example/x", "javascript:alert(1)", "/relative", "https://", "https://a:b/", "http://www./x"],
)
def test_what_is_no_address_is_refused(foreign: str) -> None:
    with pytest.raises(ValueError, match=r"address|[Pp]ort"):
        canonical_url(foreign)


@given(st.text(alphabet="ab%/?=&#é 2F", max_size=30))
def test_a_canonical_address_is_its_own(rest: str) -> None:
    once = canonical_url(f"https://a.example/{rest}")
    assert canonical_url(once) == once


def test_a_story_has_one_name_whoever_tells_it() -> None:
    assert document_id("coindesk", url=STORY, key="1") == document_id("alphavantage", url=f"{STORY}?utm_x=1", key="2")
    assert document_id("reddit", url=None, key="t3_1") != document_id("reddit", url=None, key="t3_2")
    assert document_id("reddit", url=None, key="1") != document_id("finnhub", url=None, key="1")


def test_titles_that_differ_in_case_signs_and_width_share_a_key() -> None:
    assert title_key("Bitcoin’s price: UP 5 %!") == title_key("bitcoin s Price up ５")
    assert title_key("Bitcoin falls 5 percent") != title_key("Bitcoin rises 5 percent")


def test_a_short_title_is_many_stories() -> None:
    assert title_key("Daily market update") is None
    assert title_key("…!?") is None
