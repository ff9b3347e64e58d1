"""Finnhub's crypto news: its newest page, from behind the last story that has landed.

It knows no range of dates: whatever day is asked for, the newest stories are answered, about a hundred.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from lambdas.batch import keys_since, readable
from lambdas.http import Request
from lambdas.source import Answers, Sends, SourceFailedError, Told, landed
from tapehouse.landing import Landing


@dataclass(kw_only=True)
class Finnhub:
    """The source. Off without a token, which goes in a header: addresses are logged by many."""

    NAME: ClassVar[str] = "finnhub"
    ADDRESS: ClassVar[str] = "https://finnhub.io/api/v1/news"

    http: Sends
    token: Callable[[], str] = field(repr=False)
    landing: Landing
    clock: Callable[[], int]
    address: str = ADDRESS

    def __call__(self, day: date) -> Answers:
        token = self.token()
        if not token:
            return Told("off", "it has no token: set FINNHUB_TOKEN or FINNHUB_SECRET")
        least = self._greatest_id()
        request = Request(
            url=self.address,
            params={"category": "crypto", "minId": str(least)},
            headers={"X-Finnhub-Token": token},
            name=self.NAME,
            secrets=(token,),
        )
        answer = self.http.send(request)
        stories = _stories(answer.body)
        if stories is None:
            said = f"what it answered is no list of stories (content type {answer.content_type[:60]!r})"
            raise SourceFailedError(self.NAME, said)
        if not stories and least:
            return Told("nothing new", f"no story behind {least}")
        yield landed("news", self.NAME, request, answer)
        return Told("landed" if stories else "empty")

    def _greatest_id(self) -> int:
        """Of all stories that landed in the last week; 0 where there is none."""
        keys = keys_since(self.landing, "news", self.NAME, now_us=self.clock())
        lines = itertools.chain.from_iterable(lines for _, lines in readable(self.landing, keys))
        return max((_id(story) for line in lines for story in _stories(line.body) or ()), default=0)


def _stories(body: bytes) -> list[object] | None:
    """None for what is no list."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, list) else None


def _id(story: object) -> int:
    found = story.get("id") if isinstance(story, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
