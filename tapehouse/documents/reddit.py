"""Reddit's listings: posts (t3) and comments (t1), as the API tells them with ``raw_json=1``.

Source: https://www.reddit.com/dev/api. ``created_utc`` is the time (``created`` is shifted by somebody's offset), the
permalink is the address (``url`` of a post is what it links to). What its author or a moderator took away is told
without its text, so that stored copies can go too: Reddit's terms ask for that.
"""

from collections.abc import Iterator
from typing import Any, Final

from tapehouse.document import Document
from tapehouse.documents import moment
from tapehouse.documents.item import Item, UnfitError, each, json_of
from tapehouse.documents.markup import folded
from tapehouse.documents.parsed import MOST_BODY, MOST_NAME, MOST_TITLE, MOST_URL, Parsed
from tapehouse.landing import Landed

_SITE: Final = "https://www.reddit.com"
_GONE: Final = frozenset({"[removed]", "[deleted]", "[deleted by user]", "[ removed by reddit ]"})
_MORE: Final = "more"
"""What stands for comments that were not sent: ids alone."""


def parse(landed: Landed) -> Parsed:
    """A listing, or several (a post's own page is two: the post, its comments), replies and all.

    Raises UnfitError for a body that is no listing.
    """
    said = json_of(landed.body)
    listings = said if isinstance(said, list) else [said]
    if not listings or not all(isinstance(each, dict) and each.get("kind") == "Listing" for each in listings):
        raise UnfitError("body", "no listing")
    return each(landed, list(_things(listings)), _thing, name="children")


def _things(listings: list[Any]) -> Iterator[object]:
    """Every child of the listings, each before its replies. No recursion: comments nest as deep as anybody likes."""
    waiting: list[object] = listings[::-1]
    while waiting:
        thing = waiting.pop()
        data = thing.get("data") if isinstance(thing, dict) else None
        if isinstance(thing, dict) and thing.get("kind") == "Listing":
            children = data.get("children") if isinstance(data, dict) else None
            waiting.extend(children[::-1] if isinstance(children, list) else [None])
        elif not (isinstance(thing, dict) and thing.get("kind") == _MORE):
            yield thing
            if isinstance(data, dict) and isinstance(data.get("replies"), dict):
                waiting.append(data["replies"])


def _thing(wrapped: Item) -> Document:
    kind = wrapped.raw.get("kind")
    if kind not in ("t3", "t1"):
        raise wrapped.unfit("kind", "neither a post (t3) nor a comment (t1)")
    item = Item(wrapped.landed, wrapped.raw.get("data"), f"{wrapped.where}.data")
    item.faults = wrapped.faults
    at_us = item.moment("created_utc", moment.of_seconds(item.raw.get("created_utc")))
    name = item.folded("name", most=MOST_NAME)
    url = address_of(item)
    if not (name or url):
        raise item.unfit("name", "neither a name nor a permalink")
    title = _text(item, "title", most=MOST_TITLE) if kind == "t3" else ""
    body = _text(item, "selftext" if kind == "t3" else "body", most=MOST_BODY)
    author = item.folded("author", most=MOST_NAME)
    removed = bool(item.raw.get("removed_by_category")) or any(
        text.lower() in _GONE for text in (title, body, author) if text
    )
    return item.document(
        "social",
        url=url,
        key=name,
        by_key=bool(name),  # the address of a post holds words of its title, and changes when that is taken away
        title="" if removed else title,
        body="" if removed else body,
        author="" if removed else author,
        published_at_us=at_us,
        removed=removed,
    )


def address_of(item: Item) -> str | None:
    """Canonical, of the permalink."""
    permalink = item.folded("permalink", most=MOST_URL)
    if permalink and not permalink.startswith("/"):
        item.note("permalink", "no path")
        return None
    return item.address("permalink", _SITE + permalink) if permalink else None


def _text(item: Item, field: str, *, most: int) -> str:
    """Markdown, which is no HTML. Without ``raw_json=1`` three of its characters come as entities."""
    text = item.string(field).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return folded(text, most=most)
