"""Finnhub: headlines with their seconds."""

from typing import Any

import pytest

from tapehouse.documents import Parsed, parse
from tests.tapehouse.documents.bodies import PUBLISHED_US, finnhub, headline, landed, packed


def parsed(**changes: Any) -> Parsed:
    return parse(landed("news", "finnhub", finnhub([headline(**changes)])))


def test_a_headline_is_a_document() -> None:
    found = parsed()
    (document,) = found.documents
    assert found.faults == ()
    assert (document.title, document.body) == ("Ether follows the market", "Little changed.")
    assert (document.url, document.author) == ("https://paper.example/ether-follows", None)
    assert (document.kind, document.source, document.published_at_us) == ("news", "finnhub", PUBLISHED_US)
    assert (document.symbols, document.vendor_sentiment) == ((), ())


def test_shares_are_no_symbols() -> None:
    assert parsed(related="COIN,MSTR").documents[0].symbols == ()


def test_without_an_address_its_id_names_it() -> None:
    one, same, other = (parsed(url="", id=i, headline=t).documents[0] for i, t in ((1, "a"), (1, "b"), (2, "a")))
    assert one.document_id == same.document_id != other.document_id


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"datetime": 0}, "news[0].datetime: a time before 2009-01-03"),
        ({"datetime": None}, "news[0].datetime: no date"),
        ({"datetime": "noon"}, "news[0].datetime: no date that is known here"),
        ({"datetime": PUBLISHED_US}, "news[0].datetime: no date that is known here"),
        ({"datetime": PUBLISHED_US // 1000}, "news[0].datetime: no date that is known here"),
        ({"datetime": PUBLISHED_US // 1_000_000 + 86_400}, "news[0].datetime: a time more than 300 s after"),
        ({"headline": ["no", "text"], "summary": ""}, "news[0].title: neither a title nor a text"),
    ],
)
def test_a_headline_that_is_none_is_told(changes: dict[str, Any], fault: str) -> None:
    found = parsed(**changes)
    assert found.documents == ()
    assert found.faults[0].startswith(fault)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (packed({"error": "API limit reached."}), "body: an error in place of articles"),
        (packed({"news": []}), "body: no array of articles"),
        (b"<html>", "body: no JSON (JSONDecodeError)"),
        (b"[" * 100_000, "body: no JSON (RecursionError)"),
        (b"[" + b"1" * 5_000 + b"]", "news[0]: no object"),
    ],
)
def test_what_is_no_array_is_told(body: bytes, fault: str) -> None:
    assert parse(landed("news", "finnhub", body)) == Parsed(faults=(fault,))
