"""The errors that cross a room's border.

::

    LakehouseError
    ├── TransientError      trying again may help: a throttle, a lost race, a dropped connection
    └── TerminalError       trying again will not: a wrong setting, a broken contract
        ├── RefusedError    a question that is not answered here, since it might mean something else than in Athena
        ├── SettingsError   the settings cannot be used; every fault is listed at once
        └── UnpreparedError a command cannot begin: a tool, an account or a word is missing

A bad *record* is never an error: it becomes a row of ``silver.rejected`` with its reasons.
"""

from collections.abc import Sequence


class LakehouseError(Exception):
    """Base of every error that Tapehouse raises on purpose."""


class TransientError(LakehouseError):
    """Trying the same thing again may succeed."""


class TerminalError(LakehouseError):
    """Trying the same thing again will fail in the same way."""


class UnpreparedError(TerminalError):
    """A command cannot begin, and nothing was begun: what it needs is not there. Its exit status is 2."""


class RefusedError(TerminalError):
    """What a question uses is not answered at home, since it is not proven to mean there what it means in Athena."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what, instead)
        self.what, self.instead = what, instead

    def __str__(self) -> str:
        return f"{self.what} is not answered at home: {self.instead}, or ask Athena (TARGET=aws). See docs/query.md."


class SettingsError(TerminalError):
    """The settings cannot be used.

    All constructor arguments reach ``super().__init__``, so that the error survives pickling between Spark processes.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        lines = [f"{len(self.faults)} setting(s) cannot be used:"]
        lines.extend(f"  - {fault}" for fault in self.faults)
        return "\n".join(lines)
