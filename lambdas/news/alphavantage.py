"""Alpha Vantage's news with sentiment: the stories of one UTC day and the hour before it, one ticker a call.

A free key has 25 calls a day, so a day that is not over is asked for no more often than every ``every_h`` hours: with
five tickers each 6 h that is 20 calls, and 5 for the day that is over.

Several tickers in a call mean stories about all of them. A full page is followed by one from its last story's minute
on, so stories of that minute come twice.

| what it says with status 200            | then                                                                    |
|-----------------------------------------|-------------------------------------------------------------------------|
| a feed                                  | it lands                                                                |
| requests come too fast                  | the same call again, after 2, 4, 8 s                                    |
| the day's requests are used up          | SourceFailedError: what was got lands                                   |
| invalid inputs: also, no such article   | it lands, as an empty feed does; but if no ticker of this day nor of    |
|                                         | the one before has another answer, SourceRefusedError                   |
| anything else, a page of HTML too       | SourceRefusedError                                                      |
"""

import json
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from lambdas.batch import keys_since, newest, readable
from lambdas.http import Answer, Request
from lambdas.source import Answers, Sends, SourceFailedError, SourceRefusedError, Told, landed
from tapehouse.documents.alphavantage import Refusal, refusal
from tapehouse.intervals import HOUR_US, instant_of
from tapehouse.landing import Key, Landed, Landing

OVERLAP: Final = timedelta(hours=1)
LIMIT: Final = 1_000
"""Stories of a page; more are not given."""
MOST_PAGES: Final = 20
"""Of one ticker's day."""
BETWEEN_CALLS_S: Final = 1.1
"""A free key may ask once a second."""
EVERY_H: Final = 6.0
TRIES: Final = 4
"""Of one call that comes too fast."""


@dataclass(kw_only=True)
class AlphaVantage:
    """The source. Off without a key."""

    NAME: ClassVar[str] = "alphavantage"
    ADDRESS: ClassVar[str] = "https://www.alphavantage.co/query"

    http: Sends
    key: Callable[[], str] = field(repr=False)
    symbols: Sequence[str]
    """Base assets: BTC."""
    landing: Landing
    clock: Callable[[], int]
    address: str = ADDRESS
    every_h: float = EVERY_H
    sleep: Callable[[float], None] = time.sleep
    _has_asked: bool = field(default=False, init=False, repr=False)
    _asked: tuple[date, int] | None = field(default=None, init=False, repr=False)
    """The day that is not over, once it was asked for of every ticker, and when that was, µs UTC."""

    def __call__(self, day: date) -> Answers:
        """See the module; FetchErrors pass through."""
        key = self.key()
        if not key:
            return Told("off", "it has no key: set ALPHAVANTAGE_KEY or ALPHAVANTAGE_SECRET")
        is_over = day < instant_of(self.clock()).date()
        if not is_over and self._is_too_soon(day):
            return Told("nothing new", f"{day} was asked for less than {self.every_h:g} h ago, and calls are few")
        stories, without = 0, []
        for symbol in self.symbols:
            found = yield from self._pages(symbol, day, key)
            stories += found or 0
            if found is None:
                without.append(symbol)
        if len(without) == len(self.symbols):
            self._refuse_again(day)
        self._asked = self._asked if is_over else (day, self.clock())
        detail = f"no article of {', '.join(without)}, or no such ticker" if without else ""
        return Told("landed" if stories else "empty", detail)

    def _pages(self, symbol: str, day: date, key: str) -> Generator[Landed, None, int | None]:
        """All pages of one ticker; how many stories they have, and None for invalid inputs."""
        at, until = _span(day)
        stories = 0
        for _ in range(MOST_PAGES):
            request = self._request(symbol, at, until, key)
            answer, refused = self._ask(request)
            yield landed("news", self.NAME, request, answer)
            if refused is not None:
                return None
            feed = json.loads(answer.body)["feed"]
            stories += len(feed)
            if len(feed) < LIMIT:
                return stories
            last = self._minute(feed[-1])
            if last <= at:
                said = f"{symbol} has {LIMIT} stories or more from {at:%H:%M} on: they are out of reach"
                raise SourceRefusedError(self.NAME, said)
            at = last
        raise SourceRefusedError(self.NAME, f"{symbol} has more than {MOST_PAGES} pages: the rest is not landed")

    def _request(self, symbol: str, since: datetime, until: datetime, key: str) -> Request:
        params = {
            "function": "NEWS_SENTIMENT",
            "tickers": f"CRYPTO:{symbol}",
            "time_from": f"{since:%Y%m%dT%H%M}",
            "time_to": f"{until:%Y%m%dT%H%M}",
            "sort": "EARLIEST",
            "limit": str(LIMIT),
            "apikey": key,
        }
        return Request(url=self.address, params=params, name=self.NAME, secrets=(key,))

    def _ask(self, request: Request) -> tuple[Answer, Refusal | None]:
        """A page with a feed, or one that says that its inputs are invalid."""
        for tries in range(TRIES):
            if self._has_asked:
                self.sleep(2.0**tries if tries else BETWEEN_CALLS_S)
            self._has_asked = True
            answer = self.http.send(request)
            refused = refusal(answer.body)
            if refused is None or refused.why == "nothing":
                return answer, refused
            if refused.why == "tomorrow":
                raise SourceFailedError(self.NAME, refused.text)
            if refused.why == "other":
                raise SourceRefusedError(self.NAME, refused.text)
        raise SourceFailedError(self.NAME, f"requests come too fast, says it {TRIES} times in a row")

    def _minute(self, story: Any) -> datetime:
        """When a story was published, to the minute. Raises SourceRefusedError: the next page cannot be asked for."""
        try:
            return datetime.strptime(story["time_published"][:13], "%Y%m%dT%H%M").replace(tzinfo=UTC)
        except (TypeError, KeyError, ValueError) as error:
            raise SourceRefusedError(self.NAME, "a full page ends with a story without a time") from error

    def _is_too_soon(self, day: date) -> bool:
        """By what this process asked, and by what has landed: an answer that was the same as before has not."""
        since_us = self.clock() - int(self.every_h * HOUR_US)
        if self._asked is not None and self._asked[0] == day and self._asked[1] > since_us:
            return True
        span = timedelta(hours=self.every_h)
        keys = keys_since(self.landing, "news", self.NAME, now_us=self.clock(), span=span)
        late = (key for key in keys if (said := Key.of(key)) is not None and said.at_us > since_us)
        return any(self._is_whole(lines, day) for _, lines in readable(self.landing, late))

    def _is_whole(self, lines: Sequence[Landed], day: date) -> bool:
        """Whether a round was asked for of every ticker to its last page: one that broke off is to be made again."""
        last = {parse_qs(urlsplit(line.request).query)["tickers"][0]: line for line in lines if _is_of(line, day)}
        return all(
            (line := last.get(f"CRYPTO:{symbol}")) is not None
            and (refusal(line.body) is not None or len(json.loads(line.body)["feed"]) < LIMIT)
            for symbol in self.symbols
        )

    def _refuse_again(self, day: date) -> None:
        """Raises SourceRefusedError where the run for another day had invalid inputs alone as well."""
        found = newest(self.landing, "news", self.NAME, now_us=self.clock())
        lines = found[1] if found else []
        is_this_day = any(_is_of(line, day) for line in lines)
        whys = [refused.why for refused in (refusal(line.body) for line in lines) if refused]
        if lines and not is_this_day and whys == ["nothing"] * len(lines):
            raise SourceRefusedError(self.NAME, "day by day it finds every ticker's parameters wrong: look at them")


def _is_of(line: Landed, day: date) -> bool:
    return f"time_to={_span(day)[1]:%Y%m%dT%H%M}" in line.request


def _span(day: date) -> tuple[datetime, datetime]:
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begins - OVERLAP, begins + timedelta(days=1)
