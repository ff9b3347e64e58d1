"""What the crawler lands of a page: its text, already without markup, as JSON of our own.

::

    {"task": …, "url": …, "title": …, "text": …, "author": … or null, "published_at_us": … or null, "values": […]}
"""

from tapehouse.document import Document
from tapehouse.documents.item import Item, UnfitError, each, json_of
from tapehouse.documents.parsed import MOST_BODY, MOST_NAME, MOST_TITLE, Parsed
from tapehouse.landing import Landed


def parse(landed: Landed) -> Parsed:
    """One document, and none of an empty object: that page was forgotten. ``values`` are for responses of kind price.

    Raises UnfitError for a body that is no JSON object.
    """
    said = json_of(landed.body)
    if said == {}:
        return Parsed()
    if not isinstance(said, dict):
        raise UnfitError("body", "no object")
    return each(landed, [said], _page, name="page")


def _page(item: Item) -> Document:
    url = item.address("url")
    if url is None:
        raise item.unfit("url", "a page without its address")
    return item.document(
        "page",
        url=url,
        key="",
        title=item.folded("title", most=MOST_TITLE),
        body=item.folded("text", most=MOST_BODY),
        author=item.folded("author", most=MOST_NAME),
        published_at_us=published_or_fetched(item, "published_at_us"),
    )


def published_or_fetched(item: Item, field: str) -> int:
    """The time of this field; where it is null, that of the fetch: a page need not say when it was written."""
    at_us = item.raw.get(field)
    if at_us is None:
        return item.landed.fetched_at_us
    return item.moment(field, at_us if isinstance(at_us, int) and not isinstance(at_us, bool) else None)
