"""A landed response without some of its documents: what has to be done where a person's text has to go for good.

What is left says the same as before. JSON loses the items of those documents and is written again, numbers as they
came; of a feed their elements are cut out of the text. A page is left empty, and its address is not in its request any
more; of a price, which is no document, the text around it goes. Of scores theirs go, and an empty array stays. Where a
comment of Reddit goes, the answers to it take its place; what others' items repeat of a post (its title beside each
comment, the post itself in a cross-post) goes as well, but not the words of the title in their addresses.

Not all can be told. An item goes whose address or key names the document, also one that the parser leaves out (its date
is broken), but nothing is taken from a body that the parser cannot read (no JSON, a feed that is none, larger than
``MOST_BYTES``): such a line stays as it is, and so does one of which another document would be another after it.
"""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias
from xml.parsers import expat

from tapehouse.document import Document, document_id
from tapehouse.documents import alphavantage, feed_xml, finnhub, reddit, rss
from tapehouse.documents.item import Item, UnfitError, json_of
from tapehouse.documents.parsed import MOST_BYTES, MOST_NAME
from tapehouse.documents.registry import parse
from tapehouse.documents.verbatim import Verbatim
from tapehouse.landing import Landed

Ids: TypeAlias = frozenset[str]
FORGOTTEN_PAGE: Final = "GET a page that was forgotten"
"""What stands as the request of one."""
_END: Final = re.compile(rb"</(?:[^\s:>]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_OF_A_POST: Final = ("link_title", "link_author", "link_permalink", "link_url")
"""What a comment says of the post that it is on."""
_BESIDE_PRICES: Final = ("title", "text", "author", "links", "extracted")


def without(landed: Landed, ids: Ids) -> Landed:
    """The same response without these documents; the very same object where it has none of them, or where they cannot
    be taken out of it.

    Pure. What holds: ``parse`` finds the same documents in it, but those.
    """
    return taken_out(landed, ids) or landed


def taken_out(landed: Landed, ids: Ids) -> Landed | None:
    """As ``without``, but None where it has one of these documents that cannot be taken out."""
    cut = _OF_SOURCE.get((landed.kind, landed.source)) or _OF_KIND.get(landed.kind)
    if cut is None or not ids or len(landed.body) > MOST_BYTES:
        return landed
    try:
        made = cut(landed, ids)
    except UnfitError:
        return landed
    return made if made is landed or _is_sound(landed, made, ids) else None


def _is_sound(landed: Landed, made: Landed, ids: Ids) -> bool:
    wanted = [each for each in parse(landed).documents if each.document_id not in ids]
    found = list(parse(made).documents)
    # Behind them there may be some that were too many before.
    return found[: len(wanted)] == wanted and not ids & {each.document_id for each in found}


# -- what names an item -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Named:
    """How a source's items are named: as its parser does it, but without asking whether they are whole."""

    address: str
    key: Callable[[Item], str]
    read: Callable[[Item], Document]

    def id_of(self, landed: Landed, raw: object) -> str | None:
        """The id of the document of an item; None for what is no item of one."""
        try:
            item = Item(landed, raw, "item")
            url, key = item.address(self.address), self.key(item)
            return document_id(landed.source, url=url, key=key) if url or key else self.read(item).document_id
        except UnfitError:
            return None


def _no_key(_item: Item) -> str:
    return ""


def _number(item: Item) -> str:
    number = item.raw.get("id")
    return str(number) if isinstance(number, int) and not isinstance(number, bool) else ""


_ALPHAVANTAGE: Final = _Named("url", _no_key, alphavantage.article)
_FINNHUB: Final = _Named("url", _number, finnhub.article)
_FEED: Final = _Named("link", rss.key_of, rss.story)


# -- JSON -------------------------------------------------------------------------------------------------------------


def _articles(landed: Landed, ids: Ids) -> Landed:
    return _listed(landed, ids, _ALPHAVANTAGE, lambda said: said.get("feed") if isinstance(said, dict) else None)


def _headlines(landed: Landed, ids: Ids) -> Landed:
    return _listed(landed, ids, _FINNHUB, lambda said: said)


def _listed(landed: Landed, ids: Ids, named: _Named, items_of: Callable[[Any], Any]) -> Landed:
    items = items_of(json_of(landed.body))
    gone = [named.id_of(landed, raw) in ids for raw in items] if isinstance(items, list) else []
    if not any(gone):
        return landed
    whole = Verbatim(landed.body)
    listed = items_of(whole.said)
    listed[:] = [raw for raw, goes in zip(listed, gone, strict=True) if not goes]
    return replace(landed, body=whole.written())


def _scores(landed: Landed, ids: Ids) -> Landed:
    whole = Verbatim(landed.body)
    listed = whole.said if isinstance(whole.said, list) else [whole.said]
    left = [each for each in listed if not (isinstance(each, dict) and each.get("document_id") in ids)]
    if len(left) == len(listed):
        return landed
    whole.said = left
    return replace(landed, body=whole.written())


def _page(landed: Landed, ids: Ids) -> Landed:
    return replace(landed, body=b"{}", request=FORGOTTEN_PAGE) if _is_at(landed, ids) else landed


def _price(landed: Landed, ids: Ids) -> Landed:
    if not _is_at(landed, ids):
        return landed
    whole = Verbatim(landed.body)
    there = [name for name in _BESIDE_PRICES if whole.said.pop(name, None)]
    return replace(landed, body=whole.written()) if there else landed


def _is_at(landed: Landed, ids: Ids) -> bool:
    url = Item(landed, json_of(landed.body), "page").address("url")
    return url is not None and document_id(landed.source, url=url, key="") in ids


# -- Reddit -----------------------------------------------------------------------------------------------------------


def _things(landed: Landed, ids: Ids) -> Landed:
    whole, changed = Verbatim(landed.body), False
    waiting: list[Any] = list(whole.said) if isinstance(whole.said, list) else [whole.said]
    while waiting:
        listing = waiting.pop()
        children = _children(listing)
        kept: list[Any] = []
        left = children[::-1]
        while left:
            thing = left.pop()
            data = thing.get("data") if isinstance(thing, dict) else None
            replies = data.get("replies") if isinstance(data, dict) else None
            if _thing_id(landed, data) in ids:
                changed = True
                left.extend(_children(replies)[::-1])
                continue
            kept.append(thing)
            changed |= isinstance(data, dict) and _repeated(landed, data, ids)
            waiting.append(replies)
        if len(kept) != len(children) or any(one is not other for one, other in zip(kept, children, strict=False)):
            listing["data"]["children"] = kept
    return replace(landed, body=whole.written()) if changed else landed


def _children(listing: object) -> list[Any]:
    data = listing.get("data") if isinstance(listing, dict) and listing.get("kind") == "Listing" else None
    children = data.get("children") if isinstance(data, dict) else None
    return children if isinstance(children, list) else []


def _thing_id(landed: Landed, data: object) -> str | None:
    try:
        item = Item(landed, data, "data")
    except UnfitError:
        return None
    name, url = item.folded("name", most=MOST_NAME), reddit.address_of(item)
    return document_id(landed.source, url=None if name else url, key=name) if name or url else None


def _repeated(landed: Landed, data: dict[str, Any], ids: Ids) -> bool:
    """Takes out of somebody else's thing what it repeats of one of these posts; whether it did."""
    changed = False
    link = data.get("link_id")
    if isinstance(link, str) and document_id(landed.source, url=None, key=link) in ids:
        changed = bool([name for name in _OF_A_POST if data.pop(name, None) is not None])
    parents = data.get("crosspost_parent_list")
    if isinstance(parents, list):
        left = [each for each in parents if _thing_id(landed, each) not in ids]
        changed |= len(left) != len(parents)
        data["crosspost_parent_list"] = left
    return changed


# -- feeds ------------------------------------------------------------------------------------------------------------


def _feed(landed: Landed, ids: Ids) -> Landed:
    said, _ = feed_xml.text_of(landed.body, landed.content_type)
    text, _ = feed_xml.checked(said, roots=rss.ROOTS)
    gone = [_FEED.id_of(landed, raw) in ids for raw in rss.entries_of(text)]
    if not any(gone):
        return landed
    content = text.encode("utf-8", "replace")
    spans = _spans(content)
    if len(spans) != len(gone):
        raise UnfitError("body", "its items cannot be told apart")
    kept, at = [], 0
    for (start, end), goes in zip(spans, gone, strict=True):
        if goes:
            kept.append(content[at:start])
            at = end
    cut = b"".join([*kept, content[at:]])
    # What was in another charset is in UTF-8 now: a mark says so, before what header and declaration say.
    is_there = text in said and content in landed.body
    return replace(landed, body=landed.body.replace(content, cut, 1) if is_there else codecs.BOM_UTF8 + cut)


def _spans(content: bytes) -> list[tuple[int, int]]:
    """From where to where each item or entry goes, bytes of well-formed XML; one within another is a part of that."""
    found: list[tuple[int, int]] = []
    parser = expat.ParserCreate("utf-8", " ")
    depth = begun = 0

    def is_item(name: str) -> bool:
        return name.rpartition(" ")[2].lower() in ("item", "entry")

    def start(name: str, _attributes: object) -> None:
        nonlocal depth, begun
        if is_item(name):
            begun = begun if depth else parser.CurrentByteIndex
            depth += 1

    def end(name: str) -> None:
        nonlocal depth
        if is_item(name):
            depth -= 1
            if not depth:
                at = parser.CurrentByteIndex
                tag = _END.match(content, at)
                found.append((begun, tag.end() if tag else at))  # one without content ends where its start does

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(content, True)
    return found


Cut: TypeAlias = Callable[[Landed, Ids], Landed]
_OF_SOURCE: Final[Mapping[tuple[str, str], Cut]] = {
    ("news", "alphavantage"): _articles,
    ("news", "finnhub"): _headlines,
    ("social", "reddit"): _things,
}
_OF_KIND: Final[Mapping[str, Cut]] = {"news": _feed, "page": _page, "price": _price, "score": _scores}
"""An index has no documents."""
