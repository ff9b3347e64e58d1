"""What a refresh is doing and how long each part took; also the named points at which tests kill it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tapehouse import logs

log = logs.of(__name__)

_KEPT: Final = 10_000
"""Steps that wait to be taken; the oldest go, where nobody asks."""


@dataclass(frozen=True, slots=True)
class Step:
    """One finished part of a refresh."""

    name: str
    """What was done: ``bronze.trades commit``, ``silver judge``, …"""
    seconds: float
    rows: int | None
    parts: Mapping[str, int] = field(default_factory=dict)
    """The rows by kind, where there are several."""


@dataclass(slots=True)
class Count:
    """Rows that the running step reports, once it knows."""

    rows: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)


class Steps:
    """Collects the steps of one refresh. Safe for the threads that write a layer's tables side by side.

    ``on_point`` is called with ``"<step>:before"`` and ``"<step>:after"``; ``on_step`` with each finished step.
    """

    def __init__(
        self,
        *,
        on_step: Callable[[Step], None] = lambda step: None,
        on_point: Callable[[str], None] = lambda point: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_step = on_step
        self._on_point = on_point
        self._clock = clock
        self._lock = threading.Lock()
        self._done: deque[Step] = deque(maxlen=_KEPT)

    @contextmanager
    def step(self, name: str) -> Iterator[Count]:
        """Times what is inside; a step that raises is not recorded."""
        self._on_point(f"{name}:before")
        count, began = Count(), self._clock()
        yield count
        step = Step(name, self._clock() - began, count.rows, count.parts)
        with self._lock:
            self._done.append(step)
        log.info("step", name=step.name, ms=round(step.seconds * 1000), rows=step.rows)
        self._on_step(step)
        self._on_point(f"{name}:after")

    def taken(self) -> tuple[Step, ...]:
        """The steps since the last call."""
        with self._lock:
            done = tuple(self._done)
            self._done.clear()
        return done
