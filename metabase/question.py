"""A question: a file of SQL in Athena's dialect below a header that says what it answers and how it is drawn.

::

    -- title: Candles
    -- answers: How did the price of a market move, window by window?
    -- display: candles
    -- x: window_start
    -- y: open, high, low, close
    -- units: open: USD, high: USD
    -- formats: open: decimals 2, high: decimals 2
    -- params: symbol: text required default BTC-USD, exchange: text, from: date
    SELECT window_start, open, high, low, close FROM gold.candles
    WHERE symbol = {{symbol}} [[ AND exchange = {{exchange}} ]] [[ AND window_start >= {{from}} ]]
    ORDER BY window_start

A line of the header that begins with ``--`` and two spaces or more goes on with the line before it. The header ends
with the first line that is no comment. ``question_reader.py`` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from metabase import template
from metabase.param import Param, literal

Display: TypeAlias = Literal[
    "table", "line", "area", "bar", "row", "combo", "pie", "scalar", "smartscalar", "scatter", "candles", "gauge",
    "progress",
]  # fmt: skip
DISPLAYS: Final = get_args(Display)
Stack: TypeAlias = Literal["stacked", "normalized"]
STACKS: Final = get_args(Stack)
Color: TypeAlias = Literal["green", "yellow", "red"]
COLORS: Final = get_args(Color)
Style: TypeAlias = Literal["plain", "percent", "currency", "date", "datetime", "time", "link"]


@dataclass(frozen=True, slots=True)
class Format:
    """How the values of a column are written."""

    style: Style = "plain"
    """percent: of a share, 0.05 is 5 %. What is in percent already is plain, and its unit is ``%``."""
    decimals: int | None = None
    currency: str | None = None
    signed: bool = False
    """Above zero is green, below it red."""
    bar: bool = False
    """A little bar behind the number."""
    compact: bool = False
    """1,234,567 is 1.2M."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a gauge's scale."""

    least: float
    most: float
    color: Color
    label: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. Columns are named as the SQL names its output: in small letters."""

    name: str
    """Of the file, without its ending."""
    title: str
    answers: str
    display: Display
    sql: str
    params: tuple[Param, ...] = ()
    x: str | None = None
    y: tuple[str, ...] = ()
    series: str | None = None
    """A column: each of its values is drawn by itself."""
    units: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, Format] = field(default_factory=dict)
    stack: Stack | None = None
    bars: tuple[str, ...] = ()
    """Of a combo: those of y that are bars; the others are lines."""
    right: tuple[str, ...] = ()
    """Those of y whose axis is at the right."""
    goal: str | None = None
    """Of a progress: a number, or the column that holds it; of a chart: the number at which a line is drawn."""
    segments: tuple[Segment, ...] = ()
    """Of a gauge."""
    log: bool = False
    """The values' axis counts powers."""

    @property
    def template(self) -> template.Template:
        return template.parse(self.sql)

    def param(self, name: str) -> Param | None:
        return next((each for each in self.params if each.name == name), None)

    def asked(self, values: Mapping[str, str]) -> str:
        """The SQL with values in the places of its tags.

        A parameter that is not among the values has its default; so has a required one whose value is empty.
        Raises ValueError for a value that its type does not have, TemplateError where one is lacking.
        """
        literals: dict[str, str] = {}
        for each in self.params:
            value = values.get(each.name, each.default) or (each.default if each.required else None)
            if value:
                literals[each.name] = literal(each.type, value)
        return self.template.filled(literals)
