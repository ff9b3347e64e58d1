"""Alpha Vantage, spoken from its side: NEWS_SENTIMENT, and its refusals, which come with status 200.

*Source*: https://www.alphavantage.co/documentation/#news-sentiment. Several tickers or topics mean stories that have
all of them. A ticker that nobody writes about is refused as a wrong parameter is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from embedded.newsroom.desk import Desk, Story
from embedded.newsroom.page import Asked, Page, as_json, whole_number
from embedded.newsroom.words import ASSETS
from tapehouse.intervals import DAY_US, instant_of

LATEST_DAYS: Final = 30
"""How far back a call without ``time_from`` looks."""
MOST: Final = 1_000
_TIME: Final = re.compile(r"\d{8}T\d{4}")
_SORTS: Final = ("LATEST", "EARLIEST", "RELEVANCE")
_TOPICS: Final = {
    "markets": "Financial Markets",
    "etf": "Finance",
    "regulation": "Economy - Monetary",
    "adoption": "Retail & Wholesale",
    "technology": "Technology",
    "security": "Technology",
    "mining": "Energy & Transportation",
    "macro": "Economy - Macro",
}
_ASKED_TOPICS: Final = {
    "blockchain": "Blockchain",
    "financial_markets": "Financial Markets",
    "finance": "Finance",
    "economy_monetary": "Economy - Monetary",
    "retail_wholesale": "Retail & Wholesale",
    "technology": "Technology",
    "energy_transportation": "Energy & Transportation",
    "economy_macro": "Economy - Macro",
}
REFUSALS: Final[Mapping[str, str]] = {
    "too-fast": "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more "
    "sparingly (1 request per second). You may subscribe to any of the premium plans to lift the free key rate limit "
    "(25 requests per day), raise the per-second burst limit, and instantly unlock all premium endpoints",
    "day-over": "We have detected your API key as {key} and our standard API rate limit is 25 requests per day. Please "
    "subscribe to any of the premium plans to instantly remove all daily rate limits.",
    "invalid": "Invalid inputs. Please refer to the API documentation #newsapi and try again.",
}
"""How it can be made to refuse → in which words."""
_NO_KEY: Final = "the parameter apikey is invalid or missing. Please claim your free API key. It should take seconds."


class AlphaVantage:
    """The source. ``recorded`` answers every call, where there is some; an empty one is an empty feed."""

    def __init__(self, desk: Desk, recorded: Sequence[bytes] | None = None) -> None:
        self._desk, self._recorded = desk, recorded

    def answer(self, asked: Asked) -> Page:
        query = asked.query
        if asked.path != "/query":
            return as_json({"error": "not found"}, 404)
        if not query.get("apikey"):
            return as_json({"Error Message": _NO_KEY})
        if query.get("function") != "NEWS_SENTIMENT":
            return as_json({"Error Message": "This API function does not exist."})
        if self._recorded is not None:
            return Page(self._recorded[-1]) if self._recorded else _feed([])
        found = self._stories(query, asked.now_us)
        return refused("invalid") if found is None else _feed(found)

    def _stories(self, query: Mapping[str, str], now_us: int) -> list[Story] | None:
        """What the query asks for; None where it cannot be understood."""
        tickers = [each for each in query.get("tickers", "").split(",") if each]
        topics = [_ASKED_TOPICS.get(each, "") for each in query.get("topics", "").split(",") if each]
        limit = whole_number(query.get("limit", "50"), least=1, most=MOST)
        since_us = _time_us(query.get("time_from"), now_us - LATEST_DAYS * DAY_US)
        until_us = _time_us(query.get("time_to"), now_us)
        sort = query.get("sort", "LATEST")
        known = all(each.removeprefix("CRYPTO:") in ASSETS and each.startswith("CRYPTO:") for each in tickers)
        if not known or "" in topics or limit is None or since_us is None or until_us is None or sort not in _SORTS:
            return None
        found = self._between(since_us, min(until_us, now_us), {each.removeprefix("CRYPTO:") for each in tickers})
        fitting = (story for story in found if {*topics} <= {"Blockchain", _TOPICS[story.topic]})
        if sort == "EARLIEST":
            return list(islice(fitting, limit))
        return sorted(fitting, key=lambda story: -story.at_us)[:limit]

    def _between(self, since_us: int, until_us: int, symbols: set[str]) -> Iterator[Story]:
        for story in self._desk.oldest_first(max(since_us, until_us - 365 * DAY_US), until_us):
            if "alphavantage" in story.gathered_by and symbols <= set(story.symbols):
                yield story


def refused(how: str, key: str = "") -> Page:
    """One of its refusals; the day's prints the key."""
    return as_json({"Information": REFUSALS[how].format(key=key)})


def _time_us(text: str | None, default_us: int) -> int | None:
    if text is None:
        return default_us
    try:
        at = datetime.strptime(text, "%Y%m%dT%H%M").replace(tzinfo=UTC) if _TIME.fullmatch(text) else None
    except ValueError:
        return None
    return None if at is None else int(at.timestamp()) * 1_000_000


def _feed(stories: Sequence[Story]) -> Page:
    return as_json(
        {
            "items": str(len(stories)),
            "sentiment_score_definition": "x <= -0.35: Bearish; -0.35 < x <= -0.15: Somewhat-Bearish; "
            "-0.15 < x < 0.15: Neutral; 0.15 <= x < 0.35: Somewhat_Bullish; x >= 0.35: Bullish",
            "relevance_score_definition": "0 < x <= 1, with a higher score indicating higher relevance.",
            "feed": [_article(story) for story in stories],
        }
    )


def _article(story: Story) -> dict[str, Any]:
    return {
        "title": story.title,
        "url": f"{story.url}?utm_source=alphavantage",
        "time_published": f"{instant_of(story.at_us):%Y%m%dT%H%M%S}",
        "authors": [story.author],
        "summary": story.text,
        "banner_image": f"https://{story.paper.host}/images/{story.story_id}.jpg",
        "source": story.paper.name,
        "category_within_source": "n/a",
        "source_domain": story.paper.host,
        "topics": [
            {"topic": _TOPICS[story.topic], "relevance_score": "0.653456"},
            {"topic": "Blockchain", "relevance_score": "0.999975"},
        ],
        "overall_sentiment_score": story.score,
        "overall_sentiment_label": band(story.score),
        "ticker_sentiment": [_ticker(story, number) for number in range(len(story.symbols))],
    }


def _ticker(story: Story, number: int) -> dict[str, str]:
    """The first asset is what the story is about, the second is mentioned."""
    score = round(story.score * (1 - 0.3 * number), 6)
    return {
        "ticker": f"CRYPTO:{story.symbols[number]}",
        "relevance_score": f"{0.912345 / (1 + number):.6f}",
        "ticker_sentiment_score": f"{score:.6f}",
        "ticker_sentiment_label": band(score),
    }


def band(score: float) -> str:
    """The vendor's word for a score."""
    if -0.15 < score < 0.15:
        return "Neutral"
    strong = "" if abs(score) >= 0.35 else "Somewhat-"
    return f"{strong}{'Bullish' if score > 0 else 'Bearish'}"
