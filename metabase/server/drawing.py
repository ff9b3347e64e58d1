"""How a question is drawn, in Metabase's words: a display and its settings. All of them name output columns.

Candles are drawn as a box plot whose whiskers are the least and the greatest value, over five rows a window (low, open,
close, close, high): its quartiles are then open and close. Metabase shows up to 2,000 rows, so the newest 400 windows.
A Metabase before 59 has no box plot, and gets lines of close, high and low.

A column has one number of decimals there, whichever market its prices are of: prices and amounts have eight, the finest
tick and lot that venues have, so that none is shown as another one than it is. Amounts that are derived have none said:
Metabase then writes two decimals, and of what is below 1 two digits.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from metabase.question import Question
from metabase.server.names import stable_id

Settings = dict[str, Any]
BOXPLOT_SINCE: Final = 59
MOST_CANDLES: Final = 400
DRAWN_PRICE: Final = "price"
"""The column that boxes are drawn of."""
COLORS: Final = {"green": "#84BB4C", "yellow": "#F9CF48", "red": "#ED6E6E"}
_FINEST: Final = 8
_DAY: Final = {"date_style": "YYYY/M/D", "date_separator": "-"}
"""A style that Metabase does not know is as none, and then the day may be missing. There is none without the day."""
_STYLES: Final[Mapping[str, Settings]] = {
    "plain": {},
    "price": {"decimals": _FINEST},
    "amount": {"decimals": _FINEST},
    "percent": {"number_style": "percent"},
    "currency": {"number_style": "currency"},
    "date": _DAY,
    "datetime": {**_DAY, "time_enabled": "minutes", "time_style": "HH:mm"},
    "time": {**_DAY, "time_enabled": "seconds", "time_style": "HH:mm"},  # it puts :ss behind the mm
    "link": {"view_as": "link"},
}


def draws_boxes(question: Question, major: int) -> bool:
    """Whether it becomes a box plot in a Metabase of this version."""
    return question.display == "candles" and major >= BOXPLOT_SINCE


def display(question: Question, major: int) -> str:
    """Metabase's name of the display."""
    if question.display == "candles":
        return "boxplot" if draws_boxes(question, major) else "combo"
    return question.display


def boxes(question: Question) -> str:
    """The SQL of candles, five rows a window."""
    start, (opened, high, low, close) = question.x, question.y
    newest = f"ORDER BY {start} DESC LIMIT {MOST_CANDLES}"
    lines = (
        f"WITH candles AS (\n{question.sql}\n),",
        f"newest AS (SELECT * FROM candles WHERE {opened} IS NOT NULL {newest})",  # noqa: S608 - judged names of columns
        f"SELECT {start}, price",
        f"FROM newest CROSS JOIN UNNEST(ARRAY[{low}, {opened}, {close}, {close}, {high}]) AS drawn (price)",
        f"ORDER BY {start}",
    )
    return "\n".join(lines)


_BOXES: Final = re.compile(
    r"WITH candles AS \(\n(?P<sql>.*)\n\),\n"
    r"newest AS .*\nSELECT (?P<x>\w+), price\n"
    r"FROM .*\[(?P<low>\w+), (?P<open>\w+), (?P<close>\w+), \w+, (?P<high>\w+)\].*\nORDER BY \w+",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Candles:
    """What boxes were made of."""

    sql: str
    x: str
    y: tuple[str, str, str, str]


def unboxed(sql: str) -> Candles | None:
    """What ``boxes`` made this SQL of; None where it did not."""
    match = _BOXES.fullmatch(sql)
    if match is None:
        return None
    made = Candles(match["sql"], match["x"], (match["open"], match["high"], match["low"], match["close"]))
    return made if boxes(Question("", "", "", "candles", made.sql, x=made.x, y=made.y)) == sql else None


def settings(question: Question, major: int) -> Settings:
    """The visualization settings."""
    made = _boxes(question) if draws_boxes(question, major) else _DRAWN[question.display](question)
    columns = _columns(question)
    if draws_boxes(question, major) and (of_close := columns.get(_key(question.y[3]))):
        columns[_key(DRAWN_PRICE)] = of_close
    if columns:
        made["column_settings"] = columns
    return made


def columns_shown(columns: Sequence[str]) -> Settings:
    """The settings of a card that shows those columns of a table, in their order."""
    return {"table.columns": [{"name": column, "enabled": True} for column in columns]} if columns else {}


# -- columns ----------------------------------------------------------------------------------------------------------


def _key(column: str) -> str:
    """Metabase's key of a column: a JSON array as text, without spaces."""
    return json.dumps(["name", column], separators=(",", ":"))


def _columns(question: Question) -> Settings:
    made: Settings = {}
    for column in question.columns:
        how = question.format_of(column)
        said: Settings = {"column_title": question.title_of(column)}
        said |= {key: value for key, value in _STYLES[how.style].items() if value is not None}
        if how.style == "amount" and how.derived:
            said.pop("decimals")
        if how.decimals is not None:
            said["decimals"] = how.decimals
        if how.currency:
            said |= {"currency": how.currency, "currency_style": "symbol"}
        if how.bar:
            said["show_mini_bar"] = True
        if unit := question.unit_of(column):
            said["suffix"] = unit if unit == "%" else f" {unit}"
        made[_key(column)] = said
    return made


# -- displays ---------------------------------------------------------------------------------------------------------


def _chart(question: Question) -> Settings:
    made: Settings = {
        "graph.dimensions": [column for column in (question.x, question.series) if column],
        "graph.metrics": list(question.y),
        "graph.x_axis.title_text": question.title_of(question.x or ""),
    }
    units = {question.unit_of(column) for column in question.y}
    if len(units) == 1 and (unit := units.pop()):
        made["graph.y_axis.title_text"] = unit
    elif len(question.y) == 1:
        made["graph.y_axis.title_text"] = question.title_of(question.y[0])
    if question.stack:
        made["stackable.stack_type"] = question.stack
    if question.log:
        made["graph.y_axis.scale"] = "log"
    if question.goal:
        made |= {"graph.show_goal": True, "graph.goal_value": _number(question.goal)}
    series = {column: _series(question, column) for column in question.y}
    if any(series.values()):
        made["series_settings"] = {column: said for column, said in series.items() if said}
    return made


def _series(question: Question, column: str) -> Settings:
    made: Settings = {"title": question.title_of(column)} if len(question.y) > 1 else {}
    if question.display == "combo":
        made["display"] = "bar" if column in question.bars else "line"
    if column in question.right:
        made["axis"] = "right"
    return made


def _lines(question: Question) -> Settings:
    """Candles where there is no box plot."""
    _, high, low, close = question.y
    return {
        "graph.dimensions": [question.x],
        "graph.metrics": [close, high, low],
        "graph.x_axis.title_text": question.title_of(question.x or ""),
        "graph.y_axis.auto_range": True,
        "series_settings": {
            close: {"display": "line", "line.size": "M"},
            high: {"display": "line", "line.size": "S", "line.style": "dotted"},
            low: {"display": "line", "line.size": "S", "line.style": "dotted"},
        },
    }


def _boxes(question: Question) -> Settings:
    return {
        "graph.dimensions": [question.x],
        "graph.metrics": [DRAWN_PRICE],
        "graph.x_axis.title_text": question.title_of(question.x or ""),
        "graph.y_axis.unpin_from_zero": True,
        "boxplot.whisker_type": "min-max",
        "boxplot.points_mode": "none",
        "boxplot.show_mean": False,  # it is of the five rows, and of no trade
    }


def _table(question: Question) -> Settings:
    rules = [
        {"columns": [column], "type": "single", "operator": operator, "value": 0, "color": COLORS[color]}
        for column, how in question.formats.items()
        if how.signed
        for operator, color in ((">", "green"), ("<", "red"))
    ]
    rules += [
        {"columns": [column], "type": "single", "operator": "=", "value": side, "color": COLORS[color]}
        for column, how in question.formats.items()
        if how.side
        for side, color in (("buy", "green"), ("sell", "red"))
    ]
    return {"table.column_formatting": rules} if rules else {}


def _pie(question: Question) -> Settings:
    return {"pie.dimension": question.x, "pie.metric": question.y[0], "pie.show_legend": True}


def _scalar(question: Question) -> Settings:
    return {"scalar.field": question.y[0]}


def _trend(question: Question) -> Settings:
    before = {"id": stable_id(question.name, "previous"), "type": "previousPeriod"}
    return {"graph.dimensions": [question.x], "scalar.field": question.y[0], "scalar.comparisons": [before]}


def _gauge(question: Question) -> Settings:
    parts = (
        {"min": each.least, "max": each.most, "color": COLORS[each.color], "label": each.label}
        for each in question.segments
    )
    return {"scalar.field": question.y[0], "gauge.segments": list(parts)}


def _progress(question: Question) -> Settings:
    goal = question.goal or ""
    return {"progress.value": question.y[0], "progress.goal": _number(goal) if goal[:1] in "-0123456789" else goal}


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


_DRAWN: Final[Mapping[str, Callable[[Question], Settings]]] = {
    **dict.fromkeys(("line", "area", "bar", "row", "combo", "scatter"), _chart),
    "candles": _lines,
    "table": _table,
    "pie": _pie,
    "scalar": _scalar,
    "smartscalar": _trend,
    "gauge": _gauge,
    "progress": _progress,
}
