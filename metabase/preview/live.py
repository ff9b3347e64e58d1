"""One card that keeps up: asked when its tables have a new commit, never while it is being asked, never too often."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from metabase.preview import drawing, starting
from metabase.preview.drawn import Drawn, Message
from metabase.preview.look import Look
from metabase.preview.versions import Versions
from metabase.question import Question
from tapehouse import logs
from tapehouse.errors import LakehouseError
from tapehouse.query import Result

log = logs.of(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a card asks, at most."""

    pause_s: float
    """From one question's begin to the next one's."""
    share: int
    """So many times as long as an answer took: a page of slow cards leaves the machine to what it shows."""


CANDLES: Final = Pace(pause_s=1.0, share=1)
"""A new candle is on the page within two seconds of its commit."""
OTHERS: Final = Pace(pause_s=3.0, share=5)
MOST_S: Final = 30.0


class Asks(Protocol):
    """Who answers."""

    async def ask(self, sql: str) -> Result:
        """Raises LakehouseError."""


class LiveCard:
    """A question with its choice. ``show`` draws; all of it is called in one event loop.

    ``columns``: those of a table that are shown; all where none are named. ``filters``: those of its dashboard.
    """

    def __init__(
        self,
        question: Question,
        *,
        answers: Asks,
        versions: Versions,
        look: Look,
        show: Callable[[Drawn], None],
        columns: Sequence[str] = (),
        filters: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._question, self._answers, self._versions, self._look = question, answers, versions, look
        self._show, self._columns, self._filters, self._clock = show, columns, filters, clock
        self._pace = CANDLES if question.display == "candles" else OTHERS
        self._tables = starting.tables_of(question)
        self._values: Mapping[str, str] = {}
        self._seen: Mapping[str, int | None] | None = None
        self._due = 0.0
        self._task: asyncio.Task[None] | None = None

    def choose(self, values: Mapping[str, str]) -> bool:
        """Other values of the question's parameters; what was asked with those before is let go of. Whether they are
        others."""
        if self._seen is not None and values == self._values:
            return False
        self.close()
        self._values, self._seen, self._due = dict(values), None, 0.0
        return True

    def keep_up(self) -> None:
        """Asks where there is something new and it is time; called a few times a second."""
        if self._task is not None or self._clock() < self._due:
            return
        found = self._versions.newest(self._tables)
        if found == self._seen:
            return
        self._seen = found
        self._task = asyncio.ensure_future(self._ask(found))
        self._task.add_done_callback(self._asked)

    def close(self) -> None:
        """Lets go of what is being asked."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _asked(self, task: "asyncio.Task[None]") -> None:
        if self._task is task:
            self._task = None

    async def _ask(self, found: Mapping[str, int | None]) -> None:
        began = self._clock()
        drawn = await self._drawn(found)
        self._due = began + min(max(self._pace.pause_s, self._pace.share * (self._clock() - began)), MOST_S)
        self._show(drawn)

    async def _drawn(self, found: Mapping[str, int | None]) -> Drawn:
        missing = [table for table, version in found.items() if version is None]
        if missing:
            return Message(starting.not_there(self._question, missing))
        try:
            result = await self._answers.ask(self._question.asked(self._values))
            question = self._question.chosen(self._values)
            return drawing.draw(question, result, self._look, self._columns, self._filters)
        except (LakehouseError, ValueError) as error:
            return Message(f"{self._question.name}: {error}", is_error=True)
        except Exception as error:  # a fault of ours in one card is no reason for it to stand still without a word
            log.exception("card_failed", question=self._question.name)
            return Message(f"{self._question.name}: unexpected {type(error).__name__}, see the log", is_error=True)
