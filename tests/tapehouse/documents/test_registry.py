"""Whatever landed: the right parser, the bounds, and never an exception."""

import json
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tapehouse.documents import Parsed, parse
from tapehouse.documents.parsed import MOST_BODY, MOST_BYTES, MOST_DOCUMENTS, MOST_TITLE
from tapehouse.landing import Kind, Landed
from tests.tapehouse.documents import bodies
from tests.tapehouse.documents.bodies import landed

SOUND: dict[tuple[Kind, str], bytes] = {
    ("news", "alphavantage"): bodies.alphavantage([bodies.article()]),
    ("news", "finnhub"): bodies.finnhub([bodies.headline()]),
    ("news", "coindesk"): bodies.rss([bodies.story()]),
    ("news", "cointelegraph"): bodies.atom([bodies.entry()]),
    ("social", "reddit"): bodies.reddit([bodies.post(), bodies.comment()]),
    ("index", "fear-greed"): bodies.fear_greed([bodies.day()]),
    ("page", "paper"): bodies.page(),
    ("price", "paper"): bodies.page(values=[bodies.price()]),
}
ENOUGH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(("kind", "source"), SOUND)
def test_each_source_has_its_parser(kind: Kind, source: str) -> None:
    found = parse(landed(kind, source, SOUND[kind, source]))
    assert found.faults == ()
    assert bool(found.documents) is (kind not in ("index", "price"))
    assert bool(found.values) is (kind in ("index", "price"))
    assert {document.source for document in found.documents} | {value.source for value in found.values} == {source}


def test_news_of_a_source_that_nobody_knows_is_a_feed_or_a_fault() -> None:
    assert len(parse(landed("news", "paper", SOUND["news", "coindesk"])).documents) == 1
    assert parse(landed("news", "paper", b"[]")) == Parsed(faults=("body: no feed",))


@pytest.mark.parametrize(("kind", "source"), [("score", "scores"), ("social", "paper"), ("index", "paper")])
def test_what_no_parser_is_for_is_told(kind: Kind, source: str) -> None:
    assert parse(landed(kind, source, b"{}")) == Parsed(faults=(f"body: no parser for {kind} of {source}",))


@pytest.mark.parametrize("status", [304, 403, 500])
def test_an_answer_that_is_none_is_not_read(status: int) -> None:
    found = parse(landed("news", "coindesk", SOUND["news", "coindesk"], status=status))
    assert found == Parsed(faults=(f"body: not read, its status is {status}",))


def test_a_body_out_of_bounds_is_not_read() -> None:
    found = parse(landed("page", "paper", b" " * MOST_BYTES + b"x"))
    assert found == Parsed(faults=(f"body: not read, it has more than {MOST_BYTES} bytes",))


def test_texts_and_documents_out_of_bounds_are_cut_and_left_out() -> None:
    long = bodies.headline(headline="t" * (MOST_TITLE + 1), summary="<p>" + "b " * MOST_BODY)
    found = parse(landed("news", "finnhub", bodies.finnhub([long, *[bodies.headline()] * (MOST_DOCUMENTS + 1)])))
    assert len(found.documents) == MOST_DOCUMENTS
    assert len(found.documents[0].title) == MOST_TITLE
    assert len(found.documents[0].body) == MOST_BODY - 1  # its last is a space
    assert found.faults == (f"news: 2 item(s) beyond the first {MOST_DOCUMENTS} are left out",)


def sound_enough(found: Parsed, of: Landed) -> None:
    """What holds whatever was landed."""
    assert parse(of) == found
    for document in found.documents:
        assert len(document.document_id) == 32
        assert document.source == of.source
        assert document.published_at_us <= of.fetched_at_us + 300_000_000
        assert document.removed or document.title or document.body
        for text in (document.title, document.body, document.author or "", document.url or "", *document.symbols):
            text.encode("utf-8")
        assert all(-1 <= each.score <= 1 for each in document.vendor_sentiment)
    for value in found.values:
        assert "e" not in value.value.lower()
        float(value.value)
        (value.name + (value.label or "") + (value.url or "")).encode("utf-8")
    for fault in found.faults:
        assert len(fault) < 200
        assert fault.isascii()


@ENOUGH
@given(st.sampled_from(sorted(SOUND)), st.binary(), st.text(max_size=20))
@example(("news", "finnhub"), b"[" * 100_000, "")
@example(("news", "finnhub"), b"[1e99999999999999999999, NaN, " + b"9" * 5_000 + b"]", "")
@example(("news", "coindesk"), b"<rss>\x00</rss>", "text/xml; charset=utf-16")
def test_no_bytes_raise(which: tuple[Kind, str], body: bytes, content_type: str) -> None:
    of = landed(*which, body, content_type=content_type)
    sound_enough(parse(of), of)


@ENOUGH
@given(st.sampled_from(sorted(SOUND)), st.data())
def test_no_damage_to_a_sound_body_raises(which: tuple[Kind, str], data: st.DataObject) -> None:
    body = bytearray(SOUND[which])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        length = data.draw(st.integers(0, 20))
        body[at : at + length] = data.draw(
            st.binary(max_size=10) | st.sampled_from([b"\xff", b'"', b"<", b"&", b"\\ud800"])
        )
    of = landed(*which, bytes(body))
    sound_enough(parse(of), of)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet="aB1<&;:/-. \ud800\x00é", max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ticker", "data", "kind"]), inner),
    max_leaves=5,
)


def spots(said: Any) -> list[tuple[Any, Any]]:
    """Every place in it that something else can be put into."""
    if isinstance(said, dict | list):
        keys = list(said) if isinstance(said, dict) else list(range(len(said)))
        return [(said, key) for key in keys] + [spot for key in keys for spot in spots(said[key])]
    return []


@settings(ENOUGH, max_examples=150)
@given(st.sampled_from(sorted(which for which, body in SOUND.items() if body[:1] in b"[{")), st.data())
def test_no_other_value_in_any_field_raises(which: tuple[Kind, str], data: st.DataObject) -> None:
    said = json.loads(SOUND[which])
    inside, key = data.draw(st.sampled_from(spots(said)))
    inside[key] = data.draw(ODD)
    of = landed(*which, json.dumps(said).encode())
    sound_enough(parse(of), of)


@ENOUGH
@given(st.dictionaries(st.sampled_from(["title", "link", "guid", "pubDate", "description", "category"]), st.text()))
def test_no_text_in_a_feed_raises(changes: dict[str, str]) -> None:
    body = bodies.rss(
        [bodies.story(**{name: text.encode("utf-8", "replace").decode() for name, text in changes.items()})]
    )
    of = landed("news", "coindesk", body)
    sound_enough(parse(of), of)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_faults_never_repeat_what_stood_there(kind: Kind) -> None:
    secret = "c0ntent"
    said: dict[str, Any] = {
        "feed": [secret],
        "url": secret,
        "title": secret,
        "values": [{"name": secret}],
        "data": secret,
    }
    for source in ("alphavantage", "finnhub", "paper", "reddit", "fear-greed"):
        for body in (bodies.packed(said), bodies.packed([said]), f"<rss><{secret}></rss>".encode(), secret.encode()):
            assert secret not in " ".join(parse(landed(kind, source, body)).faults)
