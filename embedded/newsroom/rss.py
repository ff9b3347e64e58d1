"""The feeds of CoinDesk and Cointelegraph, spoken from their side: RSS 2.0, the newest items, and 304 for no news.

CoinDesk's descriptions are plain, Cointelegraph's hold HTML in CDATA, as theirs do. Where ``If-None-Match`` is sent,
it alone decides (RFC 9110, 13.2.2).
"""

import hashlib
from collections.abc import Sequence
from email.utils import format_datetime, parsedate_to_datetime
from itertools import islice
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from embedded.newsroom.desk import Desk, Paper, Story
from embedded.newsroom.page import Asked, Page, as_json
from embedded.newsroom.words import ASSETS
from tapehouse.intervals import instant_of

ITEMS: Final = 40
DAYS: Final = 10
_TYPE: Final = "application/rss+xml; charset=utf-8"
_SPACES: Final = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:atom="http://www.w3.org/2005/Atom"'
)


class Rss:
    """One paper's feed; ``recorded`` answers every call, where there is some."""

    def __init__(self, paper: Paper, desk: Desk, recorded: Sequence[bytes] | None = None, *, markup: bool) -> None:
        self._paper, self._desk, self._recorded, self._markup = paper, desk, recorded, markup

    def answer(self, asked: Asked) -> Page:
        if asked.path.rstrip("/") != "/rss":
            return as_json({"error": "not found"}, 404)
        newest = self._desk.newest_first(asked.now_us, days=DAYS) if self._recorded is None else ()
        stories = list(islice((story for story in newest if story.paper == self._paper), ITEMS))
        body = self._recorded[-1] if self._recorded else self._feed(stories)
        changed_us = stories[0].at_us if stories else 0
        headers = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            "Last-Modified": format_datetime(instant_of(changed_us), usegmt=True),
            "Cache-Control": "max-age=60",
        }
        if _is_known(asked, headers["ETag"], changed_us):
            return Page(b"", 304, _TYPE, headers)
        return Page(body, 200, _TYPE, headers)

    def _feed(self, stories: Sequence[Story]) -> bytes:
        paper = self._paper
        built = f"<lastBuildDate>{_rfc822(stories[0].at_us)}</lastBuildDate>" if stories else ""
        items = "".join(self._item(story) for story in stories)
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {_SPACES}><channel><title>{paper.name}</title>'
            f"<link>https://{paper.host}/</link><description>News of digital assets</description>"
            f"<language>en</language>{built}{items}</channel></rss>\n"
        )
        return text.encode()

    def _item(self, story: Story) -> str:
        image = quoteattr(f"https://{story.paper.host}/images/{story.story_id}.jpg")
        categories = [*(ASSETS[symbol] for symbol in story.symbols), story.topic.capitalize()]
        described = f"<![CDATA[<p><img src={image} alt=''>{escape(story.text)}</p>]]>" if self._markup else ""
        tracked = "?utm_source=rss_feed&utm_medium=rss" if self._markup else ""
        return (
            f"\n<item><title>{escape(story.title)}</title><link>{escape(story.url + tracked)}</link>"
            f'<guid isPermaLink="false">{story.paper.source}-{story.story_id}</guid>'
            f"<pubDate>{_rfc822(story.at_us)}</pubDate><dc:creator>{escape(story.author)}</dc:creator>"
            f"<description>{described or escape(story.text)}</description>"
            + "".join(f"<category>{escape(each)}</category>" for each in categories)
            + f'<media:content url={image} medium="image"/></item>'
        )


def _rfc822(at_us: int) -> str:
    return format_datetime(instant_of(at_us))


def _is_known(asked: Asked, tag: str, changed_us: int) -> bool:
    known = asked.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in known.split(",")]
    try:
        since = parsedate_to_datetime(asked.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return changed_us > 0 and since.timestamp() >= changed_us // 1_000_000
