"""Processes to be killed: each the leader of its own session, so that all that it started can be found and ended."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Spawned:
    """``python -m module arguments``, with its output in a file."""

    def __init__(self, module: str, arguments: Sequence[str], log: Path, *, environ: Mapping[str, str]) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.session = self._process.pid
        self._gone = False

    def lines(self) -> list[str]:
        """What it has said so far."""
        return self.log.read_text(errors="replace").splitlines()

    def said(self, start: str) -> list[str]:
        """Its lines that start so."""
        return [line for line in self.lines() if line.startswith(start)]

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, timeout_s: float) -> int:
        """Its exit status, negative for a signal. A hung one is killed, and fails with the tail of its log."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end within {timeout_s:.0f} s\n{self.tail()}") from None

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self, *, alone: bool = False) -> None:
        """SIGKILL to everything of its session; ``alone``: only to the process that was started."""
        if self._gone:
            return  # the system may have given its number to a stranger
        with contextlib.suppress(ProcessLookupError):
            (os.kill if alone else os.killpg)(self.session, signal.SIGKILL)
        self._process.wait()
        if not alone:
            for pid in self.members():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def members(self) -> list[int]:
        """The living processes of its session: itself and all that it started, however they were orphaned."""
        table = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
        found = []
        for line in table.splitlines():
            pid, state = line.split(None, 1)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if not state.startswith("Z") and os.getsid(int(pid)) == self.session:
                    found.append(int(pid))
        return found

    def members_after(self, seconds: float) -> list[int]:
        """Who is left of its session after at most so long."""
        deadline = time.monotonic() + seconds
        while (left := self.members()) and time.monotonic() < deadline:
            time.sleep(0.1)
        self._gone = not left
        return left

    def tail(self) -> str:
        return f"--- {self.log}\n" + "\n".join(self.lines()[-40:])
