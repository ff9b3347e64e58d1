"""An event asks for one UTC day, or is refused with what one looks like."""

import pickle
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lambdas.event import EventError, asked_day

NOW_US = int(datetime(2026, 11, 29, 2, 5, tzinfo=UTC).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("event", "day"),
    [
        ({"time": "2026-11-29T02:00:00Z"}, "2026-11-28"),
        ({"time": "2026-11-20T00:00:00Z"}, "2026-11-19"),
        ({"time": "2026-11-29T01:00:00+02:00"}, "2026-11-27"),
        ({"time": "2026-11-29T02:00:00"}, "2026-11-28"),
        ({"time": "2026-11-29T02:00:00Z", "id": "7", "source": "aws.scheduler", "detail": {}}, "2026-11-28"),
        ({"date": "2026-11-28"}, "2026-11-28"),
        ({"date": "2026-11-29"}, "2026-11-29"),
        ({"date": "2024-02-29", "time": "2026-11-29T02:00:00Z"}, "2024-02-29"),
        ({}, "2026-11-28"),
        (None, "2026-11-28"),
        ({"time": None, "date": None}, "2026-11-28"),
    ],
)
def test_the_day_that_an_event_asks_for(event: Any, day: str) -> None:
    assert asked_day(event, now_us=NOW_US) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "event",
    [
        {"date": "2026-11-30"},
        {"date": "2026-02-30"},
        {"date": "20261128"},
        {"date": "2026-W48-6"},
        {"date": ""},
        {"date": 20261128},
        {"date": "yesterday"},
        {"time": "2026-12-29T02:00:00Z"},
        {"time": 1_795_917_600},
        {"time": ""},
        {"time": "0001-01-01T00:00:00Z"},
        {"time": "0001-01-01T00:00:00+14:00"},
        [],
        "2026-11-28",
        7,
    ],
)
def test_another_event_is_refused_with_what_one_looks_like(event: Any) -> None:
    with pytest.raises(EventError, match=re.escape('Send {"date": "2026-11-28"}')) as caught:
        asked_day(event, now_us=NOW_US)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
