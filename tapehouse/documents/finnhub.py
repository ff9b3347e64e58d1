"""Finnhub's ``/news?category=crypto``: an array of articles, times in UNIX seconds.

Source: https://finnhub.io/docs/api/market-news. ``related`` names shares, so there is no symbol of ours in it;
``source`` names a paper, no author.
"""

from tapehouse.document import Document
from tapehouse.documents import moment
from tapehouse.documents.item import Item, UnfitError, each, json_of
from tapehouse.documents.parsed import MOST_BODY, MOST_TITLE, Parsed
from tapehouse.landing import Landed


def parse(landed: Landed) -> Parsed:
    """Raises UnfitError for a body that is no array."""
    said = json_of(landed.body)
    if isinstance(said, dict) and "error" in said:
        raise UnfitError("body", "an error in place of articles")
    if not isinstance(said, list):
        raise UnfitError("body", "no array of articles")
    return each(landed, said, article, name="news")


def article(item: Item) -> Document:
    """One of the array's. Raises UnfitError."""
    number = item.raw.get("id")
    known = isinstance(number, int) and not isinstance(number, bool)
    return item.document(
        "news",
        published_at_us=item.moment("datetime", moment.of_seconds(item.raw.get("datetime"))),
        url=item.address("url"),
        key=str(number) if known else "",
        title=item.seen("headline", most=MOST_TITLE),
        body=item.seen("summary", most=MOST_BODY),
        author="",
    )
