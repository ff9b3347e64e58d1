"""Lines, areas, bars, rows, combos and scatters: an answer to ECharts' series along two axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from metabase.preview import axes, numbers
from metabase.preview.axes import Options
from metabase.preview.drawn import column
from metabase.preview.look import Look
from metabase.question import Format, Question
from tapehouse.query import Result

_BANDS: Final = {"p05": 0.5, "p25": 0.75, "p50": 1.0, "p75": 0.75, "p95": 0.5}
"""Quantiles of one thing have one colour, the outer ones fainter."""
_FEW: Final = 3
"""Points that no line joins are seen as points."""
_NARROW_LABEL_PX: Final = 104
"""Of a name on a phone: the rest of the width is the chart's."""
_SHARE: Final = Format(style="percent", decimals=0)


@dataclass(frozen=True, slots=True)
class Line:
    """One series before it is drawn: the values at each x."""

    name: str
    y: str
    values: Sequence[float | None]


def options(question: Question, result: Result, look: Look) -> Options:
    """Everything that ECharts is told. Raises DrawingError."""
    xs, lines = _lines(question, result)
    kind = _kind(question, xs)
    if question.stack == "normalized":
        lines = _shares(lines)
    is_row = question.display == "row"
    form = question.format_of(question.x or "")
    along = _x_axis(look, kind, xs, form, unit="" if is_row else question.unit_of(question.x or ""))
    values = _value_axes(question, lines, look)
    names = [each.name for each in lines]
    made: Options = {
        **axes.base(look),
        "legend": axes.legend(look, names),
        "grid": axes.grid(
            look, has_legend=len(names) > 1, has_name=not is_row and any(each["name"] for each in values)
        ),
        "series": [_series(question, each, at, look, kind=kind, xs=xs) for at, each in enumerate(lines)],
        "dataZoom": [] if is_row else axes.zoom(look, len(xs)),
    }
    made["tooltip"]["axisPointer"]["type"] = "shadow" if kind == "category" else "line"
    if question.display == "scatter":
        made["tooltip"] = axes.tooltip(look, "item")
    if is_row:
        made["yAxis"] = {**along, "inverse": True}
        made["xAxis"] = [{**each, **axes.named(look, each["name"]), "position": "bottom"} for each in values]
        made["grid"]["bottom"] += axes.NAME_PX if any(each["name"] for each in values) else 0
    else:
        made["grid"]["bottom"] += axes.NAME_PX if along.get("name") else 0
        made["xAxis"], made["yAxis"] = along, values
    return made


# -- the answer's columns ---------------------------------------------------------------------------------------------


def _lines(question: Question, result: Result) -> tuple[list[Any], list[Line]]:
    xs = column(result, question.x or "")
    if question.series is None:
        return xs, [
            Line(question.title_of(y), y, [numbers.number(each) for each in column(result, y)]) for y in question.y
        ]
    y = question.y[0]
    found: dict[str, dict[Any, float | None]] = {}
    for x, name, value in zip(xs, column(result, question.series), column(result, y), strict=True):
        found.setdefault(_named(question, name), {})[x] = numbers.number(value)
    order = list(dict.fromkeys(xs))
    if axes.kind_of(order) != "category":
        order.sort(key=lambda each: (each is None, each))
    return order, [Line(name, y, [found[name].get(x) for x in order]) for name in sorted(found)]


def _named(question: Question, value: Any) -> str:
    column_name = question.series or ""
    form, unit = question.format_of(column_name), question.unit_of(column_name)
    if column_name.endswith("_s") and not unit and numbers.is_number(value):
        unit = "s"
    return numbers.text(value, form, unit)


def _shares(lines: Sequence[Line]) -> list[Line]:
    """Each as its part of all at the same x; what is not there has none, so that the others fill the whole."""
    totals = [sum(value or 0 for value in at) for at in zip(*(each.values for each in lines), strict=True)]
    return [
        Line(
            each.name,
            each.y,
            [(value or 0) / total if total else None for value, total in zip(each.values, totals, strict=True)],
        )
        for each in lines
    ]


def _kind(question: Question, xs: Sequence[Any]) -> axes.Kind:
    """Bars stand at names: along a time they would overlap where windows are missing."""
    return "category" if question.display in ("bar", "row", "combo") else axes.kind_of(xs)


# -- axes -------------------------------------------------------------------------------------------------------------


def _x_axis(look: Look, kind: axes.Kind, xs: Sequence[Any], form: Format, *, unit: str) -> Options:
    axis = axes.plain_axis(look, kind)
    if kind == "category":
        axis["data"] = axes.labels(xs, form)
        axis["axisLabel"] |= axes.short_labels(xs, form)
        if look.is_narrow:
            axis["axisLabel"] |= {"width": _NARROW_LABEL_PX, "overflow": "truncate"}
    elif kind == "value":
        axis |= {"scale": True, "min": "dataMin", "max": "dataMax"}
        axis["axisLabel"] |= {
            ":formatter": numbers.script(form, unit, axis=True),
            "showMinLabel": False,  # these two are no round numbers
            "showMaxLabel": False,
        }
    else:
        axis |= axes.of_time(xs)
        axis["axisLabel"] |= {**axes.FIRST_LABEL, "formatter": axes.TIMES}
    return {**axis, **axes.named(look, unit)} if unit else axis


def _value_axes(question: Question, lines: Sequence[Line], look: Look) -> list[Options]:
    """The left one, and the right one where columns want it."""
    made = []
    for is_right in (False, True):
        there = [each for each in lines if (each.y in question.right) is is_right]
        if is_right and not there:
            continue
        form, unit = _written(question, there[0].y if there else question.y[0])
        drawn_as = {_drawn_as(question, each.y) for each in there}
        from_zero = question.stack is not None or bool(drawn_as & {"bar"}) or question.display == "area"
        axis = axes.value_axis(look, form, unit, from_zero=from_zero, is_log=question.log, right=is_right)
        if question.stack == "normalized":
            axis["max"] = 1  # shares that add up to a hair more would have it end at 120 %
        if question.goal and not is_right:
            axis |= axes.reach(float(question.goal))
            axis["axisLabel"] |= {"showMinLabel": False, "showMaxLabel": False}
        made.append(axis)
    return made


def _written(question: Question, y: str) -> tuple[Format, str]:
    if question.stack == "normalized":
        return _SHARE, ""
    return question.format_of(y), question.unit_of(y)


# -- series -----------------------------------------------------------------------------------------------------------


def _drawn_as(question: Question, y: str) -> str:
    if question.display in ("bar", "row") or y in question.bars:
        return "bar"
    return "scatter" if question.display == "scatter" else "line"


def _series(question: Question, line: Line, at: int, look: Look, *, kind: axes.Kind, xs: Sequence[Any]) -> Options:
    drawn_as = _drawn_as(question, line.y)
    color = look.color(line.name, at)
    form, unit = _written(question, line.y)
    made: Options = {
        "type": drawn_as,
        "name": line.name,
        "color": color,
        "data": list(line.values) if kind == "category" else _pairs(xs, line.values),
        "tooltip": {":valueFormatter": numbers.script(form, unit)},
    }
    if line.y in question.right:
        made["yAxisIndex"] = 1
    if (question.stack and drawn_as == "bar") or (question.stack and question.display == "area"):
        made["stack"] = "all"
    if drawn_as == "line":
        made |= _line_style(question, line, look)
    elif drawn_as == "bar":
        made["barMaxWidth"] = 36
        if form.signed:
            made["color"] = look.neither  # in the legend: it is of both colours
            made["data"] = [_toned(value, look) for value in line.values]
    else:
        made["symbolSize"] = 8
    if question.goal and at == 0:
        made["markLine"] = _goal(float(question.goal), form, unit, look)
    return made


def _pairs(xs: Sequence[Any], values: Sequence[float | None]) -> list[list[Any]]:
    return [[axes.point(x), value] for x, value in zip(xs, values, strict=True) if x is not None]


def _line_style(question: Question, line: Line, look: Look) -> Options:
    made: Options = {
        "showSymbol": sum(each is not None for each in line.values) <= _FEW,
        "connectNulls": question.series is not None,
        "lineStyle": {"width": 1.8},
        "emphasis": {"disabled": True},
    }
    if line.y in _BANDS and len(set(question.y) & set(_BANDS)) > 2:
        made["color"] = look.series[0]
        made["lineStyle"] = {"width": 2 if line.y == "p50" else 1.4, "opacity": _BANDS[line.y], "type": "solid"}
        made["itemStyle"] = {"opacity": _BANDS[line.y]}
    if question.display == "area":
        made["areaStyle"] = {"opacity": 0.75 if question.stack else 0.25}
        made["lineStyle"] = {"width": 1}
    return made


def _toned(value: float | None, look: Look) -> Any:
    if value is None:
        return None
    return {"value": value, "itemStyle": {"color": look.up if value >= 0 else look.down}}


def _goal(goal: float, form: Format, unit: str, look: Look) -> Options:
    return {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": look.muted, "type": "dashed"},
        "label": {"color": look.muted, "position": "insideEndTop", "formatter": numbers.text(goal, form, unit)},
        "data": [{"yAxis": goal}],
    }
