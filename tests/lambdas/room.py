"""A daily Lambda's surroundings: a landing, a clock that goes on by itself, waits that take no time."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from lambdas.batch import Batch, BatchFailedError
from lambdas.http import Http, Limits
from lambdas.source import Source
from tapehouse.landing import Landed, Landing

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
DAY = date(2026, 11, 28)
EVENT = {"time": "2026-11-29T02:00:00Z"}


class Call:
    """A Lambda's context and the time that passes in its call: only its waits take any."""

    def __init__(self, *, left_s: float) -> None:
        self._left_s, self.slept = left_s, list[float]()

    def get_remaining_time_in_millis(self) -> int:
        return int(1_000 * (self._left_s - self.monotonic()))

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Room:
    """Where sources are run, one day after the other if told so."""

    def __init__(self, folder: Path) -> None:
        self.landing = Landing(folder / "landing")
        self.now_us = int(NOW.timestamp()) * 1_000_000
        self.slept: list[float] = []
        self.http = Http(
            Limits(tries=2, deadline_s=20, read_s=0.3), sleep=self.sleep, clock=self.clock, dice=lambda: 1.0
        )

    def clock(self) -> int:
        self.now_us += 1_000
        return self.now_us

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def batch(self, **sources: Source) -> Batch:
        return Batch(sources, landing=self.landing, clock=self.clock)

    def run(self, source: Source, event: Any = EVENT) -> dict[str, Any]:
        """What became of one source."""
        found = self.batch(it=source)(event)
        said: dict[str, Any] = found["sources"]["it"]
        return said

    def fails(self, source: Source, event: Any = EVENT) -> dict[str, Any]:
        """The same for one that has to fail."""
        with pytest.raises(BatchFailedError) as caught:
            self.batch(it=source)(event)
        result = caught.value.results["it"]
        return {"outcome": result.outcome, "objects": result.objects, "lines": result.lines, "detail": result.detail}

    def landed(self) -> list[str]:
        """The keys of all objects."""
        return list(self.landing.keys())

    def lines(self) -> list[Landed]:
        """All that has landed."""
        return [line for key in self.landed() for line in self.landing.read(key)]

    def text(self) -> str:
        """The same as text, for what must not be in it."""
        return "".join(f"{line.line()!r}" for line in self.lines())
