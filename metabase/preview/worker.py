"""A process that answers questions, one after the other, until its pipe is closed.

A process and not a thread: a question that takes too long, or that nobody waits for any more, ends with it, whatever
the engine is doing, and DuckDB's reader of Delta tables, which keeps about a MB of each look for ever, is let go of.
"""

import signal
import tempfile
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Protocol

from tapehouse.errors import TerminalError, TransientError
from tapehouse.lake import Lake
from tapehouse.query import Result


class WorkerEndedError(TransientError):
    """The process was ended, or died, before it answered."""

    def __init__(self) -> None:
        super().__init__("the query's process ended before it answered; it is asked again with the next commit")


class Worker(Protocol):
    """Answers questions, one at a time."""

    def ask(self, sql: str) -> Result:
        """Waits for the answer. Raises TerminalError for SQL that has none, WorkerEndedError."""

    def end(self) -> None:
        """Now, from any thread, whatever it does; twice is once."""


class ProcessWorker:
    """A process over one lake."""

    def __init__(self, lake: Lake, *, memory_mb: int = 512) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._folder = tempfile.TemporaryDirectory(prefix="tapehouse-answers-", ignore_cleanup_errors=True)
        words = (theirs, lake.uri, memory_mb, self._folder.name)
        self._process = context.Process(target=_serve, args=words, daemon=True)
        self._process.start()
        theirs.close()
        self._lock = threading.Lock()

    def ask(self, sql: str) -> Result:
        try:
            self._pipe.send(sql)
            kind, told = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerEndedError from error
        if kind == "fault":
            raise TerminalError(told)
        answer: Result = told
        return answer

    def end(self) -> None:
        with self._lock:
            self._process.kill()
            self._process.join()
            self._folder.cleanup()


def _serve(pipe: "Connection[Any, Any]", uri: str, memory_mb: int, folder: str) -> None:
    tempfile.tempdir = folder  # of what does not fit into DuckDB's memory: a process that is killed cannot clean up
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; the server ends this one
    from tapehouse.query.duckdb_port import DuckdbPort  # noqa: PLC0415 - not in the server's process, which never asks

    port = DuckdbPort(Lake(uri), memory_mb=memory_mb)
    while True:
        try:
            sql = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(_answer(port.run, sql))


def _answer(run: Callable[[str], Result], sql: str) -> tuple[str, Any]:
    """Any error is an answer: it is shown by the one card that asked."""
    try:
        return "answer", run(sql)
    except TerminalError as error:
        return "fault", str(error)
    except Exception as error:  # noqa: BLE001 - the process goes on, and the card tells what it was
        return "fault", f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:300]}"
