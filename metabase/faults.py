"""What is wrong with the files, told all at once, each with its file and line."""

from collections.abc import Sequence

from tapehouse.errors import TerminalError
from tapehouse.fields import Faults


class FilesError(TerminalError):
    """Questions or dashboards cannot be used; every fault of every file is listed."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        lines = [f"{len(self.faults)} fault(s) of questions and dashboards:"]
        return "\n".join([*lines, *(f"  - {fault}" for fault in self.faults)])


class FileFaults(Faults):
    """The faults of one file, each as ``file:line: where: what``."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def add(self, where: str, what: str, *, line: int = 0) -> None:
        at = f"{self._path}:{line}" if line else self._path
        inside = where.removeprefix("dashboard").removeprefix(": ")
        self.found.append(f"{at}: {inside}: {what}" if inside else f"{at}: {what}")
