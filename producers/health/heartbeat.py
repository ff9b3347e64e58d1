"""A small file that says every few seconds how a producer does, for a health check that runs beside it.

It is written by the loop that does the producer's work, so that one that hangs falls silent.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

EVERY_S: Final = 5.0
DEFAULT_NAME: Final = "tapehouse-producer.json"


def default_path() -> Path:
    """Where ``python -m producers`` writes it, and ``python -m producers.health`` looks: the system's folder of
    temporary files, which in a container is the container's own."""
    return Path(gettempdir()) / DEFAULT_NAME


class Heartbeat:
    """Writes the file, whole or not at all. One of an earlier run is removed at the start."""

    def __init__(
        self,
        path: Path,
        *,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._path, self._every_s, self._clock, self._now_us = path, every_s, clock, now_us
        self._beaten_at: float | None = None
        self._failed = False
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._report(error)

    def beat(self, numbers: Callable[[], Mapping[str, Any]]) -> None:
        """Write what ``numbers`` gives, if it is time. A disk that refuses is logged once: the check will tell."""
        at = self._clock()
        if self._beaten_at is not None and at - self._beaten_at < self._every_s:
            return
        self._beaten_at = at
        body = {"time_us": self._now_us(), "pid": os.getpid(), **numbers()}
        draft = self._path.with_name(f"{self._path.name}.new")
        try:
            draft.write_text(json.dumps(body), encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            self._report(error)

    def _report(self, error: OSError) -> None:
        if not self._failed:
            from tapehouse import logs  # noqa: PLC0415 - the check imports this module, and is to stay cheap

            logs.of(__name__).warning("heartbeat_not_written", path=self._path, error=error)
        self._failed = True
