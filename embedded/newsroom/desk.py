"""The stories: some forty every UTC day, the same for the same seed and day, however often they are asked for.

Most are told by one paper, and by those who gather from papers. Some are an agency's text: another paper has it a
little later under the same title at an address of its own.
"""

import functools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from embedded.newsroom.calendar import day_of, dice, moods
from embedded.newsroom.filling import filled
from embedded.newsroom.words import CALM, FALLS, RISES, Template, templates
from tapehouse.intervals import DAY_US, instant_of

ORIGINALS: Final = 36
COPIES: Final = 4
"""How many of a day's stories another paper has as well."""
_BLOCKS: Final = {"rise": RISES, "fall": FALLS, "calm": CALM}
_SCORES: Final = {"rise": (0.16, 0.62), "fall": (-0.62, -0.16), "calm": (-0.12, 0.12)}
_REMEMBERED_DAYS: Final = 64


@dataclass(frozen=True, slots=True)
class Paper:
    """Who writes stories. Its site does not exist: no ``.example`` does."""

    source: str
    """As the sources are named here; empty for one without a feed."""
    name: str
    host: str


COINDESK: Final = Paper("coindesk", "CoinDesk", "www.coindesk.example")
COINTELEGRAPH: Final = Paper("cointelegraph", "Cointelegraph", "cointelegraph.example")
GAZETTE: Final = Paper("", "The Chain Gazette", "www.chaingazette.example")
_OTHERS: Final = (
    GAZETTE,
    Paper("", "Ledger Herald", "ledgerherald.example"),
    Paper("", "Market Foghorn", "news.marketfoghorn.example"),
)
_PAPERS: Final = (COINDESK, COINDESK, COINDESK, COINTELEGRAPH, COINTELEGRAPH, COINTELEGRAPH, *_OTHERS)
_WRITERS: Final = ("Ada Lindqvist", "Bruno Keller", "Chidi Obi", "Dora Castellano", "Emre Aksoy", "Freya Nolan")


@dataclass(frozen=True, slots=True)
class Story:
    """One story as one paper has it."""

    story_id: int
    """Grows with time."""
    at_us: int
    title: str
    text: str
    url: str
    paper: Paper
    author: str
    topic: str
    score: float
    """Its mood, -1 to 1."""
    symbols: tuple[str, ...]
    gathered_by: frozenset[str]
    """Who has it beside its paper: alphavantage, finnhub."""


class Desk:
    """The stories of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._of_day = functools.lru_cache(maxsize=_REMEMBERED_DAYS)(self._written)

    def of_day(self, day: int) -> tuple[Story, ...]:
        """All of a day (days since 1970), oldest first: also those that at this hour are not written yet."""
        return self._of_day(day)

    def newest_first(self, now_us: int, *, days: int) -> Iterator[Story]:
        """What has been published by now, back to ``days`` before today."""
        today = day_of(now_us)
        for day in range(today, today - days - 1, -1):
            yield from (story for story in reversed(self.of_day(day)) if story.at_us <= now_us)

    def oldest_first(self, since_us: int, until_us: int) -> Iterator[Story]:
        """What was published from one time to another, both included."""
        for day in range(day_of(since_us), day_of(until_us) + 1):
            yield from (story for story in self.of_day(day) if since_us <= story.at_us <= until_us)

    def _written(self, day: int) -> tuple[Story, ...]:
        rolls = dice(self._seed, day, "stories")
        blocks = {mood: list(enumerate(templates(block))) for mood, block in _BLOCKS.items()}
        wanted = moods(self._seed, day, ORIGINALS, {mood: len(found) for mood, found in blocks.items()})
        for found in blocks.values():
            rolls.shuffle(found)
        stories = [self._story(mood, blocks[mood].pop(), day, rolls) for mood in wanted]
        stories += [_copied(story, rolls) for story in rolls.sample(stories, COPIES)]
        stories.sort(key=lambda story: (story.at_us, story.url))
        return tuple(replace(story, story_id=day * 100 + number) for number, story in enumerate(stories))

    @staticmethod
    def _story(mood: str, numbered: tuple[int, Template], day: int, rolls: random.Random) -> Story:
        number, template = numbered
        told = filled(template, number, day, rolls)
        paper = rolls.choice(_PAPERS)
        gathered = {name for name in ("alphavantage", "finnhub") if rolls.random() < 0.6}
        if not paper.source and not gathered:
            gathered = {"alphavantage"}
        at_us = day * DAY_US + rolls.randrange(DAY_US // 1_000_000) * 1_000_000
        return Story(
            story_id=0,
            at_us=at_us,
            title=told.title,
            text=told.text,
            url=_address(paper, template.topic, told.title, at_us),
            paper=paper,
            author=rolls.choice(_WRITERS),
            topic=template.topic,
            score=round(rolls.uniform(*_SCORES[mood]), 6),
            symbols=told.symbols,
            gathered_by=frozenset(gathered),
        )


def _copied(story: Story, rolls: random.Random) -> Story:
    paper = rolls.choice([each for each in dict.fromkeys(_PAPERS) if each != story.paper])
    last_us = (day_of(story.at_us) + 1) * DAY_US - 1_000_000
    at_us = min(last_us, story.at_us + rolls.randrange(300, 5_400) * 1_000_000)
    return replace(
        story,
        at_us=at_us,
        paper=paper,
        url=_address(paper, story.topic, story.title, at_us),
        gathered_by=frozenset({"alphavantage"}),
    )


def _address(paper: Paper, topic: str, title: str, at_us: int) -> str:
    slug = "-".join(re.findall(r"[a-z0-9]+", title.lower()))[:80].rstrip("-")
    return f"https://{paper.host}/{topic}/{instant_of(at_us):%Y/%m/%d}/{slug}"
