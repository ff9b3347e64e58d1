"""A question: a file of SQL in Athena's dialect below a header that says what it answers and how it is drawn.

::

    -- title: Candles
    -- answers: How did the price of a market move, window by window?
    -- display: candles
    -- x: window_start
    -- y: open, high, low, close
    -- titles: window_start: Begin
    -- units: open: {quote}, high: {quote}
    -- formats: open: price, high: price
    -- params: symbol: text required default BTC-USD, exchange: text, from: date
    SELECT window_start, open, high, low, close FROM gold.candles
    WHERE symbol = {{symbol}} [[ AND exchange = {{exchange}} ]] [[ AND window_start >= {{from}} ]]
    ORDER BY window_start

A line of the header that begins with ``--`` and two spaces or more goes on with the line before it. The header ends
with the first line that is no comment. ``question_reader.py`` reads it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
Style: TypeAlias = Literal["plain", "price", "amount", "percent", "currency", "date", "datetime", "time", "link"]
_CHOSEN: Final = re.compile(r"\{(base|quote)\}")
_WRITTEN: Final = {"vwap": "VWAP", "utc": "UTC", "id": "ID", "url": "Link", "pct": "%", "bps": "bps"}
_NAMES: Final = {"symbol": "Market", "window_start": "Time", "published_date": "Day", "observed_date": "Day"}
_UNITS: Final = ("pct", "bps", "s", "h")
"""What a column's name may end with, and its unit says."""


@dataclass(frozen=True, slots=True)
class Format:
    """How the values of a column are written."""

    style: Style = "plain"
    """percent: of a share, 0.05 is 5 %. What is in percent already is plain, and its unit is ``%``. price and amount:
    as many decimals as the market's own have."""
    decimals: int | None = None
    currency: str | None = None
    signed: bool = False
    """Above zero is green, below it red."""
    bar: bool = False
    """A little bar behind the number."""
    compact: bool = False
    """1,234,567 is 1.2M."""
    derived: bool = False
    """A price or an amount that is reckoned from others, as a mean or a sum is: nothing was traded at it."""
    side: bool = False
    """It says what the taker did: buy is green, sell is red, and so is the price beside it."""


PLAIN: Final = Format()


def in_words(column: str, unit: str = "") -> str:
    """A column's name as a title, without the unit at its end where that is said anyway."""
    if column in _NAMES:
        return _NAMES[column]
    words = column.split("_")
    if unit and len(words) > 1 and words[-1] in _UNITS:
        words.pop()
    written = " ".join(_WRITTEN.get(word, word) for word in words)
    return written[:1].upper() + written[1:]


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
    titles: Mapping[str, str] = field(default_factory=dict)
    """Of columns whose names do not say it well enough."""
    units: Mapping[str, str] = field(default_factory=dict)
    """``{base}`` and ``{quote}`` are those of the chosen market."""
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

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that the header names, each once."""
        named = (self.x, self.series, *self.y, *self.titles, *self.units, *self.formats)
        return tuple(dict.fromkeys(column for column in named if column))

    def title_of(self, column: str) -> str:
        """What stands above a column: what the header says, else its name in words, without the unit at its end."""
        return self.titles.get(column) or in_words(column, self.unit_of(column))

    def format_of(self, column: str) -> Format:
        return self.formats.get(column, PLAIN)

    def unit_of(self, column: str) -> str:
        """Its unit; nothing where that is of a market which is not known."""
        unit = self.units.get(column, "")
        return "" if _CHOSEN.search(unit) else unit

    def chosen(self, values: Mapping[str, str]) -> "Question":
        """With the units of the market, or of the quote currency, that is chosen."""
        told = {each.name: values.get(each.name) or each.default or "" for each in self.params}
        base, _, quote = told.get("symbol", "").partition("-")
        known = {"base": base, "quote": quote or told.get("quote", "")}
        units = {
            column: _CHOSEN.sub(lambda match: known[match[1]] or match[0], unit) for column, unit in self.units.items()
        }
        return replace(self, units=units)

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
