"""The intervals of candles: lengths, window bounds, and how windows are filed.

Windows are counted from Monday 1970-01-05T00:00:00Z, so that weeks start on Monday; every shorter interval divides a
day, and its windows start where they would from the epoch itself.
"""

from dataclasses import dataclass
from typing import Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
WEEK_US: Final = 7 * DAY_US
ORIGIN_US: Final = 4 * DAY_US
"""1970-01-05, the first Monday of the epoch."""


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval of gold.candles."""

    name: str
    length_us: int
    bucket_us: int
    """Span of the one file that holds a window's row, of every market: what a refresh rewrites at most."""
    made_of: str | None
    """The interval whose rows are added up to make this one; None is made of trades."""

    def window_start_us(self, instant_us: int) -> int:
        """Start of the window that holds the instant, both in microseconds UTC."""
        return floor_us(instant_us, self.length_us)

    def bucket_s(self, instant_us: int) -> int:
        """The file span that holds the instant: its start in seconds since the epoch."""
        return floor_us(instant_us, self.bucket_us) // SECOND_US


def floor_us(instant_us: int, length_us: int) -> int:
    """The last multiple of ``length_us`` since Monday 1970-01-05 that is not after the instant."""
    return (instant_us - ORIGIN_US) // length_us * length_us + ORIGIN_US


# A bucket is a multiple of every window made of its interval's rows, so that one refresh reads all the parts of a
# window with the buckets that it touches: 1s feeds up to 1m, 1m up to 1h, 1h up to 1w.
INTERVALS: Final = (
    Interval("1s", SECOND_US, 30 * MINUTE_US, None),
    Interval("5s", 5 * SECOND_US, 2 * HOUR_US, "1s"),
    Interval("15s", 15 * SECOND_US, 6 * HOUR_US, "1s"),
    Interval("1m", MINUTE_US, DAY_US, "1s"),
    Interval("5m", 5 * MINUTE_US, 2 * DAY_US, "1m"),
    Interval("15m", 15 * MINUTE_US, WEEK_US, "1m"),
    Interval("30m", 30 * MINUTE_US, WEEK_US, "1m"),
    Interval("1h", HOUR_US, WEEK_US, "1m"),
    Interval("4h", 4 * HOUR_US, 4 * WEEK_US, "1h"),
    Interval("1d", DAY_US, 12 * WEEK_US, "1h"),
    Interval("1w", WEEK_US, 52 * WEEK_US, "1h"),
)
BY_NAME: Final = {interval.name: interval for interval in INTERVALS}
