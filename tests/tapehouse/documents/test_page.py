"""A page that the crawler landed."""

from typing import Any

import pytest

from tapehouse.documents import Parsed, parse
from tests.tapehouse.documents.bodies import FETCHED_US, PUBLISHED_US, landed, packed, page


def parsed(**changes: Any) -> Parsed:
    return parse(landed("page", "paper", page(**changes)))


def test_a_page_is_a_document() -> None:
    found = parsed(author="Ada  Writer")
    (document,) = found.documents
    assert (found.values, found.faults) == ((), ())
    assert (document.kind, document.source, document.published_at_us) == ("page", "paper", PUBLISHED_US)
    assert (document.title, document.body) == ("About Bitcoin", "It is a currency. And more.")
    assert (document.url, document.author) == ("https://paper.example/about-bitcoin", "Ada Writer")


def test_a_page_without_a_date_is_of_when_it_was_fetched() -> None:
    assert parsed(published_at_us=None).documents[0].published_at_us == FETCHED_US


def test_text_is_text_by_now() -> None:
    assert parsed(text="a <b> &amp; c").documents[0].body == "a <b> &amp; c"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"published_at_us": 0}, "page[0].published_at_us: a time before 2009-01-03"),
        ({"published_at_us": "now"}, "page[0].published_at_us: no date that is known here"),
        ({"published_at_us": True}, "page[0].published_at_us: no date that is known here"),
        ({"published_at_us": FETCHED_US + 300_000_001}, "page[0].published_at_us: a time more than 300 s after it was"),
        ({"url": None}, "page[0].url: a page without its address"),
        ({"title": None, "text": ""}, "page[0].title: neither a title nor a text"),
    ],
)
def test_a_page_that_is_none_is_told(changes: dict[str, Any], fault: str) -> None:
    found = parsed(**changes)
    assert found.documents == ()
    assert found.faults[0].startswith(fault)


def test_what_is_no_page_is_told() -> None:
    assert parse(landed("page", "paper", packed([]))) == Parsed(faults=("body: no object",))
