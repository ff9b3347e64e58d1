"""The day that a daily Lambda is asked for.

| event                                        | day                                                  |
|----------------------------------------------|------------------------------------------------------|
| ``{"date": "2026-11-28"}``, by hand          | that one                                             |
| ``{"time": "2026-11-29T02:00:00Z"}``         | the UTC day before it: the one that is over          |
| neither                                      | the UTC day before now                               |
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tapehouse.errors import TerminalError
from tapehouse.intervals import instant_of

_FORMS: Final = '{"date": "2026-11-28"}, or {"time": "2026-11-29T02:00:00Z"} for the day before, or {} for yesterday'


class EventError(TerminalError):
    """An event names no day that can be fetched."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return f"the event cannot be used: {self.detail}. Send {_FORMS}."


def asked_day(event: Any, *, now_us: int) -> date:
    """The UTC day that ``event`` asks for. Raises EventError for another event, and for a day that has not begun."""
    if event is not None and not isinstance(event, dict):
        raise EventError(f"it is a {type(event).__name__}")
    said = event or {}
    today = instant_of(now_us).date()
    if said.get("date") is not None:
        day = _date(said["date"])
    elif said.get("time") is not None:
        day = _before(_time(said["time"]))
    else:
        day = _before(today)
    if day > today:
        raise EventError(f"{day} has not begun")
    return day


def _date(text: Any) -> date:
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise EventError(f"its date is {str(text)[:40]!r}") from error
    if text != day.isoformat():
        raise EventError(f"its date is {str(text)[:40]!r}")
    return day


def _time(text: Any) -> date:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).date()
    except (TypeError, ValueError, OverflowError) as error:
        raise EventError(f"its time is {str(text)[:40]!r}") from error


def _before(day: date) -> date:
    try:
        return day - timedelta(days=1)
    except OverflowError as error:
        raise EventError(f"there is no day before {day}") from error
