"""The Chain Gazette, which has no feed: pages of HTML for a crawler, and a page with a price.

``/gazette/`` lists its newest stories, ``/gazette/story/NUMBER`` is one of them, ``/gazette/prices/btc-usd`` says what
a bitcoin costs: near where the simulated venues begin, another price each hour.
"""

from html import escape
from itertools import islice
from typing import Final

from embedded.newsroom.calendar import dice
from embedded.newsroom.desk import GAZETTE, Desk, Story
from embedded.newsroom.page import Asked, Page
from tapehouse.intervals import HOUR_US, instant_of
from tapehouse.price_walk import start_price

LISTED: Final = 4
"""Each is a page to be asked for, a second apart."""
DAYS: Final = 10
_APART: Final = 0.01
"""How far its price is from the first one at most, as a share of it."""


class Gazette:
    """Its site."""

    def __init__(self, seed: int, desk: Desk) -> None:
        self._seed, self._desk = seed, desk

    def answer(self, asked: Asked) -> Page:
        kind, _, name = asked.path.removeprefix("/").partition("/")
        if not kind:
            return self._front(asked.now_us)
        if (kind, name) == ("prices", "btc-usd"):
            return self._price(asked.now_us)
        story = next((each for each in self._newest(asked.now_us) if str(each.story_id) == name), None)
        if kind != "story" or story is None:
            return _html("Not found", "<main><p>There is no such page.</p></main>", 404)
        return _article(story)

    def _newest(self, now_us: int) -> list[Story]:
        told = (story for story in self._desk.newest_first(now_us, days=DAYS) if story.paper == GAZETTE)
        return list(islice(told, 2 * LISTED))  # what was listed a while ago is still there

    def _front(self, now_us: int) -> Page:
        links = "".join(
            f'<li><h2><a href="/gazette/story/{story.story_id}">{escape(story.title)}</a></h2></li>'
            for story in self._newest(now_us)[:LISTED]
        )
        return _html(GAZETTE.name, f"<main><h1>{GAZETTE.name}</h1><ul>{links}</ul></main>")

    def _price(self, now_us: int) -> Page:
        apart = dice(self._seed, now_us // HOUR_US, "the gazette's price").uniform(-_APART, _APART)
        price = float(start_price("BTC-USD")) * (1 + apart)
        return _html("Bitcoin in US dollars", f'<main><p>A bitcoin costs <b id="price">${price:,.2f}</b></p></main>')


def _article(story: Story) -> Page:
    said = (
        f'<meta name="author" content="{escape(story.author)}">'
        f'<meta property="article:published_time" content="{instant_of(story.at_us).isoformat()}">'
    )
    body = f"<article><h1>{escape(story.title)}</h1><p>{escape(story.text)}</p></article>"
    return _html(story.title, body, head=said)


def _html(title: str, body: str, status: int = 200, *, head: str = "") -> Page:
    text = f'<!doctype html><html lang="en"><head><title>{escape(title)}</title>{head}</head><body>{body}</body></html>'
    return Page(text.encode(), status, "text/html; charset=utf-8")
