"""Single numbers: how they are now, what they were before, how much of a goal they are."""

import datetime as dt
from typing import Any, Final

from metabase.preview import axes, numbers
from metabase.preview.axes import Options
from metabase.preview.drawn import Figure, column, tone
from metabase.preview.look import Look
from metabase.question import Format, Question
from tapehouse.query import Result

_TRAIL: Final = 200
_LITTLE: Final = 0.0005
"""Share of what was before: a change below it has no colour, as nothing happened."""


def scalar(question: Question, result: Result) -> Figure:
    """The first row's number. Raises DrawingError."""
    value = column(result, question.y[0])[0]
    form, unit = _written(question)
    return Figure(numbers.text(value, form, unit), tone(numbers.number(value)) if form.signed else "")


def smartscalar(question: Question, result: Result, look: Look) -> Figure:
    """The last row's number, against the one before it. Raises DrawingError."""
    form, unit = _written(question)
    known = [
        (x, value)
        for x, each in zip(column(result, question.x or ""), column(result, question.y[0]), strict=True)
        if (value := numbers.number(each)) is not None
    ]
    if not known:
        return Figure(numbers.NOTHING)
    now = known[-1][1]
    figure = Figure(numbers.text(now, form, unit), tone(now) if form.signed else "")
    if len(known) == 1:
        return figure
    since, before = known[-2]
    change = now - before
    signed = Format(form.style, form.decimals, form.currency, signed=True, compact=form.compact)
    share = (
        f" ({change / before:+.2%})" if before > 0 and now > 0 and form.style != "percent" and not form.signed else ""
    )
    said = numbers.text(change, signed, unit if unit.startswith("%") else "")
    is_little = before > 0 and abs(change / before) < _LITTLE
    when = _when(since, known[-1][0], question.format_of(question.x or ""))
    return Figure(
        figure.text,
        figure.tone,
        f"{said}{share} since {when}",
        tone(change) if numbers.says_something(said) and not is_little else "",
        _trail([value for _, value in known[-_TRAIL:]], look) if len(known) > 2 else None,
    )


def _when(since: Any, now: Any, form: Format) -> str:
    """Of the same day the time alone."""
    said = numbers.text(since, form)
    is_of_today = isinstance(since, dt.datetime) and isinstance(now, dt.datetime) and since.date() == now.date()
    return said.split()[-1] if is_of_today else said


def progress(question: Question, result: Result) -> Figure:
    """How much of the goal is reached. Raises DrawingError."""
    value = numbers.number(column(result, question.y[0])[0])
    goal = _goal(question, result)
    form, unit = _written(question)
    share = None if value is None or not goal else min(max(value / goal, 0.0), 1.0)
    return Figure(numbers.text(value, form, unit), note=f"of {numbers.text(goal, form, unit)}", share=share)


def _goal(question: Question, result: Result) -> float | None:
    said = question.goal or ""
    return numbers.number(column(result, said)[0]) if said in result.columns else float(said)


def _written(question: Question) -> tuple[Format, str]:
    y = question.y[0]
    return question.format_of(y), question.unit_of(y)


def _trail(values: list[float], look: Look) -> Options:
    return {
        **axes.base(look),
        "tooltip": {"show": False},
        "grid": {"left": 2, "right": 2, "top": 4, "bottom": 4},
        "xAxis": {"type": "category", "show": False, "data": [str(at) for at in range(len(values))]},
        "yAxis": {"type": "value", "show": False, "scale": True},
        "series": [
            {
                "type": "line",
                "data": values,
                "showSymbol": False,
                "silent": True,
                "color": look.series[0],
                "lineStyle": {"width": 1.5},
                "areaStyle": {"opacity": 0.12, "origin": "start"},
            }
        ],
    }
