"""A daily batch: every source is asked, each one's answers land in one object, and what failed is told at the end.

A source that fails keeps no other from landing, nor what it had got itself. Then **one** error names all that failed,
so that AWS asks again or passes the event on to where failures go. So does one for which the call's time was too short
(``partial``): what it had got is landed before AWS ends the call. Answers that are those of a source's newest object,
byte by byte, are not landed again: a batch that is run twice lands once.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from lambdas.deadline import Deadline, OutOfTimeError
from lambdas.event import asked_day
from lambdas.source import Outcome, Source, Told
from tapehouse import logs
from tapehouse.errors import LakehouseError, TransientError
from tapehouse.intervals import instant_of
from tapehouse.landing import Landed, Landing, LandingError

log = logs.of(__name__)
LOOKS_BACK: Final = timedelta(days=7)
"""How far back the newest object of a source is looked for."""
_MISSING: Final = ("failed", "partial")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one source."""

    outcome: Outcome
    objects: list[str] = field(default_factory=list)
    """Keys of the landing."""
    lines: int = 0
    detail: str = ""


class BatchFailedError(TransientError):
    """Some sources of a day failed, or had no time. All the others have landed, and what these had got as well."""

    def __init__(self, day: str, results: Mapping[str, Result]) -> None:
        super().__init__(day, results)
        self.day, self.results = day, results

    def __str__(self) -> str:
        missing = {name: result for name, result in self.results.items() if result.outcome in _MISSING}
        told = "; ".join(f"{name} ({result.outcome}: {result.detail})" for name, result in missing.items())
        return (
            f"{len(missing)} of {len(self.results)} sources are not whole for {self.day}, the others are landed: "
            f'{told}. Send {{"date": "{self.day}"}} once that is mended.'
        )


def keys_since(landing: Landing, kind: str, source: str, *, now_us: int, span: timedelta = LOOKS_BACK) -> list[str]:
    """The keys of a source's objects of the last ``span``, oldest first."""
    prefix = f"{kind}/{source}/"
    return list(landing.keys(prefix, after=f"{prefix}{instant_of(now_us) - span:%Y-%m-%d}"))


def readable(landing: Landing, keys: Iterable[str]) -> Iterator[tuple[str, list[Landed]]]:
    """Objects and their lines, without those that cannot be read."""
    for key in keys:
        try:
            yield key, landing.read(key)
        except LandingError as error:
            log.warning("landed_object_unreadable", key=key, detail=error.detail)


def newest(landing: Landing, kind: str, source: str, *, now_us: int) -> tuple[str, list[Landed]] | None:
    """A source's newest object that can be read, of the last week."""
    return next(readable(landing, reversed(keys_since(landing, kind, source, now_us=now_us))), None)


class Batch:
    """The sources of one daily Lambda, by name, where they land, and the deadline that those heed."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        landing: Landing,
        clock: Callable[[], int],
        deadline: Deadline | None = None,
    ) -> None:
        self._sources, self._landing, self._clock = sources, landing, clock
        self._deadline = deadline or Deadline()

    def __call__(self, event: Any, context: object = None) -> dict[str, Any]:
        """What became of each source for the day that ``event`` asks for, within the time that ``context`` leaves.

        Raises EventError before anything is asked, and BatchFailedError after everything was.
        """
        self._deadline.begin(context)
        day = asked_day(event, now_us=self._clock())
        results: dict[str, Result] = {}
        for name, source in self._sources.items():
            self._deadline.share(len(self._sources) - len(results))
            results[name] = result = self._run(source, day)
            say = log.warning if result.outcome in _MISSING else log.info
            say("source_asked", source=name, day=day, **asdict(result))
        if any(result.outcome in _MISSING for result in results.values()):
            raise BatchFailedError(day.isoformat(), results)
        return {"date": day.isoformat(), "sources": {name: asdict(result) for name, result in results.items()}}

    def _run(self, source: Source, day: date) -> Result:
        lines: list[Landed] = []
        try:
            told = self._gather(source, day, lines)
        except Exception as error:  # noqa: BLE001 - no source keeps another from being asked
            is_late = isinstance(error, OutOfTimeError) or not self._deadline.left_s
            told = Told("partial" if is_late else "failed", _detail(error))
        if not lines:
            return Result(told.outcome if told.outcome != "landed" else "empty", detail=told.detail)
        try:
            key, is_new = self._land(lines)
        except Exception as error:  # noqa: BLE001 - as above
            return Result("failed", detail=f"{told.detail + '; ' if told.detail else ''}not landed: {_detail(error)}")
        if told.outcome == "landed" and not is_new:
            told = Told("nothing new", told.detail or "the same answers have landed before")
        return Result(told.outcome, [key], len(lines), told.detail)

    @staticmethod
    def _gather(source: Source, day: date, lines: list[Landed]) -> Told:
        """Adds each answer to ``lines`` as it comes, so that they are there when the next one fails."""
        answers = source(day)
        while True:
            try:
                lines.append(next(answers))
            except StopIteration as end:
                return end.value or Told("landed")

    def _land(self, lines: list[Landed]) -> tuple[str, bool]:
        """The key, and whether the object is a new one."""
        found = newest(self._landing, lines[0].kind, lines[0].source, now_us=self._clock())
        if found is not None and [_same(line) for line in found[1]] == [_same(line) for line in lines]:
            return found[0], False
        return self._landing.put(lines), True


def _same(line: Landed) -> tuple[str, int, str]:
    return line.request, line.status, line.sha256


def _detail(error: Exception) -> str:
    """What an error says; of one that is not ours, its type and place alone: its text may hold anything."""
    if isinstance(error, LakehouseError):
        return str(error)
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}"
