"""Times as sources write them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehouse.documents import moment
from tapehouse.intervals import micros_of

AT_US = 1_715_027_534_000_000
"""2024-05-06T20:32:14Z."""


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("20240506T203214", AT_US),
        ("20240506T2032", AT_US - 14_000_000),
        ("20240506T203261", None),
        ("20240506", None),
        ("20240506T203214Z", None),
        ("٢٠٢٤٠٥٠٦T203214", None),
        ("", None),
    ],
)
def test_alpha_vantages_times_are_utc(text: str, at_us: int | None) -> None:
    assert moment.of_compact(text) == at_us


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("2024-05-06T20:32:14Z", AT_US),
        ("2024-05-06t20:32:14z", AT_US),
        ("2024-05-06 22:32:14 +02:00", AT_US),
        ("2024-05-06T20:32:14.1234569+00:00", AT_US + 123_456),
        ("2024-05-06T20:32:14", None),
        ("2024-05-06", None),
        ("2024-13-06T20:32:14Z", None),
        ("yesterday", None),
    ],
)
def test_an_iso_time_has_an_offset(text: str, at_us: int | None) -> None:
    assert moment.of_iso(text) == at_us


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("Mon, 06 May 2024 20:32:14 +0000", AT_US),
        ("Mon, 06 May 2024 16:32:14 -0400", AT_US),
        ("6 May 2024 20:32:14 GMT", AT_US),
        ("Mon, 06 May 2024 20:32:14 -0000", AT_US),
        ("Mon, 06 May 2024 16:32:14 EDT", AT_US),
        ("Mon, 06 May 2024\n 20:32:14 Z", AT_US),
        ("Mon, 06 May 2024 22:32:14 CEST", None),
        ("Mon, 06 May 2024 20:32:14", None),
        ("Mon, 99 May 2024 20:32:14 +0000", None),
        ("Mon, 06 May 2024 20:32:14 +9999999999", None),
        ("GMT", None),
    ],
)
def test_a_mail_time_has_an_offset_or_a_zone_that_is_known(text: str, at_us: int | None) -> None:
    assert moment.of_rfc822(text) == at_us


@pytest.mark.parametrize(
    ("value", "at_us"),
    [
        (1715027534, AT_US),
        ("1715027534", AT_US),
        (Decimal("1715027534.0"), AT_US),
        (Decimal("1715027534.1234569"), AT_US + 123_456),
        (Decimal("1e999999999"), None),
        (Decimal("NaN"), None),
        (True, None),
        (-1, None),
        (10**400, None),
        ("1e9", None),
        (None, None),
    ],
)
def test_seconds_are_numbers_or_their_digits(value: object, at_us: int | None) -> None:
    assert moment.of_seconds(value) == at_us


@settings(deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet="0123456789-+:.TZ ,GMay", max_size=40)))
def test_no_text_raises(text: str) -> None:
    for read in (moment.of_compact, moment.of_iso, moment.of_rfc822, moment.of_seconds):
        read(text)


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_with_an_offset_is_read_back(at: datetime) -> None:
    assert moment.of_iso(at.isoformat()) == micros_of(at)
