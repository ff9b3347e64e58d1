"""What of ``run-app`` brings the news: the newsroom, unless FEEDS are real, and the batches that ask it.

They compute when nobody else wants to (``nice``), so that no candle waits for a story. In one bounded pass the batches
are one pass too, which leaves a report; a live run goes on without the news where they die again and again.
"""

import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from cli.command import Target
from cli.sources import NEWSROOM
from embedded import port as ports
from embedded import servers
from tapehouse import logs
from tapehouse.errors import TerminalError

log = logs.of(__name__)
BATCHES: Final = "batches"
EVERY: Final = "10m"
EVERY_OF_REAL_ONES: Final = "1h"
"""A feed has its newest stories alone, and keys last for so many calls a day."""
READY_WITHIN_S: Final = 30.0
RESTARTS: Final = 5
_NICE: Final = ("-n", "15")


class NewsProcesses:
    """Starts them, and again those that died."""

    def __init__(
        self,
        here: Target,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._here, self._clock, self._sleep = here, clock, sleep
        self._settings = here.settings
        self._report = here.stack.folder / "batches-report.json"
        self._port = 0
        self._restarts: Counter[str] = Counter()

    @property
    def names(self) -> list[str]:
        """Everyone, for ``Stack.stop``."""
        return [NEWSROOM, BATCHES]

    def start(self) -> None:
        """Raises TerminalError where the newsroom does not come up."""
        self._here.stack.folder.mkdir(parents=True, exist_ok=True)
        self._report.unlink(missing_ok=True)
        if not self._settings.feeds:
            self._port = ports.choose(0, purpose="the newsroom")
            self._start_newsroom()
        self._start_batches()

    def supervise(self) -> None:
        """Starts again what died. Raises TerminalError for that in one bounded pass."""
        running = self._here.stack.alive()
        if not self._settings.feeds and NEWSROOM not in running and self._may_restart(NEWSROOM):
            self._start_newsroom()
        if BATCHES not in running and not self.finished and self._may_restart(BATCHES):
            self._start_batches()

    @property
    def finished(self) -> bool:
        """Whether the one pass of a bounded run is over; never of a live one."""
        return self._settings.once and self._report.exists()

    def failures(self) -> Iterator[str]:
        """What the batches of a bounded pass could not do."""
        report: dict[str, Any] = json.loads(self._report.read_text(encoding="utf-8"))
        yield from report["failed"]
        yield from (f"{key} was landed and could not be scored" for key in report["dead"])

    def stop(self) -> None:
        """The batches finish what they do; the newsroom stays."""
        self._here.stack.stop([BATCHES])

    def _may_restart(self, name: str) -> bool:
        path = self._here.stack.log_path(name)
        if self._settings.once:
            raise TerminalError(f"The {name} died: see {path}.")
        self._restarts[name] += 1
        if self._restarts[name] == RESTARTS + 1:
            log.error("news_given_up", name=name, log=path, note="trades and candles go on")
        elif self._restarts[name] <= RESTARTS:
            log.warning("news_died", name=name, log=path, note="started again")
        return self._restarts[name] <= RESTARTS

    def _start_newsroom(self) -> None:
        words = ["--seed", str(self._settings.seed)]
        if self._settings.recordings:
            words += ["--recordings", str(self._settings.recordings)]
        room, stack = servers.NEWSROOM, self._here.stack
        command = [sys.executable, *room.command(self._port, stack.folder), *words]
        member = stack.start(NEWSROOM, command, role="simulator", port=self._port)
        deadline = self._clock() + READY_WITHIN_S
        while not room.answers(self._port):
            if not member.process.alive or self._clock() > deadline:
                raise TerminalError(f"{room.title} did not start: see {stack.log_path(NEWSROOM)}.")
            self._sleep(0.05)

    def _start_batches(self) -> None:
        settings = self._settings
        words = ["--lake", self._here.lake.uri, "--seed", str(settings.seed)]
        words += ["--landing", settings.landing] if settings.landing else []
        words += ["--feeds", ",".join(settings.feeds)] if settings.feeds else []
        words += ["--recordings", str(settings.recordings)] if settings.recordings else []
        words += ["--report", str(self._report)]
        if not settings.once:
            words += ["--every", EVERY_OF_REAL_ONES if settings.feeds else EVERY]
        nice = shutil.which("nice")
        command = [*([nice, *_NICE] if nice else []), sys.executable, "-m", "cli.main", "batches", *words]
        self._here.stack.start(BATCHES, command, role="producer")
