"""Processes that outlive the one that started them: started detached, recognised again later, stopped in good order.

A process is known by its id *and* the time it began: ids are used again, and ``down`` must never stop a stranger.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process, by id and beginning."""

    pid: int
    began: str
    """When it began, as the system writes it; only compared."""

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not, nor another one under its id."""
        _reap(self.pid)
        return _began(self.pid) == self.began

    def signal(self, number: int) -> None:
        """Sends a signal to this process; one that has ended takes none."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _began(pid: int) -> str:
    """When the process began; '' for none and for a zombie."""
    if _PROC.joinpath("self", "stat").exists():
        try:
            # The name in brackets may hold anything; the state follows the last bracket, the start time is field 22.
            fields = _PROC.joinpath(str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    found = subprocess.run(  # noqa: S603
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, began = found.stdout.strip().partition(" ")
    return "" if not state or state.startswith("Z") else " ".join(began.split())


def start(command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Process:
    """Starts ``command`` in a session of its own, its output appended to ``log``; Ctrl-C here does not reach it.

    Raises OSError where the command cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    pid = os.posix_spawn(
        command[0],
        list(command),
        dict(environment),
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ),
        setsid=True,
        setsigmask=(),
        setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGPIPE),
    )
    return Process(pid, _began(pid))


def exit_status(process: Process) -> int | None:
    """The exit status of a child of ours that has ended, negative for a signal; None while it runs or is not ours.

    Only the first caller after the end learns it: the system forgets a child that was asked for.
    """
    try:
        pid, status = os.waitpid(process.pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if pid else None


def stop(
    processes: Sequence[Process],
    *,
    grace_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Process]:
    """Asks all at once to end (SIGTERM), waits up to ``grace_s``, kills what is left.

    Returns those that had to be killed: they may not have finished what they were doing.
    """
    for process in processes:
        process.signal(signal.SIGTERM)
    deadline = clock() + grace_s
    while (left := [p for p in processes if p.alive]) and clock() < deadline:
        sleep(0.05)
    for process in left:
        process.signal(signal.SIGKILL)
    while any(p.alive for p in left) and clock() < deadline + 5:
        sleep(0.05)
    return left
