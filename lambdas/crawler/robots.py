"""What a site's robots.txt says, asked for once a day and origin.

| robots.txt answered                        | then                                                       |
|--------------------------------------------|------------------------------------------------------------|
| 2xx                                        | its rules, of our user agent or of all                     |
| 4xx but 429                                | all is allowed                                             |
| 5xx, 429, nothing, redirects without end   | nothing is allowed now (RobotsUnavailableError)            |
| more than 500 KiB                          | nothing is allowed (DisallowedError)                       |

Source: RFC 9309; that 429 is "not now" is more careful than it. ``Crawl-delay`` is no part of it, and is honoured.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from protego import Protego

from lambdas.crawler.guard import Place, place_of, shown
from lambdas.http import Answer, FetchError, Reason, Request
from tapehouse.errors import TerminalError, TransientError

MOST_BYTES: Final = 500 * 1024
KEPT_US: Final = 24 * 3_600 * 1_000_000
REFUSAL_KEPT_US: Final = 300 * 1_000_000
"""So long nobody is asked again after robots.txt could not be had."""
_MOST_ORIGINS: Final = 1_000
_ALLOWS: Final = frozenset(range(400, 500)) - {429}


class DisallowedError(TerminalError):
    """A site's robots.txt does not allow an address."""

    def __init__(self, shown_url: str, why: str) -> None:
        super().__init__(shown_url, why)
        self.shown_url, self.why = shown_url, why

    def __str__(self) -> str:
        return f"{self.shown_url} is not crawled: {self.why}."


class RobotsUnavailableError(TransientError):
    """A site's robots.txt cannot be had, so nothing of it may be read now."""

    def __init__(self, origin: str, why: str) -> None:
        super().__init__(origin, why)
        self.origin, self.why = origin, why

    def __str__(self) -> str:
        return f"{self.origin} is not crawled now: {self.why}"


class Sends(Protocol):
    """``lambdas.http``'s client, as far as it is used."""

    def send(self, request: Request) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one origin. Neither parser nor reason: all is allowed."""

    until_us: int
    parser: Protego | None = None
    refused: str = ""
    """Why nothing is allowed, until then."""
    unavailable: str = ""
    """Why nothing is allowed now."""


class Robots:
    """Asks through ``http``, whose session the guard is in. ``clock`` is µs UTC."""

    def __init__(
        self, http: Sends, *, user_agent: str, clock: Callable[[], int] = lambda: time.time_ns() // 1_000
    ) -> None:
        self._http, self._clock = http, clock
        self._agent = re.split(r"[/\s(;]", user_agent.strip(), maxsplit=1)[0] or "*"  # the product, as RFC 9309 has it
        self._known: dict[str, Rules] = {}

    def check(self, url: str) -> float:
        """The seconds that the site wants between two requests, 0 where it says nothing.

        Raises DisallowedError and RobotsUnavailableError; the guard's errors pass through.
        """
        place = place_of(url)
        rules = self._rules(place)
        if rules.unavailable:
            raise RobotsUnavailableError(place.origin, rules.unavailable)
        if rules.refused:
            raise DisallowedError(shown(url), rules.refused)
        if rules.parser is None:
            return 0.0
        if not rules.parser.can_fetch(url, self._agent):
            raise DisallowedError(shown(url), "its robots.txt says so")
        return max(0.0, float(rules.parser.crawl_delay(self._agent) or 0.0))

    def _rules(self, place: Place) -> Rules:
        known = self._known.get(place.origin)
        if known is None or known.until_us <= self._clock():
            if len(self._known) >= _MOST_ORIGINS:
                self._known.clear()
            known = self._known[place.origin] = self._asked(place)
        return known

    def _asked(self, place: Place) -> Rules:
        day = self._clock() + KEPT_US
        try:
            answer = self._http.send(Request(url=f"{place.origin}/robots.txt", name="robots.txt", answered=_ALLOWS))
        except FetchError as error:
            if error.reason is Reason.TOO_LARGE:
                return Rules(day, refused=f"its robots.txt has more than {MOST_BYTES // 1024} KiB")
            return Rules(self._clock() + REFUSAL_KEPT_US, unavailable=str(error))
        if answer.status in _ALLOWS:
            return Rules(day)
        text = answer.body.decode("utf-8", "replace").removeprefix("\ufeff")
        return Rules(day, Protego.parse(text))
