"""The intervals of candles: where windows and files begin, and that one holds the other."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapehouse.intervals import (
    BY_NAME,
    DAY_US,
    HOUR_US,
    INTERVALS,
    ORIGIN_US,
    SECOND_US,
    WEEK_US,
    Interval,
    floor_us,
    micros_of,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
instants = st.integers(-(2**61), 2**61)
of_interval = pytest.mark.parametrize("interval", INTERVALS, ids=lambda interval: interval.name)


def at(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


def us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def test_names_tell_lengths() -> None:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
    told = {name: int(name[:-1]) * units[name[-1]] * SECOND_US for name in BY_NAME}
    assert told == {interval.name: interval.length_us for interval in INTERVALS}
    assert list(BY_NAME) == ["1s", "5s", "15s", "1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w"]


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_weeks_start_on_monday_at_midnight(moment: datetime) -> None:
    start = at(BY_NAME["1w"].window_start_us(us(moment)))
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    assert start == midnight - timedelta(days=moment.weekday())


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_shorter_windows_start_where_the_clock_shows_it(moment: datetime) -> None:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    starts = {name: at(BY_NAME[name].window_start_us(us(moment))) for name in BY_NAME}
    assert starts["1s"] == moment.replace(microsecond=0)
    assert starts["15s"] == moment.replace(second=moment.second // 15 * 15, microsecond=0)
    assert starts["5m"] == hour.replace(minute=moment.minute // 5 * 5)
    assert starts["1h"] == hour
    assert starts["4h"] == hour.replace(hour=hour.hour // 4 * 4)
    assert starts["1d"] == hour.replace(hour=0)


@of_interval
@given(instant=instants)
def test_a_window_holds_its_instant(interval: Interval, instant: int) -> None:
    start = interval.window_start_us(instant)
    assert start <= instant < start + interval.length_us
    assert interval.window_start_us(start) == start
    assert interval.window_start_us(start - 1) == start - interval.length_us


@pytest.mark.parametrize(
    ("instant", "length", "start"),
    [
        (ORIGIN_US, WEEK_US, ORIGIN_US),
        (ORIGIN_US - 1, WEEK_US, ORIGIN_US - WEEK_US),
        (0, WEEK_US, ORIGIN_US - WEEK_US),
        (0, DAY_US, 0),
        (-1, DAY_US, -DAY_US),
        (-1, SECOND_US, -SECOND_US),
        (ORIGIN_US - WEEK_US - 1, WEEK_US, ORIGIN_US - 2 * WEEK_US),
    ],
)
def test_instants_before_the_origin_are_floored_not_cut(instant: int, length: int, start: int) -> None:
    assert floor_us(instant, length) == start


@of_interval
def test_a_window_is_made_of_whole_windows(interval: Interval) -> None:
    if interval.made_of is None:
        assert interval.name == "1s"
        return
    parts = BY_NAME[interval.made_of]
    assert interval.length_us % parts.length_us == 0
    assert INTERVALS.index(parts) < INTERVALS.index(interval)


@of_interval
@given(instant=instants)
def test_every_window_lies_in_one_week(interval: Interval, instant: int) -> None:
    start = interval.window_start_us(instant)
    assert floor_us(start, WEEK_US) == floor_us(start + interval.length_us - 1, WEEK_US)


def test_an_instant_without_a_zone_is_utc() -> None:
    at = datetime(2026, 11, 29, 1, 30, 0, 7)  # noqa: DTZ001 - it is what is asked
    due = 1_795_915_800_000_007
    assert micros_of(at) == micros_of(at.replace(tzinfo=UTC)) == due
    assert micros_of(at.replace(tzinfo=timezone(timedelta(hours=2)))) == due - 2 * HOUR_US
