"""What a question's answer must have to be drawn, and what it is asked when its dashboards are opened."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from metabase import book
from metabase.dashboard import QuestionCard
from metabase.question import Question
from tapehouse.query.port import Result

BOOK: Final = book.read()
MOST_ROWS: Final = 2_000
"""Metabase draws no more."""


def columns_of(question: Question) -> set[str]:
    """The columns that its header names."""
    goal = [question.goal] if question.goal and question.display == "progress" else []
    return {*question.columns, *goal}


def is_drawn_by(found: Result, question: Question) -> None:
    """There are rows, not too many, the columns that the header names, and a number on each axis."""
    assert columns_of(question) <= set(found.columns)
    assert 0 < len(found.rows) <= (400 if question.display == "candles" else MOST_ROWS)
    for column in question.y:
        place = found.columns.index(column)
        values = [row[place] for row in found.rows if row[place] is not None]
        assert values, f"{column} is null in every row"
        assert all(isinstance(value, int | float | Decimal) for value in values), f"{column} is no number"


def opened(name: str) -> Iterator[dict[str, str]]:
    """What a question is asked when its dashboards are opened: each card has the defaults of its filters."""
    for board in BOOK.dashboards.values():
        for card in board.cards:
            if isinstance(card, QuestionCard) and card.question == name:
                found = {param.name: board.filter_of(card, param.name) for param in BOOK.questions[name].params}
                yield {param: each.default for param, each in found.items() if each and each.default}
