"""Finnhub's market news, spoken from its side: the newest page, from behind an id.

*Source*: https://finnhub.io/docs/api/market-news. The token comes as ``token`` or in ``X-Finnhub-Token``; ``bad`` is
refused.
"""

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from embedded.newsroom.desk import Desk, Story
from embedded.newsroom.page import Asked, Page, as_json, whole_number

BAD_KEY: Final = "bad"
MOST: Final = 100
DAYS: Final = 10
"""How far back the newest page can reach."""


class Finnhub:
    """The source. Of what was ``recorded``, the first body that has an id above ``minId`` is played."""

    def __init__(self, desk: Desk, recorded: Sequence[bytes] | None = None) -> None:
        self._desk, self._recorded = desk, recorded

    def answer(self, asked: Asked) -> Page:
        if asked.path != "/news":
            return as_json({"error": "not found"}, 404)
        token = asked.headers.get("x-finnhub-token") or asked.query.get("token", "")
        if token in ("", BAD_KEY):
            return as_json({"error": "Invalid API key" if token else "Please use an API key."}, 401)
        least = whole_number(asked.query.get("minId", "0") or "0", least=0, most=2**62)
        if least is None:
            return as_json({"error": "Invalid minId"}, 422)
        if self._recorded is not None:
            return next((Page(body) for body in self._recorded if _greatest_id(body) > least), as_json([]))
        if asked.query.get("category") != "crypto":
            return as_json([])
        newest = self._desk.newest_first(asked.now_us, days=DAYS)
        fitting = (story for story in newest if "finnhub" in story.gathered_by and story.story_id > least)
        return as_json([_article(story) for story in islice(fitting, MOST)])


def _greatest_id(body: bytes) -> int:
    said = json.loads(body)
    return max((int(each["id"]) for each in said), default=0)


def _article(story: Story) -> dict[str, Any]:
    return {
        "category": "crypto",
        "datetime": story.at_us // 1_000_000,
        "headline": story.title,
        "id": story.story_id,
        "image": f"https://{story.paper.host}/images/{story.story_id}.jpg",
        "related": "",
        "source": story.paper.name,
        "summary": story.text,
        "url": story.url,
    }
