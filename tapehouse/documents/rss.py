"""Feeds: RSS and Atom, read by feedparser once it is sure that nothing in them can surprise it.

Before it sees a body, ``feed_xml`` has settled the charset (feedparser would ask ``chardet``, where that happens to be
installed), and has found it well-formed and without entities of its own: so feedparser's loose parser, which guesses,
never runs.
"""

import io
from collections.abc import Mapping
from typing import Any, Final

import feedparser

from tapehouse.document import Document
from tapehouse.documents import feed_xml, moment
from tapehouse.documents.item import Item, UnfitError, each
from tapehouse.documents.parsed import MOST_BODY, MOST_NAME, MOST_TITLE, Parsed
from tapehouse.landing import Landed

ROOTS: Final = frozenset({"rss", "feed", "RDF"})
_ASSETS: Final[Mapping[str, str]] = {
    **{"bitcoin": "BTC", "ethereum": "ETH", "ether": "ETH", "solana": "SOL", "ripple": "XRP", "dogecoin": "DOGE"},
    **{symbol.lower(): symbol for symbol in ("BTC", "ETH", "SOL", "XRP", "DOGE")},
}
"""Categories that are an asset's name. Of others in capitals (ETF, SEC, NFT) most are none."""


def parse(landed: Landed) -> Parsed:
    """Raises UnfitError for a body that is no feed, or one that cannot be read without guessing."""
    text, faults = feed_xml.text_of(landed.body, landed.content_type)
    found, mended = feed_xml.checked(text, roots=ROOTS)
    entries = [dict(entry) for entry in entries_of(found)]
    return Parsed.all_of([Parsed.fault(*faults, *mended), each(landed, entries, story, name="items")])


def entries_of(text: str) -> list[Any]:
    """The items of a feed that ``feed_xml`` checked, in their order. Raises UnfitError."""
    try:
        said = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),  # a stream: what is a string may be taken for an address
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,  # it all becomes text, and relative addresses none
            resolve_relative_uris=False,
        )
    except Exception as error:  # a library's, for input that it did not foresee, must not end a batch
        raise UnfitError("body", f"feedparser failed on it ({type(error).__name__})") from error
    if said.get("bozo"):
        raise UnfitError("body", f"feedparser finds it broken ({type(said.get('bozo_exception')).__name__})")
    entries = said.get("entries")
    return entries if isinstance(entries, list) else []


def key_of(item: Item) -> str:
    """The item's own id; empty where it has none."""
    return item.folded("id", most=MOST_NAME * 5)


def story(item: Item) -> Document:
    """One of ``entries_of``. Raises UnfitError."""
    when = "published" if item.raw.get("published") else "updated"
    date = item.string(when)
    content = [part.get("value") for part in item.listed("content") if isinstance(part, dict)]
    if item.raw.get("link") == item.raw.get("id") and not item.string("id").startswith("http"):
        item.raw.pop("link", None)  # RSS takes a guid for the address unless told otherwise
    whole = Item(item.landed, {"content": next((text for text in content if text), None)}, item.where)
    return item.document(
        "news",
        published_at_us=item.moment(when, moment.of_rfc822(date) or moment.of_iso(date)),
        url=item.address("link"),
        key=key_of(item),
        title=item.seen("title", most=MOST_TITLE),
        body=whole.seen("content", most=MOST_BODY) or item.seen("summary", most=MOST_BODY),
        author=item.seen("author", most=MOST_NAME),
        symbols=_symbols(item.listed("tags")),
    )


def _symbols(tags: list[Any]) -> list[str]:
    terms = [tag.get("term") for tag in tags if isinstance(tag, dict)]
    return [_ASSETS[t.strip().lower()] for t in terms if isinstance(t, str) and t.strip().lower() in _ASSETS]
