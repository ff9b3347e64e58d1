"""Exact decimals, microseconds and ids out of JSON values."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.feeds import fields
from producers.feeds.fields import BadFieldError


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("0.00000050", "0.00000050"),
        ("1E-8", "0.00000001"),
        ("4.522e-05", "0.00004522"),
        ("1.5E+3", "1500"),
        (Decimal("105944.20"), "105944.20"),
        (Decimal("3.844E-5"), "0.00003844"),
        (Decimal("1E+5"), "100000"),
        (7, "7"),
        ("9007199254740993.000000000001", "9007199254740993.000000000001"),
        ("-1", "-1"),
    ],
)
def test_number_is_printed_plainly_and_exactly(value: object, plain: str) -> None:
    assert fields.number(value, "price") == plain


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        "",
        "abc",
        "NaN",
        "Infinity",
        "1_000",
        " 1",
        "1\n",
        "+1",
        "0x10",
        "١٢",  # digits, but not ours
        "1e999999999999",
        "1e-900",
        "1e900",
        "9" * 65,
        10**64,
        Decimal("NaN"),
        Decimal("-Infinity"),
        Decimal("1e-65"),
        Decimal("1e999999999999999"),  # written out it would not fit into memory
        Decimal("1e-999999999999999"),
        [],
        {},
    ],
)
def test_what_is_no_number_is_refused_with_the_name_of_its_field(value: object) -> None:
    with pytest.raises(BadFieldError, match=r"^price "):
        fields.number(value, "price")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=12))
def test_number_keeps_its_value(value: Decimal) -> None:
    for shape in (value, str(value), f"{value:e}"):
        plain = fields.number(shape, "price")
        assert Decimal(plain) == value
        assert "e" not in plain.lower()


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("2014-11-07T08:19:27.028459Z", 1415348367028459),
        ("2014-11-07T08:19:27Z", 1415348367000000),
        ("2014-11-07T08:19:27.5Z", 1415348367500000),
        ("2024-10-08T09:10:52.999999999Z", 1728378652999999),  # cut, not rounded into the next second
        ("2024-10-08T11:10:52.1+02:00", 1728378652100000),
        ("2024-10-08T05:40:52.1-03:30", 1728378652100000),
        ("2016-12-31T23:59:60.25Z", 1483228800250000),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.5Z", -500000),
    ],
)
def test_rfc3339_text_becomes_microseconds(text: str, us: int) -> None:
    assert fields.rfc3339_us(text, "time") == us


@pytest.mark.parametrize(
    "value",
    [
        None,
        1415348367,
        "",
        "2014-11-07",
        "2014-11-07T08:19:27",  # no zone: no instant
        "2014-13-07T08:19:27Z",
        "2023-02-29T08:19:27Z",
        "0000-01-01T00:00:00Z",
        "2014-11-07T24:19:27Z",
        "2014-11-07T08:60:27Z",
        "2014-11-07T08:19:61Z",
        "2014-11-07T08:19:27+24:00",
        "2014-11-07T08:19:27Z\n",
        "٢٠١٤-11-07T08:19:27Z",
    ],
)
def test_what_is_no_instant_is_refused(value: object) -> None:
    with pytest.raises(BadFieldError, match=r"^time "):
        fields.rfc3339_us(value, "time")


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001
def test_rfc3339_agrees_with_the_calendar(moment: datetime) -> None:
    expected = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert fields.rfc3339_us(moment.isoformat() + "Z", "time") == expected


@pytest.mark.parametrize(
    ("value", "us"),
    [
        ("1617666461.465618", 1617666461465618),
        (Decimal("1762820035.9822779"), 1762820035982277),  # belongs to …982277754 ns
        (Decimal("1688669448.330884"), 1688669448330884),
        (Decimal("1.688669448E+9"), 1688669448000000),
        (1688669448, 1688669448000000),
        ("1688669448.9999999999", 1688669448999999),
    ],
)
def test_seconds_with_decimals_are_cut_to_microseconds(value: object, us: int) -> None:
    assert fields.unix_s_us(value, "time") == us


@pytest.mark.parametrize("value", [None, True, "", "-1", "1" * 13, "now", Decimal("NaN"), []])
def test_what_is_no_time_in_seconds_is_refused(value: object) -> None:
    with pytest.raises(BadFieldError, match=r"^time "):
        fields.unix_s_us(value, "time")


@pytest.mark.parametrize(
    ("value", "unit", "us"),
    [
        (1672515782136, "ms", 1672515782136000),
        (1672515782136123, "us", 1672515782136123),
        (1672515782136, None, 1672515782136000),
        (1672515782136123, None, 1672515782136123),
    ],
)
def test_epoch_time_is_read_in_its_unit(value: int, unit: Any, us: int) -> None:
    assert fields.epoch_us(value, "T", unit) == us


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (1672515782136123, "ms"),
        (1672515782136, "us"),
        (1672515782, "ms"),
        (1672515782, None),
        (-1672515782136, None),
        (0, None),
        pytest.param(10**5000, None, id="huge"),
        (True, None),
        ("1672515782136", "ms"),
        (Decimal("1672515782136.0"), "ms"),
        (None, "ms"),
    ],
)
def test_epoch_time_of_another_unit_or_type_is_refused(value: object, unit: Any) -> None:
    with pytest.raises(BadFieldError, match=r"^T "):
        fields.epoch_us(value, "T", unit)


def test_epoch_time_may_be_a_text_where_the_venue_writes_it_so() -> None:
    assert fields.epoch_text_us("1672515782136", "ts", "ms") == 1672515782136000
    assert fields.epoch_text_us(1672515782136, "ts", "ms") == 1672515782136000
    assert fields.epoch_text_us("1583691851934000", "ts", "us") == 1583691851934000


@pytest.mark.parametrize(
    "value", ["1672515782136000", "", "now", " 1672515782136", "1672515782136.5", "1" * 5000, None]
)
def test_text_that_is_no_epoch_time_is_refused(value: object) -> None:
    with pytest.raises(BadFieldError, match=r"^ts "):
        fields.epoch_text_us(value, "ts", "ms")


def test_nanoseconds_are_cut_to_microseconds() -> None:
    assert fields.epoch_ns_us(1625097600103000999, "time") == 1625097600103000
    assert fields.epoch_ns_us("1625097600103001000", "time") == 1625097600103001


@pytest.mark.parametrize("value", [1625097600103000, 10**19, 0, -(10**18), "x", True, None, Decimal(10**18), []])
def test_what_is_no_time_in_nanoseconds_is_refused(value: object) -> None:
    with pytest.raises(BadFieldError, match=r"^time "):
        fields.epoch_ns_us(value, "time")


@pytest.mark.parametrize("value", [0, "0"])
def test_code_may_be_a_number_or_its_digits(value: object) -> None:
    assert fields.code(value, "type", {"0": "buy"}) == "buy"


@pytest.mark.parametrize("value", [False, "00", 1, Decimal(0), None, [], pytest.param(10**5000, id="huge")])
def test_code_that_is_not_known_is_refused(value: object) -> None:
    with pytest.raises(BadFieldError, match=r"^type "):
        fields.code(value, "type", {"0": "buy", "1": "sell"} if value != 1 else {"0": "buy"})


def test_ids_beyond_two_to_the_53_keep_every_digit() -> None:
    assert fields.digit_id(15483510049470446170, "t") == "15483510049470446170"
    assert fields.digit_id("2290000001189048101", "t") == "2290000001189048101"
    assert fields.any_id("34b080bf-fcfd-445a-832b-46b5ddc65601", "t") == "34b080bf-fcfd-445a-832b-46b5ddc65601"


@pytest.mark.parametrize("value", [None, True, -1, "", "a b", "1.0", Decimal("1"), 10**38, "\ud800", "x" * 65, []])
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(BadFieldError, match=r"^t "):
        fields.any_id(value, "t")
    with pytest.raises(BadFieldError, match=r"^t "):
        fields.digit_id(value, "t")
