"""What a page says of itself: its title, its author, when it was published, and its article.

| of a page  | asked first, then                                                     |
|------------|-----------------------------------------------------------------------|
| title      | JSON-LD ``headline``; ``og:title``; ``<title>``; the first ``<h1>``   |
| author     | JSON-LD ``author``; ``<meta name=author>``; ``article:author``        |
| published  | JSON-LD ``datePublished``; ``article:published_time``                 |
| text       | trafilatura                                                           |

A time without its offset from UTC, or later than the page was fetched, is no time: nobody knows when that was.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from lambdas.crawler.extraction import MOST_TEXT, text_of
from tapehouse.intervals import micros_of

MOST_JSON: Final = 500_000
_MOST_NODES: Final = 10_000
_STORIES: Final = ("article", "posting", "report", "webpage")
_MOST_WORD: Final = 500


@dataclass(frozen=True, slots=True)
class About:
    """What a page says of itself."""

    title: str
    author: str | None
    published_at_us: int | None


def about(tree: LexborHTMLParser, *, fetched_at_us: int) -> About:
    """Never raises for what a page holds."""
    story = next(_stories(tree), {})
    titles = (_text(story.get("headline")), _meta(tree, "og:title"), _element(tree, "title"), _element(tree, "h1"))
    authors = (_author(story.get("author")), _meta(tree, "author"), _meta(tree, "article:author"))
    times = (_text(story.get("datePublished")), _meta(tree, "article:published_time"))
    known = (time_us(time, no_later_than_us=fetched_at_us) for time in times)
    return About(
        title=next((title for title in titles if title), ""),
        author=next((author for author in authors if author and "://" not in author), None),
        published_at_us=next((time for time in known if time is not None), None),
    )


def article(html: str) -> str:
    """The text of the page's article, without menus, comments and markup; empty where none is found."""
    import trafilatura  # noqa: PLC0415 - a second of work, and a price needs none

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # a page without an article is no error here
    found = trafilatura.extract(html, include_comments=False, include_tables=False)
    return (found or "")[:MOST_TEXT]


def time_us(text: str, *, no_later_than_us: int) -> int | None:
    """ISO 8601 with an offset, as µs UTC; None for any other text and for a time that is still to come."""
    try:
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is None:
            return None
        found = micros_of(at)
    except (ValueError, OverflowError):
        return None
    return found if 0 < found <= no_later_than_us else None


def _stories(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """The JSON-LD objects that are a story."""
    for script in tree.css('script[type="application/ld+json"]')[:20]:
        text = script.text(deep=True) or ""
        if len(text) > MOST_JSON:
            continue
        try:
            said = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        for each in _objects(said):
            kinds = each.get("@type")
            names = kinds if isinstance(kinds, list) else [kinds]
            if any(isinstance(name, str) and name.lower().endswith(_STORIES) for name in names):
                yield each


def _objects(said: Any) -> Iterator[dict[str, Any]]:
    """The objects of a script: one, a list of them, or a ``@graph``; level by level, and not without end."""
    left = [said]
    for _ in range(_MOST_NODES):
        if not left:
            return
        each = left.pop(0)
        if isinstance(each, list):
            left.extend(each[:_MOST_NODES])
        elif isinstance(each, dict):
            yield each
            left.extend(value for key, value in each.items() if key in ("@graph", "mainEntity"))


def _author(said: Any) -> str | None:
    """A name, an object with one, or several of either."""
    several = said if isinstance(said, list) else [said]
    names = [_text(each.get("name") if isinstance(each, dict) else each) for each in several[:20]]
    return ", ".join(dict.fromkeys(name for name in names if name))[:_MOST_WORD] or None


def _meta(tree: LexborHTMLParser, name: str) -> str:
    node = tree.css_first(f'meta[property="{name}"], meta[name="{name}"]')
    return _text(node.attributes.get("content")) if node else ""


def _element(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return text_of(node)[:_MOST_WORD] if node else ""


def _text(said: Any) -> str:
    return " ".join(said[:_MOST_WORD].split()) if isinstance(said, str) else ""
