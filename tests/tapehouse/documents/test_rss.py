"""Feeds: RSS and Atom as documents, and nothing of what a feed could do to its reader."""

import socket
import time
from typing import Any

import pytest

from tapehouse.document import Document
from tapehouse.documents import Parsed, parse
from tests.tapehouse.documents.bodies import PUBLISHED_US, atom, entry, landed, rss, story

ENTITIES = '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>'
NETSCAPE = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss-0.91.dtd">'


def parsed(body: bytes, **changes: Any) -> Parsed:
    return parse(landed("news", "paper", body, **changes))


def only(**changes: Any) -> Document:
    found = parsed(rss([story(**changes)]))
    assert found.faults == ()
    return found.documents[0]


def test_an_item_of_rss_is_a_document() -> None:
    found = only()
    assert (found.kind, found.source, found.published_at_us) == ("news", "paper", PUBLISHED_US)
    assert (found.title, found.body, found.author) == ("Solana's week", "It was long.", "Ada Writer")
    assert (found.url, found.symbols) == ("https://paper.example/solana-week", ("SOL",))


def test_an_entry_of_atom_is_a_document() -> None:
    found = parsed(atom([entry(published=None, updated="2026-11-28T14:00:00+02:00")]))
    assert found.faults == ()
    (document,) = found.documents
    assert (document.title, document.body) == ("XRP's month", "Short.")
    assert (document.url, document.published_at_us) == ("https://paper.example/xrp-month", PUBLISHED_US)


def test_a_whole_text_goes_before_its_summary() -> None:
    assert only(content_encoded="<p>All</p><p>of it</p><script>x()</script>").body == "All of it"


def test_an_address_that_is_none_is_told_and_the_guid_names_the_story() -> None:
    found = parsed(rss([story(link="/relative", guid="a 1"), story(link=None, guid="a 1"), story(link=None, guid="2")]))
    assert found.faults == ("items[0].link: no http or https address",)
    one, same, other = found.documents
    assert one.url is None
    assert one.document_id == same.document_id != other.document_id


@pytest.mark.parametrize("categories", ["Bitcoin", "BTC", " bitcoin "])
def test_a_category_that_is_an_assets_name_is_a_symbol(categories: str) -> None:
    assert only(category=[categories, "ETF", "Ethereum ETF", "Bitcoin"]).symbols == ("BTC",)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"pubDate": None}, "items[0].updated: no date"),
        ({"pubDate": "today"}, "items[0].published: no date that is known here"),
        ({"pubDate": "Sat, 28 Nov 2026 12:00:00"}, "items[0].published: no date that is known here"),
        ({"pubDate": "Sun, 29 Nov 2026 12:00:00 +0000"}, "items[0].published: a time more than 300 s after"),
        ({"title": None, "description": None}, "items[0].title: neither a title nor a text"),
    ],
)
def test_an_item_that_is_none_costs_no_other(changes: dict[str, Any], fault: str) -> None:
    found = parsed(rss([story(**changes), story()]))
    assert len(found.documents) == 1
    assert found.faults[0].startswith(fault)


@pytest.mark.parametrize(
    ("encoded", "declared", "content_type"),
    [
        ("utf-8", "", ""),
        ("utf-8-sig", "", "text/xml; charset=iso-8859-1"),
        ("utf-8", "", "text/xml"),
        ("cp1252", "windows-1252", "text/xml"),
        ("cp1252", "utf-8", 'application/rss+xml; charset="ISO-8859-1"'),
        ("cp1252", "us-ascii", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", ""),
        ("utf-32", "", ""),
    ],
)
def test_the_mark_the_header_or_the_declaration_says_the_charset(
    encoded: str, declared: str, content_type: str
) -> None:
    text = rss([story(title="Zürich – 5 €")], declaration="").decode()
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    found = parsed(f"{declaration}{text}".encode(encoded), content_type=content_type)
    assert (found.documents[0].title, found.faults) == ("Zürich – 5 €", ())


@pytest.mark.parametrize("charset", ["utf-8", "shift_jis", "punycode", "unicode_escape", "rot13", "none-such"])
def test_a_charset_that_is_not_the_bodys_is_told_and_read_around(charset: str) -> None:
    text = rss([story(title="Zürich – 5 €")], declaration="").decode()
    found = parsed(text.encode("cp1252"), content_type=f"text/xml; charset={charset}")
    assert found.documents[0].title == "Zürich – 5 €"
    assert found.faults == ("body: not in the charset that it says",)


@pytest.mark.parametrize("head", [ENTITIES, OUTSIDE, PARAMETER])
def test_declared_entities_are_a_fault(head: str) -> None:
    found = parsed(rss([story() + "&b;"], head=head))
    assert found == Parsed(faults=("body: a DOCTYPE that declares something of its own, as entities: not read",))


def test_nobody_is_asked_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    found = parsed(rss([story()], head=NETSCAPE))
    assert (len(found.documents), found.faults) == (1, ())
    assert parsed(b"http://127.0.0.1:9/feed.xml") == Parsed(faults=("body: no feed",))


@pytest.mark.parametrize(
    ("broken", "title"),
    [
        ("R&D &amp; M&A", "R&D & M&A"),
        ("5&nbsp;&euro; &lt;now&gt; &none;", "5 € &none;"),
        ("bell\x07 &#7; &#x41;&#65;", "bell \ufffd AA"),
    ],
)
def test_small_faults_of_xml_are_mended_and_told(broken: str, title: str) -> None:
    body = rss([story(title=None, description="<![CDATA[not here]]>") + ""])
    body = body.replace(b"<item>", f"<item><title>{broken}</title><x><![CDATA[R&D]]></x>".encode())
    found = parsed(body)
    assert [document.title for document in found.documents] == [title]
    assert len(found.faults) == 1
    assert found.faults[0].endswith("stray references and characters were mended")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "body: no feed"),
        (b"<!doctype html><html><body>502</body></html>", "body: no feed"),
        (b"<opml/>", "body: no feed"),
        (b'{"feed": []}', "body: no feed"),
        (rss([story()])[:-20], "body: no well-formed XML: "),
        (rss(["<item><title><b></title></item>"]), "body: no well-formed XML: mismatched tag, line 2"),
        (rss(["<item><media:title>x</media:title></item>"]), "body: no well-formed XML: unbound prefix, line 2"),
    ],
)
def test_what_cannot_be_read_without_guessing_is_not_read(body: bytes, fault: str) -> None:
    found = parsed(body)
    assert found.documents == ()
    assert found.faults[0].startswith(fault)


HOSTILE = {
    "a name without end": rss([story(dc_creator="a" * 300_000)]),
    "many attributes": rss(["<item " + " ".join(f"a{n}=''" for n in range(20_000)) + "/>"]),
    "many categories": rss([story(category=[str(n) for n in range(20_000)])]),
    "many lines before the root": rss([story()], head=f"<!-- {chr(10) * 300_000} -->"),
    "nested": rss(["<a>" * 40_000 + "</a>" * 40_000]),
    "open tags": rss([story(title="<a " * 100_000, description="<a " * 100_000)]),
    "open sections": rss([story(), "<![CDATA[" * 30_000]),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_no_feed_takes_time_by_the_square_of_its_size(body: bytes) -> None:
    begun = time.process_time()
    parsed(body)
    assert time.process_time() - begun < 5
