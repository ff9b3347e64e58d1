"""Questions asked beside each other, a few at a time, off the event loop; none waits for ever.

==============================  =====================================================================================
more questions than workers     they wait for their turn, in the order in which they came
longer than ``timeout_s``       its worker is ended, and the card says so
nobody waits for it any more    in its turn it is not asked; being asked, it may end within ``grace_s``, then its
                                worker is ended
many answers by one worker      it is replaced: see ``worker``
a worker ends                   the next is started at once, and asked last of all: one that has still to import when
                                it is asked keeps its card waiting for a second
==============================  =====================================================================================
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from metabase.preview.worker import Worker, WorkerEndedError
from tapehouse.errors import TransientError
from tapehouse.query import Result

T = TypeVar("T")
AT_ONCE: Final = 3
"""Workers: a slow question holds one of them."""
TIMEOUT_S: Final = 15.0
GRACE_S: Final = 1.0
ANSWERS: Final = 200
"""Of one worker before it is replaced: about 200 MB."""


class TooSlowError(TransientError):
    """A question took longer than it may."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(timeout_s)
        self.timeout_s = timeout_s

    def __str__(self) -> str:
        return f"no answer within {self.timeout_s:g} s: choose a shorter time or one market"


class Answers:
    """Used from one event loop. Close it. ``begin`` starts the workers before anything is asked."""

    def __init__(
        self,
        start: Callable[[], Worker],
        *,
        at_once: int = AT_ONCE,
        timeout_s: float = TIMEOUT_S,
        grace_s: float = GRACE_S,
        most: int = ANSWERS,
    ) -> None:
        self._start, self._timeout_s, self._grace_s, self._most = start, timeout_s, grace_s, most
        self._at_once, self._turns = at_once, asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once + 1, thread_name_prefix="answers")
        self._idle: list[tuple[asyncio.Future[Worker], int]] = []
        """Started, or about to be, and how much each has answered."""
        self._busy: set[Worker] = set()
        self._letting_go: set[asyncio.Task[None]] = set()
        self._closed = False

    async def begin(self) -> None:
        """Starts as many workers as there are turns."""
        self._idle[:0] = [(self._off_loop(self._start), 0) for _ in range(self._at_once)]

    async def ask(self, sql: str) -> Result:
        """The answer. Raises TerminalError for SQL that has none, TransientError where none came."""
        await self._turns.acquire()
        if self._closed:
            self._turns.release()
            raise WorkerEndedError
        started, count = self._idle.pop() if self._idle else (self._off_loop(self._start), 0)
        try:
            worker = await asyncio.shield(started)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                self._idle.append((started, count))
            self._turns.release()
            raise
        self._busy.add(worker)
        asking = self._off_loop(worker.ask, sql)
        try:
            done, _ = await asyncio.wait({asking}, timeout=self._timeout_s)
        except asyncio.CancelledError:
            self._let_go(worker, count, asking, self._grace_s)
            raise
        if not done:
            self._let_go(worker, count, asking, 0.0)
            raise TooSlowError(self._timeout_s)
        self._back(worker, count, asking)
        return asking.result()

    async def close(self) -> None:
        """Ends all workers."""
        self._closed = True
        for worker in self._busy:
            worker.end()
        for found in await asyncio.gather(*(started for started, _ in self._idle), return_exceptions=True):
            if not isinstance(found, BaseException):
                found.end()
        self._idle.clear()
        if self._letting_go:
            await asyncio.wait(self._letting_go)
        self._threads.shutdown(wait=True)

    def _off_loop(self, call: Callable[..., T], *arguments: str) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _let_go(self, worker: Worker, count: int, asking: "asyncio.Future[Result]", grace_s: float) -> None:
        """The turn is given back only when the worker is free again or ended: never more than ``at_once`` run."""
        task = asyncio.ensure_future(self._end(worker, count, asking, grace_s))
        self._letting_go.add(task)
        task.add_done_callback(self._letting_go.discard)

    async def _end(self, worker: Worker, count: int, asking: "asyncio.Future[Result]", grace_s: float) -> None:
        done, _ = await asyncio.wait({asking}, timeout=grace_s)
        if not done:
            worker.end()
            await asyncio.wait({asking})
        self._back(worker, count, asking)

    def _back(self, worker: Worker, count: int, asking: "asyncio.Future[Result]") -> None:
        self._busy.discard(worker)
        self._turns.release()
        is_lost = isinstance(asking.exception(), WorkerEndedError)
        if is_lost or self._closed or count + 1 >= self._most:
            worker.end()
            if not self._closed:
                self._idle.insert(0, (self._off_loop(self._start), 0))
        else:
            free: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
            free.set_result(worker)
            self._idle.append((free, count + 1))
