"""Questions and answers of which a test names what it is about."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from metabase.question import Display, Question
from tapehouse.query import Result

NOON = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


def minute(at: int) -> dt.datetime:
    return NOON + dt.timedelta(minutes=at)


def question(display: Display, **fields: Any) -> Question:
    told: dict[str, Any] = {
        "name": "candles",
        "title": "Candles",
        "answers": "How?",
        "sql": "SELECT 1 FROM gold.candles",
    }
    return Question(display=display, **{**told, **fields})


def answer(columns: str, *rows: Sequence[Any]) -> Result:
    return Result(tuple(columns.split()), [tuple(row) for row in rows])
