"""Alpha Vantage: articles and their scores, and what it says in place of them."""

from typing import Any

import pytest

from tapehouse.document import Document, VendorSentiment, document_id
from tapehouse.documents import parse
from tapehouse.documents.alphavantage import refusal
from tests.tapehouse.documents.bodies import FETCHED_US, PUBLISHED_US, alphavantage, article, landed, packed, ticker

KEY = "ABCD1234EFGH5678"
SPARINGLY = (
    "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly (1 request "
    "per second). You may subscribe to any of the premium plans to lift the free key rate limit (25 requests per day)."
)
USED_UP = f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day. Please …"
FORMER = (
    "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per day."
)
INVALID = "Invalid inputs. Please refer to the API documentation https://www.alphavantage.co/documentation#newsapi"


def faults(*articles: object) -> tuple[str, ...]:
    return parse(landed("news", "alphavantage", alphavantage(articles))).faults


def only(**changes: Any) -> Document:
    (document,) = parse(landed("news", "alphavantage", alphavantage([article(**changes)]))).documents
    return document


def test_an_article_is_a_document() -> None:
    url = "https://paper.example/markets/bitcoin-rises"
    found = parse(landed("news", "alphavantage", alphavantage([article()])))
    assert found.faults == ()
    assert found.documents == (
        Document(
            document_id=document_id("alphavantage", url=url, key=""),
            kind="news",
            source="alphavantage",
            url=url,
            title="Bitcoin rises above its moving average",
            body="Prices rose & fell.",
            author="Ada Writer",
            published_at_us=PUBLISHED_US,
            fetched_at_us=FETCHED_US,
            symbols=("BTC",),
            vendor_sentiment=(
                VendorSentiment(symbol=None, score=0.25),
                VendorSentiment(symbol="BTC", score=0.5, relevance=0.75),
            ),
        ),
    )


def test_shares_and_currencies_are_no_symbols() -> None:
    tickers = [ticker("FOREX:USD"), ticker("COIN"), ticker("CRYPTO:SOL"), ticker("CRYPTO:ADA"), ticker("CRYPTO:SOL")]
    found = only(ticker_sentiment=tickers)
    assert found.symbols == ("ADA", "SOL")
    assert {each.symbol for each in found.vendor_sentiment} == {None, "ADA", "SOL"}


@pytest.mark.parametrize("score", ["", "high", "NaN", "1.5", None, True, [], "1e400", "-inf"])
def test_a_score_that_is_none_is_left_out_and_told(score: object) -> None:
    body = alphavantage([article(ticker_sentiment=[ticker(score=score), ticker("CRYPTO:ETH", "-0.1", None)])])
    found = parse(landed("news", "alphavantage", body))
    assert found.documents[0].vendor_sentiment[1:] == (VendorSentiment(symbol="ETH", score=-0.1),)
    assert found.faults == ("feed[0].ticker_sentiment[0].ticker_sentiment_score: no score from -1 to 1",)


def test_several_authors_are_one_line_and_none_is_none() -> None:
    assert only(authors=["Ada", "Grace"]).author == "Ada, Grace"
    assert only(authors=[]).author is None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"time_published": ""}, "feed[1].time_published: no date"),
        ({"time_published": "2026-11-28"}, "feed[1].time_published: no date that is known here"),
        ({"time_published": "20081231T000000"}, "feed[1].time_published: a time before 2009-01-03"),
        ({"time_published": "20261129T020501"}, "feed[1].time_published: a time more than 300 s after it was fetched"),
        ({"title": " ", "summary": "<p>"}, "feed[1].title: neither a title nor a text"),
    ],
)
def test_an_article_that_is_none_costs_no_other(changes: dict[str, Any], fault: str) -> None:
    found = parse(landed("news", "alphavantage", alphavantage([article(), article(**changes), article()])))
    assert (len(found.documents), found.faults) == (2, (fault,))


def test_a_clock_a_little_ahead_is_forgiven() -> None:
    assert only(time_published="20261129T020500").published_at_us == FETCHED_US + 300_000_000


def test_without_an_address_title_and_time_name_it() -> None:
    assert faults(article(url="javascript:alert(1)")) == ("feed[0].url: no http or https address",)
    one, same, other = (only(url=None, summary=s, title=t) for s, t in (("a", "T"), ("b", "T"), ("a", "U")))
    assert one.url is None
    assert one.document_id == same.document_id != other.document_id


def test_no_article_is_no_fault() -> None:
    assert parse(landed("news", "alphavantage", alphavantage([]))).faults == ()
    assert refusal(alphavantage([])) is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"Information": SPARINGLY}, "wait"),
        ({"Note": FORMER}, "wait"),
        ({"Information": USED_UP}, "tomorrow"),
        ({"Information": INVALID}, "nothing"),
        ({"Error Message": "Invalid API call. Please retry."}, "nothing"),
        ({"Information": f"The **demo** API key is for demo purposes only. Yours, {KEY}, is not."}, "other"),
        ({"Information": f"A new text about {KEY}, which nobody foresaw."}, "other"),
        ({"Information": 5}, "other"),
        ({"feed": None}, "other"),
        ([], "other"),
        (None, "other"),
    ],
)
def test_refusals_are_told_apart_and_never_tell_the_key(said: object, why: str) -> None:
    found = refusal(packed(said))
    assert found is not None
    assert found.why == why
    assert KEY not in repr(found)
    assert found.text
    parsed = parse(landed("news", "alphavantage", packed(said)))
    assert (parsed.documents, parsed.faults) == ((), (f"body: refused ({why}): no articles",))


def test_a_text_that_nobody_foresaw_is_shown_without_what_could_be_a_key() -> None:
    found = refusal(packed({"Information": f"Maintenance until noon, dear {KEY} (or {KEY.lower()})."}))
    assert found is not None
    assert found.text == "Maintenance until noon, dear … (or …)."


def test_a_text_about_the_key_is_not_shown_at_all() -> None:
    """A key need not look like one."""
    found = refusal(packed({"Information": "Your API key as guessable is not for this endpoint."}))
    assert found is not None
    assert (found.why, found.text) == ("other", "the vendor's text is about the key, and is not shown")


def test_a_page_of_an_outage_is_a_refusal_too() -> None:
    found = refusal(b"<html>502</html>")
    assert found is not None
    assert (found.why, found.text) == ("other", "body: no JSON (JSONDecodeError)")
