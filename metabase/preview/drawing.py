"""A question and its answer to what is shown. Pure: no clock, no engine, no browser."""

from collections.abc import Callable, Collection, Mapping, Sequence

from metabase.preview import candles, dials, figures, rows, series, starting, ticks
from metabase.preview.drawn import Chart, Drawn, Message
from metabase.preview.look import Look
from metabase.question import Question
from tapehouse.query import Result


def draw(
    question: Question,
    result: Result,
    look: Look,
    columns: Sequence[str] = (),
    filters: Collection[str] = (),
) -> Drawn:
    """``columns``: those of a table that are shown; all where none are named. ``filters``: those of its dashboard.

    Raises DrawingError where the answer lacks a column that is named.
    """
    if _is_empty(question, result):
        return Message(starting.nothing_found(question))
    if question.display != "table":
        question = ticks.settled(question, result)
    drawers: Mapping[str, Callable[[], Drawn]] = {
        "table": lambda: rows.grid(question, result, columns, filters),
        "scalar": lambda: figures.scalar(question, result),
        "smartscalar": lambda: figures.smartscalar(question, result, look),
        "progress": lambda: figures.progress(question, result),
        "pie": lambda: Chart(dials.pie(question, result, look)),
        "gauge": lambda: Chart(dials.gauge(question, result, look)),
        "candles": lambda: candles.chart(question, result, look),
    }
    return drawers.get(question.display, lambda: Chart(series.options(question, result, look)))()


def _is_empty(question: Question, result: Result) -> bool:
    """No rows, or rows that hold nothing to draw: a sum of nothing is one row of NULL."""
    if not result.rows:
        return True
    drawn: Collection[str] = question.y or result.columns
    places = [at for at, name in enumerate(result.columns) if name in drawn]
    return bool(places) and all(row[at] is None for row in result.rows for at in places)
