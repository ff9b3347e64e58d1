"""The intervals of candles: lengths, window bounds, and what each is made of.

Windows are counted from Monday 1970-01-05T00:00:00Z, so that weeks start on Monday; every shorter interval divides a
day, and its windows start where they would from the epoch itself.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
WEEK_US: Final = 7 * DAY_US
ORIGIN_US: Final = 4 * DAY_US
"""1970-01-05, the first Monday of the epoch."""
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval of gold.candles."""

    name: str
    length_us: int
    made_of: str | None
    """The interval whose rows are added up to make this one: it divides it. None is made of trades."""

    def window_start_us(self, instant_us: int) -> int:
        """Start of the window that holds the instant, both in microseconds UTC."""
        return floor_us(instant_us, self.length_us)


def floor_us(instant_us: int, length_us: int) -> int:
    """The last multiple of ``length_us`` since Monday 1970-01-05 that is not after the instant."""
    return (instant_us - ORIGIN_US) // length_us * length_us + ORIGIN_US


def micros_of(instant: dt.datetime) -> int:
    """Microseconds since the epoch; an instant that names no zone is UTC."""
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=dt.UTC)
    return (aware - _EPOCH) // dt.timedelta(microseconds=1)


def instant_of(us: int) -> dt.datetime:
    """The instant of microseconds since the epoch, UTC, exactly. Raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + dt.timedelta(microseconds=us)


INTERVALS: Final = (
    Interval("1s", SECOND_US, None),
    Interval("5s", 5 * SECOND_US, "1s"),
    Interval("15s", 15 * SECOND_US, "5s"),
    Interval("1m", MINUTE_US, "15s"),
    Interval("5m", 5 * MINUTE_US, "1m"),
    Interval("15m", 15 * MINUTE_US, "5m"),
    Interval("30m", 30 * MINUTE_US, "15m"),
    Interval("1h", HOUR_US, "30m"),
    Interval("4h", 4 * HOUR_US, "1h"),
    Interval("1d", DAY_US, "4h"),
    Interval("1w", WEEK_US, "1d"),
)
BY_NAME: Final = {interval.name: interval for interval in INTERVALS}
