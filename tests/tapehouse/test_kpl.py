"""Aggregates of the Kinesis Producer Library, against the library's own aggregator; and what only looks like one."""

import hashlib
from typing import Final

import pytest
from aws_kinesis_agg.aggregator import RecordAggregator
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehouse.kpl import MAGIC, UserRecord, deaggregate

Made = tuple[str, bytes, str | None]
"""Partition key, data, explicit hash key."""


def aggregate(records: list[Made]) -> bytes:
    """What the KPL's own aggregator makes of the records."""
    aggregator = RecordAggregator()
    for key, data, hash_key in records:
        assert aggregator.add_user_record(key, data, hash_key) is None, "the aggregator was full"
    contents: tuple[str, str, bytes] = aggregator.clear_and_get().get_contents()
    return contents[2]


def sealed(body: bytes) -> bytes:
    return MAGIC + body + hashlib.md5(body).digest()


def framed(number: int, data: bytes) -> bytes:
    """A length-delimited protobuf field of under 128 bytes."""
    return bytes((number << 3 | 2, len(data))) + data


ONE: Final = framed(1, b"key") + framed(3, b"\x08\x00" + framed(3, b"data"))
keys = st.text(min_size=1, max_size=20) | st.sampled_from(["kraken:BTC-USD", "ключ", "\U0001f511", "k"])
hash_keys = st.none() | st.integers(0, 2**128 - 1).map(str)


@settings(deadline=None)
@given(st.lists(st.tuples(keys, st.binary(max_size=300), hash_keys), min_size=1, max_size=40))
def test_user_records_come_back_in_order(records: list[Made]) -> None:
    assert deaggregate(aggregate(records)) == [UserRecord(key, data) for key, data, _ in records]


def test_a_large_aggregate_comes_back_whole() -> None:
    records: list[Made] = [(f"market {n % 300}", b"\x00" * (n % 700), str(n)) for n in range(2_000)]
    assert deaggregate(aggregate(records)) == [UserRecord(key, data) for key, data, _ in records]


def test_an_empty_user_record_is_a_record() -> None:
    assert deaggregate(aggregate([("k", b"", None)])) == [UserRecord("k", b"")]


def test_an_aggregate_inside_an_aggregate_is_data() -> None:
    inner = aggregate([("k", b"x", None)])
    assert deaggregate(aggregate([("k", inner, None)])) == [UserRecord("k", inner)]


@given(st.data())
def test_a_changed_aggregate_is_one_plain_record(data: st.DataObject) -> None:
    whole = aggregate([("k", b"some data", None), ("other", b"more", "7")])
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes((whole[at] ^ data.draw(st.integers(1, 255)),)) + whole[at + 1 :]
    assert deaggregate(flipped) is None


def test_a_truncated_aggregate_is_one_plain_record() -> None:
    whole = aggregate([("k", b"some data", None)])
    assert deaggregate(whole) is not None
    assert [n for n in range(len(whole)) if deaggregate(whole[:n]) is not None] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        framed(1, b"key"),
        framed(3, b"\x08\x00" + framed(3, b"data")),  # a key that no table has
        framed(1, b"key") + framed(3, b"\x08\x01" + framed(3, b"data")),
        framed(1, b"key") + framed(3, framed(3, b"data")),  # no key
        framed(1, b"key") + framed(3, b"\x08\x00"),  # no data
        framed(1, b"\xff\xfe") + framed(3, b"\x08\x00" + framed(3, b"data")),  # a key that is no UTF-8
        ONE + b"\x1a\x7f",  # a field that ends behind the end
        ONE + b"\x1a",
        ONE + b"\x80" * 11,
        ONE + b"\xff" * 9 + b"\x01",
        ONE + b"\x20" + b"\x80" * 10 + b"\x00",  # a number of eleven bytes
        ONE + b"\x0b",  # a group
        ONE + b"\x0f\x00",
        ONE + b"\x0d\x00\x00",  # a cut fixed32
        b"\x1a" + b"\xff" * 9 + b"\x01",  # a length of 2^64 - 1
        framed(1, b"key") + framed(3, b"\x08" + b"\xff" * 9 + b"\x01" + framed(3, b"data")),
    ],
    ids=repr,
)
def test_a_sealed_body_that_is_no_aggregate_is_one_plain_record(body: bytes) -> None:
    assert deaggregate(sealed(body)) is None


def test_the_body_that_those_are_made_of_is_an_aggregate() -> None:
    assert deaggregate(sealed(ONE)) == [UserRecord("key", b"data")]


@pytest.mark.parametrize(
    "extra", [b"\x20\x05", framed(9, b"later"), b"\x4d\x00\x00\x00\x00", b"\x49" + b"\x00" * 8, framed(2, b"123")]
)
def test_fields_of_a_later_format_are_skipped(extra: bytes) -> None:
    inside = framed(1, b"key") + framed(3, b"\x08\x00" + framed(3, b"data") + extra)
    assert deaggregate(sealed(ONE + extra)) == deaggregate(sealed(inside)) == [UserRecord("key", b"data")]


def test_the_tags_of_user_records_are_skipped() -> None:
    tag = framed(4, framed(1, b"name") + framed(2, b"value"))
    body = framed(1, b"key") + framed(3, b"\x08\x00" + framed(3, b"data") + tag)
    assert deaggregate(sealed(body)) == [UserRecord("key", b"data")]


@given(st.binary(max_size=200))
def test_no_bytes_behind_the_magic_number_make_it_raise(noise: bytes) -> None:
    assert deaggregate(noise) is None
    assert deaggregate(MAGIC + noise) is None
    found = deaggregate(sealed(noise))
    assert found is None or found


@given(st.binary(max_size=60), st.integers(0, len(ONE)))
def test_no_sealed_damage_makes_it_raise(noise: bytes, at: int) -> None:
    found = deaggregate(sealed(ONE[:at] + noise + ONE[at:]))
    assert found is None or all(isinstance(record.data, bytes) for record in found)
