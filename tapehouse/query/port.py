"""What every engine that answers questions gives: one call, read-only, times in UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one question."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    """Decimal for decimals, aware datetimes in UTC for timestamps with a zone, None for NULL."""
    types: tuple[str, ...] = ()
    """Athena's types of the columns, where the engine tells them."""


class QueryPort(Protocol):
    """An engine. The same SQL means the same on each, or is refused."""

    def run(self, sql: str) -> Result:
        """The answer to one SELECT in Athena's dialect over tables named ``layer.table``.

        Raises TerminalError, in one sentence, for SQL that is wrong, that writes, or that names an unknown table.
        """
