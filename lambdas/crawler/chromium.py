"""Pages as a browser shows them, at home: Chromium, headless, once a page. It is off unless its command is given.

It is held to the address that the guard checked: every other name leads nowhere for it, so that what the page's
scripts ask of others, or where they go, is not answered. Its environment and profile are empty, and it is ended with
all that it started when its time is over.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from lambdas.crawler.charset import text
from lambdas.crawler.guard import Checked, Guard, shown
from lambdas.crawler.renderer import MOST_BYTES, NotAPageError, Rendered, readable
from tapehouse.errors import TransientError

_SCRIPTS_MS: Final = 10_000
"""A page's scripts have so much time of the browser's own clock."""


class BrowserError(TransientError):
    """The browser did not render a page."""

    def __init__(self, shown_url: str, detail: str) -> None:
        super().__init__(shown_url, detail)
        self.shown_url, self.detail = shown_url, detail

    def __str__(self) -> str:
        return f"{self.shown_url} was not rendered: {self.detail}."


class Chromium:
    """``command`` is the program and words in front of ours. ``check`` is asked before each page, as for others."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        guard: Guard,
        check: Callable[[str], object],
        user_agent: str,
        timeout_s: float = 60.0,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._command, self._guard, self._check = tuple(command), guard, check
        self._user_agent, self._timeout_s, self._clock = user_agent, timeout_s, clock

    def render(self, url: str) -> Rendered:
        """Raises BrowserError and NotAPageError; the guard's errors and those of ``check`` pass through."""
        self._check(url)
        checked = self._guard.check(url)
        with tempfile.TemporaryDirectory(prefix="tapehouse-browser-", ignore_cleanup_errors=True) as profile:
            body = self._run([*self._command, *self.words(checked, profile), url], profile, url)
        html = text(body, "text/html; charset=utf-8")
        if not html.strip():
            raise BrowserError(shown(url), "the browser printed nothing")
        return Rendered(shown(url), readable(html, url), self._clock())

    def words(self, checked: Checked, profile: str) -> list[str]:
        """What the browser is started with, in front of the address."""
        host = checked.place.host
        name, address = (f"[{each}]" if ":" in each else each for each in (host, checked.address))
        return [
            "--headless=new",
            "--dump-dom",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-sync",
            "--no-first-run",
            "--no-proxy-server",
            "--incognito",
            f"--user-data-dir={profile}",
            f"--user-agent={self._user_agent}",
            f"--virtual-time-budget={_SCRIPTS_MS}",
            f"--host-resolver-rules=MAP {name} {address}, MAP * ~NOTFOUND",
        ]

    def _run(self, words: Sequence[str], profile: str, url: str) -> bytes:
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": profile, "TMPDIR": profile}
        try:
            process = subprocess.Popen(  # noqa: S603 - the command is a setting, and the address is checked
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd=profile,
                start_new_session=True,
            )
        except OSError as error:
            raise BrowserError(shown(url), f"{self._command[0]} cannot be started ({type(error).__name__})") from error
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(self._timeout_s, end)
        timer.start()
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            body = process.stdout.read(MOST_BYTES + 1)
            if len(body) > MOST_BYTES:
                raise NotAPageError(shown(url), f"it has more than {MOST_BYTES:,} bytes")
            status = process.wait()
        finally:
            timer.cancel()
            _kill(process)
            process.wait()
            if process.stdout:
                process.stdout.close()
        if late.is_set():
            raise BrowserError(shown(url), f"it took more than {self._timeout_s:g} s")
        if status:
            raise BrowserError(shown(url), f"the browser ended with {status}")
        return body


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """It, and all in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
