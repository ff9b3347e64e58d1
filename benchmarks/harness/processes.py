"""What this process and those that it started took of the machine, as Linux tells it in /proc."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def family() -> Iterator[int]:
    """This process, and all that it and they have started and that are still there."""
    yield os.getpid()
    yield from _started_by(os.getpid())


def _started_by(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text(encoding="ascii").split()]
        except OSError:
            continue
        for child in children:
            yield child
            yield from _started_by(child)


class Cpu:
    """Seconds of processors since it was made; of processes that ended meanwhile nothing is known."""

    def __init__(self) -> None:
        self._before = _cpu_s()

    @property
    def seconds(self) -> float:
        return sum(max(now - self._before.get(pid, 0.0), 0.0) for pid, now in _cpu_s().items())


def _cpu_s() -> dict[int, float]:
    found = {}
    for pid in family():
        try:
            words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        found[pid] = (int(words[11]) + int(words[12])) / _TICKS
    return found
