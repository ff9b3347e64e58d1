"""Every display of a question's header is drawn, of plain data, with no key that a stranger chose."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from metabase import book
from metabase.preview.drawing import draw
from metabase.preview.drawn import Chart, Figure, Grid, Message
from metabase.preview.look import DARK
from metabase.preview.starting import tables_of
from metabase.question import DISPLAYS, Display, Question, Segment
from tapehouse.query import Result
from tests.metabase.preview.asked import answer, minute, question

BOOK = book.read()
EVIL = ":constructor"
"""NiceGUI runs the value of a key that begins with a colon."""
FIGURES = ("scalar", "smartscalar", "progress")


def asked(display: Display) -> Any:
    others: dict[str, Any] = {"x": "at", "y": ("a",), "series": "name"}
    fields: dict[str, dict[str, Any]] = {
        "candles": {"x": "at", "y": ("a", "b", "a", "b")},
        "table": {},
        "scalar": {"y": ("a",)},
        "progress": {"y": ("a",), "goal": "8"},
        "gauge": {"y": ("a",), "segments": (Segment(0, 5, "green"),)},
        "pie": {"x": "name", "y": ("a",)},
        "smartscalar": {"x": "at", "y": ("a",)},
        "combo": {"x": "at", "y": ("a", "b"), "bars": ("a",)},
    }
    return question(display, **fields.get(display, others))


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from keys(inner)


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_display_is_drawn_of_what_json_can_say(display: Display) -> None:
    result = answer("at name a b", (minute(0), EVIL, Decimal("1.5"), 2), (minute(1), "</script>", None, 3))
    made = draw(asked(display), result, DARK)
    assert type(made) is (Figure if display in FIGURES else Grid if display == "table" else Chart)
    if isinstance(made, Chart):
        json.dumps(made.options, allow_nan=False)
        assert EVIL not in set(keys(made.options))
    if isinstance(made, Grid):
        json.dumps([made.columns, made.rows], allow_nan=False)
        assert EVIL not in set(keys([made.columns, made.rows]))


@pytest.mark.parametrize("display", DISPLAYS)
def test_an_answer_without_anything_to_draw_says_what_to_run(display: Display) -> None:
    for result in (answer("at name a b"), answer("at name a b", (None, None, None, None))):
        made = draw(asked(display), result, DARK)
        assert isinstance(made, Message)
        assert "`make run-app`" in made.text
        assert not made.is_error


@pytest.mark.parametrize("asked", BOOK.questions.values(), ids=lambda each: str(each.name))
def test_each_question_of_the_project_is_drawn_as_its_header_says(asked: Question) -> None:
    names = list(dict.fromkeys(filter(None, [asked.x, asked.series, *asked.y, *asked.formats, "label"])))
    values = [{asked.x: minute(at), asked.series: f"s{at}"} for at in range(3)]
    result = Result(
        tuple(names), [tuple(row.get(name, Decimal(at)) for name in names) for at, row in enumerate(values)]
    )
    made = draw(asked, result, DARK)
    assert not isinstance(made, Message)
    if isinstance(made, Chart):
        assert made.options["series"]
        json.dumps(made.options, allow_nan=False)
    assert tables_of(asked)
