"""The Fear & Greed index: its newest values, as many days back as the day that is asked for, and one more."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar

from lambdas.http import Request
from lambdas.source import Answers, Sends, SourceFailedError, Told, landed
from tapehouse.intervals import instant_of


@dataclass(kw_only=True)
class FearGreed:
    """The source; it needs no key."""

    NAME: ClassVar[str] = "fear-greed"
    ADDRESS: ClassVar[str] = "https://api.alternative.me/fng/"

    http: Sends
    clock: Callable[[], int]
    address: str = ADDRESS

    def __call__(self, day: date) -> Answers:
        """Raises SourceFailedError for an answer without a list of values."""
        days = (instant_of(self.clock()).date() - day).days
        request = Request(url=self.address, params={"limit": str(days + 2), "format": "json"}, name=self.NAME)
        answer = self.http.send(request)
        stamps = _stamps(answer.body)
        if stamps is None:
            said = f"what it answered has no list of values (content type {answer.content_type[:60]!r})"
            raise SourceFailedError(self.NAME, said)
        yield landed("index", self.NAME, request, answer)
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        return Told("landed") if str(midnight) in stamps else Told("empty", f"no value of {day}")


def _stamps(body: bytes) -> set[str] | None:
    """The times of its values; None for what is no answer, or says that it is an error."""
    try:
        said = json.loads(body)
        error = (said.get("metadata") or {}).get("error")
        return None if error else {str(value["timestamp"]) for value in said["data"]}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return None
