"""The program ``terraform``: found, of a version that will do, and run so that an interrupt never cuts it in two.

It runs in a session of its own: a Ctrl-C at the terminal reaches only us, and is passed on once. Terraform then ends
what it is making, writes its state and releases the lock, which may take minutes; a second interrupt would make it drop
all that, so a second one is answered with words.
"""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tapehouse.errors import TerminalError, UnpreparedError

LEAST: Final = (1, 11)
_MEND: Final = f"install Terraform {LEAST[0]}.{LEAST[1]} or newer, and put it on PATH."


class Terraform:
    """Runs of one binary on one root, in one environment."""

    def __init__(self, binary: str, root: Path, environment: Mapping[str, str]) -> None:
        self._binary, self._root = binary, root
        self._environment = {**environment, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}

    def run(self, *words: str, quiet: bool = False, allowed: tuple[int, ...] = (0,)) -> tuple[int, str]:
        """One command; its exit status and, if ``quiet``, its output, which is shown only when it failed.

        Raises TerminalError for a status that is not ``allowed``; KeyboardInterrupt where it was interrupted, after it
        has ended in good order.
        """
        command = [self._binary, f"-chdir={self._root}", *words]
        out = subprocess.PIPE if quiet else None
        with (
            subprocess.Popen(  # noqa: S603 - the words are ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                text=True,
                env=self._environment,
                start_new_session=True,
            ) as running,
            _interrupts_once(running) as interrupted,
        ):
            text, errors = running.communicate()
        status = running.returncode
        if interrupted.is_set():
            raise KeyboardInterrupt
        if status not in allowed:
            if quiet:
                sys.stderr.write(errors or text or "")
            raise TerminalError(_failure(words[0], status, errors or ""))
        return status, text or ""

    def json(self, *words: str) -> Any:
        """What a command tells as JSON. Raises TerminalError as ``run`` does."""
        return json.loads(self.run(*words, quiet=True)[1])


def _failure(what: str, status: int, errors: str) -> str:
    if "Error acquiring the state lock" in errors:
        found = re.search(r"ID:\s+(\S+)", errors)
        held = f" ({found[1]})" if found else ""
        return f"another run of Terraform holds the state's lock{held}: wait for it; if there is none, force-unlock it."
    return f"`terraform {what}` failed with {status}: see above."


@contextlib.contextmanager
def _interrupts_once(running: "subprocess.Popen[str]") -> Iterator[threading.Event]:
    """Passes the first SIGINT or SIGTERM on as SIGINT; the event says that there was one."""
    interrupted = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        if interrupted.is_set():
            sys.stderr.write("Terraform is ending what it was making; cut off now, it would leave the state locked.\n")
            return
        interrupted.set()
        sys.stderr.write("Told Terraform to end: it finishes what it is making and writes its state.\n")
        with contextlib.suppress(ProcessLookupError):
            running.send_signal(signal.SIGINT)

    if threading.current_thread() is not threading.main_thread():  # only the main thread is told of signals
        yield interrupted
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def find(environment: Mapping[str, str]) -> str:
    """The binary. Raises UnpreparedError where there is none, or one that is too old."""
    binary = shutil.which("terraform", path=environment.get("PATH"))
    if binary is None:
        raise UnpreparedError(f"There is no Terraform here: {_MEND}")
    done = subprocess.run(  # noqa: S603
        [binary, "version", "-json"], capture_output=True, text=True, check=False, env=dict(environment)
    )
    try:
        text = str(json.loads(done.stdout)["terraform_version"])
        version = tuple(int(part) for part in text.partition("-")[0].split("."))
    except (ValueError, KeyError, TypeError):
        said = " ".join((done.stderr or done.stdout).split())[:300]
        raise UnpreparedError(f"{binary} does not tell its version ({said or 'it says nothing'}): {_MEND}") from None
    if version < LEAST:
        raise UnpreparedError(f"{binary} is Terraform {text}: {_MEND}")
    return binary
