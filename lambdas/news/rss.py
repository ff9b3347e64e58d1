"""A feed of RSS or Atom: its newest items, asked for only if they changed since the last fetch.

A feed holds its newest 20 to 50 items, so a day that is long over is no longer in it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from lambdas.batch import newest
from lambdas.http import Request
from lambdas.source import Answers, Sends, SourceFailedError, Told, landed
from tapehouse.intervals import instant_of
from tapehouse.landing import Landing

DAYS: Final = 2
"""How many days before today are still looked for in a feed."""
_CONDITIONS: Final = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
_FEED: Final = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)[\s>/]", re.IGNORECASE)
_ITEM: Final = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>/]", re.IGNORECASE)


@dataclass(kw_only=True)
class Rss:
    """One feed."""

    ADDRESSES: ClassVar[Mapping[str, str]] = {
        "coindesk": "https://www.coindesk.com/arc/outboundfeeds/rss/",
        "cointelegraph": "https://cointelegraph.com/rss",
    }

    name: str
    address: str
    http: Sends
    landing: Landing
    clock: Callable[[], int]

    def __call__(self, day: date) -> Answers:
        today = instant_of(self.clock()).date()
        if (today - day).days > DAYS:
            return Told("off", f"a feed has its newest items alone, and {day} is more than {DAYS} days ago")
        plain = Request(url=self.address, name=self.name)
        request = Request(url=self.address, name=self.name, headers=self._conditions(plain.shown))
        answer = self.http.send(request)
        if answer.status == 304:
            return Told("nothing new", "it says that nothing changed since the last fetch")
        ascii_only = answer.body.replace(b"\0", b"")  # UTF-16's tags as well
        if not _FEED.search(ascii_only):
            raise SourceFailedError(
                self.name, f"what it answered is no feed (content type {answer.content_type[:60]!r})"
            )
        yield landed("news", self.name, request, answer)
        return Told("landed" if _ITEM.search(ascii_only) else "empty")

    def _conditions(self, shown: str) -> dict[str, str]:
        """The headers that ask for news alone: as the newest landed answer of this very address gave them."""
        found = newest(self.landing, "news", self.name, now_us=self.clock())
        last = found[1][-1] if found else None
        if last is None or last.request != shown:
            return {}
        return {header: last.headers[name] for name, header in _CONDITIONS.items() if last.headers.get(name)}
