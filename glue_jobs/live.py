"""The pipeline live: each query is a loop of its own, beside the others, in one process.

A loop does one bounded piece after another and then rests until a query that it reads has committed. So the delay of a
trade is the sum of small batches, and a long backfill in gold holds up neither bronze nor silver. A loop rests no
longer than ``look_every_s``: another process may have written, and a query may have something to do by the clock.

An error that does not pass ends all loops, so that whoever runs the process learns of it. Where it is not of the spine,
on which candles hang (but of forecasts, bars, the news, …), it is tried again like one that passes, the others go on,
and the alarm on such lines tells it (docs/alarms.md, ``query-stuck``).
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from glue_jobs.engine import Query, Runner
from tapehouse import logs
from tapehouse.backoff import Backoff
from tapehouse.errors import TransientError

log = logs.of(__name__)

LOOK_EVERY_S: Final = 5.0
_AFTER_FAILURE: Final = Backoff(base_s=0.5, cap_s=30.0)


@dataclass(slots=True)
class Progress:
    """What one query's loop did so far."""

    pieces: int = 0
    rows: int = 0
    """Taken in from its inputs."""
    busy_s: float = 0.0
    failures: int = 0
    """In a row, now: more than a few say that it stands still."""


class Live:
    """The loops of some queries. Use it as a context: they run inside it, and end with it after the piece at hand."""

    def __init__(
        self,
        runner: Runner,
        queries: Sequence[Query],
        *,
        every_s: float,
        look_every_s: float = LOOK_EVERY_S,
        dice: Callable[[], float] = lambda: 0.5,
    ) -> None:
        """``every_s``: seconds from one look at what is outside the lake to the next, where nothing waits there."""
        self._runner, self._queries = runner, tuple(queries)
        self._every_s, self._look_every_s, self._dice = every_s, look_every_s, dice
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._woken = {query.name: threading.Event() for query in queries}
        self._progress = {query.name: Progress() for query in queries}
        self._threads = [
            threading.Thread(target=self._run, args=(query,), name=f"tapehouse-{query.name}") for query in queries
        ]

    def __enter__(self) -> "Live":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        for thread in self._threads:
            thread.join()

    def progress(self) -> dict[str, Progress]:
        """Query → what its loop did so far."""
        return dict(self._progress)

    def check(self) -> None:
        """Raises what ended a loop for good: then all of them end. Call it now and then, and once they ended."""
        if self._error is not None:
            raise self._error

    def _end(self) -> None:
        self._stop.set()
        for woken in self._woken.values():
            woken.set()

    def _run(self, query: Query) -> None:
        try:
            while not self._stop.is_set():
                self._rest(query, self._turn(query))
        except Exception as error:
            log.exception("loop_ended", query=query.name)
            self._error = self._error or error
            self._end()
        finally:
            self._runner.let_go(query)

    def _turn(self, query: Query) -> float:
        """One piece; the seconds to rest after it."""
        progress, woken = self._progress[query.name], self._woken[query.name]
        woken.clear()  # before the look: what is committed from here on wakes it again
        began = time.monotonic()
        try:
            with self._runner.only_writer(query, give_up=self._stop, keep=True) as is_ours:
                if not is_ours:
                    return 0.0
                piece = self._runner.piece(query)
                if piece.wrote:
                    self._wake_readers(query)  # at once: they need not wait for the upkeep
                self._runner.upkeep(query)
        except TransientError as error:
            self._wait_after(query, error)
            return 0.0
        except Exception as error:
            if query.is_spine:
                raise
            if progress.failures == 0:
                log.exception("query_failed", query=query.name)
            self._wait_after(query, error)
            return 0.0
        finally:
            progress.busy_s += time.monotonic() - began
        progress.failures = 0
        progress.pieces += 1
        progress.rows += piece.rows
        if piece.has_more:
            return 0.0
        return self._look_every_s if query.reads else max(0.0, self._every_s - (time.monotonic() - began))

    def _wait_after(self, query: Query, error: Exception) -> None:
        progress = self._progress[query.name]
        progress.failures += 1
        wait_s = _AFTER_FAILURE.wait_s(progress.failures, self._dice())
        reason = str(error) or type(error).__name__
        log.warning("query_again_later", query=query.name, wait_s=round(wait_s, 1), reason=reason)
        self._stop.wait(wait_s)

    def _rest(self, query: Query, seconds: float) -> None:
        if seconds > 0:
            self._woken[query.name].wait(seconds)

    def _wake_readers(self, of: Query) -> None:
        for query in self._queries:
            if set(query.reads) & set(of.writes):
                self._woken[query.name].set()
