"""A response without some of its documents: the others say the same as before, and nothing of those is in it."""

import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehouse.document import document_id
from tapehouse.documents import parse, taken_out, without
from tapehouse.documents.forget import FORGOTTEN_PAGE
from tapehouse.documents.verbatim import Verbatim
from tapehouse.landing import Landed
from tapehouse.score import scores_of
from tests.tapehouse.documents import bodies
from tests.tapehouse.documents.bodies import PUBLISHED_US, landed

NAMES: Final = ("ada", "bob", "eve")
SECRET: Final = "secretof"


def address(name: str) -> str:
    return f"https://www.paper.example/{name}?utm_source=x"


def text(name: str) -> dict[str, str]:
    return {"title": f"Title {SECRET}{name} - é &", "body": f"Body {SECRET}{name}"}


def alphavantage(names: Any) -> Landed:
    articles = [
        bodies.article(url=address(n), title=text(n)["title"], summary=text(n)["body"], overall_sentiment_score=0.10)
        for n in names
    ]
    return landed("news", "alphavantage", bodies.alphavantage(articles))


def finnhub(names: Any) -> Landed:
    told = [
        bodies.headline(url=address(n), headline=text(n)["title"], summary=text(n)["body"], id=i)
        for i, n in enumerate(names)
    ]
    return landed("news", "finnhub", bodies.finnhub(told))


def finnhub_without_addresses(names: Any) -> Landed:
    told = [
        bodies.headline(url="", headline=text(n)["title"], summary=text(n)["body"], id=NAMES.index(n)) for n in names
    ]
    return landed("news", "finnhub", bodies.finnhub(told))


def rss_body(names: Any) -> bytes:
    return bodies.rss(
        bodies.story(link=address(n), title=text(n)["title"], description=text(n)["body"], guid=n) for n in names
    )


def rss(names: Any) -> Landed:
    return landed("news", "coindesk", rss_body(names), content_type="application/rss+xml")


def rss_in_another_charset(names: Any) -> Landed:
    body = rss_body(names).decode().replace("UTF-8", "iso-8859-1").encode("latin-1")
    return landed("news", "coindesk", body, content_type="text/xml; charset=iso-8859-1")


def rss_that_is_mended(names: Any) -> Landed:
    body = rss_body(names).replace(b"<title>Paper", b"<title>Pa&nbsp;per & co")
    return landed("news", "coindesk", body)


def atom(names: Any) -> Landed:
    entries = (bodies.entry(link=address(n), title=text(n)["title"], summary=text(n)["body"], id=n) for n in names)
    return landed("news", "cointelegraph", bodies.atom(entries))


def reddit(names: Any) -> Landed:
    posts = [
        bodies.post(name=f"t3_{n}", title=text(n)["title"], selftext=text(n)["body"], permalink=f"/r/x/{i}/")
        for i, n in enumerate(names)
    ]
    return landed("social", "reddit", bodies.reddit(posts, after="t3_next"))


def reddit_comments(names: Any) -> Landed:
    """Each answers the one before."""
    thing: Any = ""
    for n in reversed(list(names)):
        replies = bodies.listing([thing, {"kind": "more", "data": {"children": ["k9"]}}]) if thing else ""
        thing = bodies.comment(name=f"t1_{n}", body=text(n)["body"], permalink=f"/r/x/comments/{n}/", replies=replies)
    return landed("social", "reddit", bodies.packed([bodies.listing([]), bodies.listing([thing] if thing else [])]))


SOURCES: Final = (
    alphavantage,
    finnhub,
    finnhub_without_addresses,
    rss,
    rss_in_another_charset,
    rss_that_is_mended,
    atom,
    reddit,
    reddit_comments,
)
every_source = pytest.mark.parametrize("make", SOURCES, ids=lambda make: make.__name__)


@every_source
@pytest.mark.parametrize("gone", [(0,), (1,), (2,), (0, 2), (0, 1, 2)], ids=str)
def test_those_documents_are_gone_and_the_others_are_as_before(make: Any, gone: tuple[int, ...]) -> None:
    line = make(NAMES)
    documents = parse(line).documents
    assert len(documents) == 3
    left = without(line, frozenset(documents[number].document_id for number in gone))
    assert parse(left).documents == tuple(each for number, each in enumerate(documents) if number not in gone)
    assert set(parse(left).faults) <= set(parse(line).faults)
    for number, name in enumerate(NAMES):
        assert (f"{SECRET}{name}".encode() in left.body) is (number not in gone)
    assert (left.request, left.headers, left.fetched_at_us) == (line.request, line.headers, line.fetched_at_us)
    assert Landed.of_line(left.line()) == left


@every_source
def test_a_line_without_them_is_the_very_same(make: Any) -> None:
    line = make(NAMES)
    assert without(line, frozenset({"0" * 32})) is line
    assert without(line, frozenset()) is line
    ids = frozenset(each.document_id for each in parse(line).documents[:1])
    assert without(without(line, ids), ids) == without(line, ids)


@every_source
def test_what_is_left_is_what_would_have_come_without_them(make: Any) -> None:
    """Byte for byte, but for the spaces of JSON and counts that nobody reads."""
    line = make(NAMES)
    ids = frozenset({parse(line).documents[-1].document_id})
    left, never = without(line, ids).body, make(NAMES[:-1]).body
    if make in (rss, atom):
        assert left == never
    elif line.source != "coindesk":
        said, wanted = (json.loads(each) for each in (left, never))
        for each in (said, wanted):
            if isinstance(each, dict):
                each.pop("items", None)
        if make is not reddit_comments:  # what is not sent of the answers stays
            assert said == wanted


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: landed("news", "alphavantage", bodies.alphavantage([bodies.article(time_published="?")])), "url"),
        (lambda: landed("news", "finnhub", bodies.finnhub([bodies.headline(datetime=0)])), "url"),
        (lambda: landed("news", "coindesk", bodies.rss([bodies.story(pubDate=None)])), "link"),
        (lambda: landed("social", "reddit", bodies.reddit([bodies.post(created_utc=None)])), "name"),
    ],
)
def test_an_item_that_the_parser_leaves_out_goes_by_its_name(make: Any, fault: str) -> None:
    line = make()
    assert parse(line).documents == ()
    urls = {
        "alphavantage": bodies.article()["url"],
        "finnhub": bodies.headline()["url"],
        "coindesk": "https://www.paper.example/solana-week",
    }
    key = "t3_1abcde" if fault == "name" else ""
    gone = document_id(line.source, url=urls.get(line.source), key=key)
    left = without(line, frozenset({gone}))
    assert len(left.body) < len(line.body) - 100
    assert parse(left).faults == ()


def test_a_page_is_left_empty_and_its_address_is_told_no_more() -> None:
    line = landed("page", "paper", bodies.page(), request="GET https://www.paper.example/about-bitcoin/")
    (document,) = parse(line).documents
    left = without(line, frozenset({document.document_id}))
    assert (left.body, left.request, left.kind, left.source) == (b"{}", FORGOTTEN_PAGE, "page", "paper")
    assert (parse(left).documents, parse(left).faults) == ((), ())


def test_of_a_price_the_text_around_it_goes() -> None:
    line = landed("price", "paper", bodies.page(values=[bodies.price(value="1.50")]))
    gone = document_id("paper", url="https://www.paper.example/about-bitcoin/", key="")
    left = without(line, frozenset({gone}))
    assert b"currency" not in left.body
    assert b"About" not in left.body
    assert parse(left).values == parse(line).values
    assert without(left, frozenset({gone})) is left


def scores(*ids: str) -> Landed:
    said = [
        {"document_id": each, "field": "title", "text_hash": "h", "scorer": "own:1", "language": "en",
         "sentiment": None, "emotions": None, "key_phrases": [SECRET + each], "summary": None, "symbols": [],
         "published_at_us": PUBLISHED_US}
        for each in ids
    ]  # fmt: skip
    return landed("score", "scores", bodies.packed(said))


def test_of_scores_theirs_go_and_an_empty_array_stays() -> None:
    line = scores("a", "b", "a")
    assert [each.document_id for each in scores_of(without(line, frozenset("a")).body)] == ["b"]
    left = without(line, frozenset("ab"))
    assert left.body == b"[]"
    assert scores_of(left.body) == []
    assert without(left, frozenset("ab")) is left


def test_what_others_repeat_of_a_post_goes_with_it() -> None:
    secret = {"title": f"Title {SECRET}", "selftext": f"Body {SECRET}"}
    post, other = bodies.post(**secret), bodies.post(name="t3_other", crosspost_parent_list=[])
    other["data"]["crosspost_parent_list"] = [post["data"]]
    answer = bodies.comment(link_id="t3_1abcde", link_title=secret["title"], link_author="ada")
    line = landed("social", "reddit", bodies.reddit([other, answer]))
    left = without(line, frozenset({document_id("reddit", url=None, key="t3_1abcde")}))
    assert SECRET.encode() in line.body
    assert SECRET.encode() not in left.body
    assert parse(left).documents == parse(line).documents


@pytest.mark.parametrize(
    "line",
    [
        landed("news", "alphavantage", b"{"),
        landed("news", "alphavantage", b'{"feed": 1}'),
        landed("news", "finnhub", b'{"error": "no"}'),
        landed("news", "coindesk", b"<html/>"),
        landed("social", "reddit", b"[1, null, {}]"),
        landed("social", "reddit", b'{"kind": "Listing", "data": {"children": [null, 1, {"data": []}]}}'),
        landed("social", "reddit", b"[" * 100_000),
        landed("page", "paper", b"[]"),
        landed("price", "paper", b"7"),
        landed("score", "scores", b"\xff"),
        landed("index", "fear-greed", bodies.fear_greed([bodies.day()])),
    ],
    ids=lambda line: f"{line.source} {line.body[:12]!r}",
)
def test_what_cannot_be_read_stays_as_it_is(line: Landed) -> None:
    assert without(line, frozenset({"0" * 32})) is line


def test_where_another_document_would_change_it_is_said_and_the_line_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    line = rss(NAMES)
    ids = frozenset({parse(line).documents[0].document_id})
    monkeypatch.setattr("tapehouse.documents.forget._spans", lambda content: [(0, 0), (0, 0), (0, 0)])
    assert taken_out(line, ids) is None
    assert without(line, ids) is line


def test_items_within_cdata_and_comments_are_text() -> None:
    inner = "<![CDATA[<item><link>x</link></item>]]>"
    stories = [bodies.story(link=address(n), description="WITHIN").replace("WITHIN", inner) for n in NAMES]
    line = landed("news", "coindesk", bodies.rss(["<!-- <item> -->", "<item/>", *stories]))
    documents = parse(line).documents
    left = without(line, frozenset({documents[1].document_id}))
    assert parse(left).documents == (documents[0], documents[2])


numbers = st.sampled_from(["0.10", "1e5", "-0", "123456789012345678901234567890", "1.0000000000000000000001", "NaN"])


@settings(deadline=None)
@given(number=numbers, words=st.text())
def test_numbers_and_texts_of_json_are_written_as_they_came(number: str, words: str) -> None:
    body = f'{{"a":{number},"b":[{json.dumps(words)}]}}'.encode()
    whole = Verbatim(body)
    assert whole.written().startswith(f'{{"a":{number},"b":['.encode())
    assert json.loads(whole.written())["b"] == [words]
