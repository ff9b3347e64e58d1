"""What a card can show. All of it is plain data: what is drawn is judged without a browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tapehouse.errors import TerminalError
from tapehouse.query import Result

Tone: TypeAlias = Literal["", "up", "down"]


class DrawingError(TerminalError):
    """An answer lacks what its question's header names."""

    def __init__(self, column: str, columns: Sequence[str]) -> None:
        super().__init__(column, columns)
        self.column, self.columns = column, columns

    def __str__(self) -> str:
        return f"the header names a column {self.column}, and the answer has {', '.join(self.columns)}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Options of ECharts. No key of them comes from data: one that begins with a colon is run as a script."""

    options: Mapping[str, Any]
    begins_at: float = 0.0
    """Of a chart that can be zoomed: from which percent on it is seen at first."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: columns and rows as Quasar takes them."""

    columns: Sequence[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, large."""

    text: str
    tone: Tone = ""
    note: str = ""
    """Below it: what it was before."""
    note_tone: Tone = ""
    trail: Mapping[str, Any] | None = None
    """Options of a small line of what it was."""
    share: float | None = None
    """0 to 1: how much of a goal is reached."""


@dataclass(frozen=True, slots=True)
class Message:
    """Words in the place of what cannot be shown."""

    text: str
    is_error: bool = False


Drawn: TypeAlias = Chart | Grid | Figure | Message


def column(result: Result, name: str) -> list[Any]:
    """The values of a column. Raises DrawingError where there is none of the name."""
    if name not in result.columns:
        raise DrawingError(name, result.columns)
    at = result.columns.index(name)
    return [row[at] for row in result.rows]


def tone(value: float | None) -> Tone:
    """Above zero is up, below it down."""
    return "" if not value else "up" if value > 0 else "down"
