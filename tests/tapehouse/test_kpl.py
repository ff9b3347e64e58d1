"""Aggregates of the Kinesis Producer Library, against the library's own aggregator; and what only looks like one."""

import base64
import hashlib
from typing import Any, Final

import pytest
from aws_kinesis_agg.aggregator import RecordAggregator
from aws_kinesis_agg.deaggregator import deaggregate_records
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehouse import kpl
from tapehouse.kpl import MAGIC, UserRecord, deaggregate

Made = tuple[str, bytes, str | None]
"""Partition key, data, explicit hash key."""


def theirs(records: list[Made]) -> bytes:
    """What the KPL's own aggregator makes of the records."""
    aggregator = RecordAggregator()
    for key, data, hash_key in records:
        assert aggregator.add_user_record(key, data, hash_key) is None, "the aggregator was full"
    contents: tuple[str, str, bytes] = aggregator.clear_and_get().get_contents()
    return contents[2]


def read_by_theirs(data: bytes) -> list[dict[str, Any]]:
    """What the KPL's own de-aggregator finds: a list of user records with key, hash key and data."""
    record = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "outer",
        "sequenceNumber": "1",
        "approximateArrivalTimestamp": 1.0,
        "data": base64.b64encode(data).decode(),
    }
    found: list[dict[str, Any]] = deaggregate_records([{"kinesis": record, "eventSource": "aws:kinesis"}])
    return [each["kinesis"] for each in found]


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
    assert deaggregate(theirs(records)) == [UserRecord(key, data) for key, data, _ in records]


@settings(deadline=None)
@given(
    keys, st.lists(st.binary(max_size=300) | st.integers(16_300, 16_500).map(bytes), min_size=1, max_size=30), hash_keys
)
def test_what_we_write_is_what_the_library_writes_and_both_read_it(
    key: str, data: list[bytes], hash_key: str | None
) -> None:
    ours = kpl.aggregate(key, data, hash_key)
    assert ours == theirs([(key, each, hash_key) for each in data])
    assert deaggregate(ours) == [UserRecord(key, each) for each in data]
    read = read_by_theirs(ours)
    assert [base64.b64decode(each["data"]) for each in read] == data
    assert {each["partitionKey"] for each in read} == {key}
    assert {each.get("explicitHashKey") for each in read} == {hash_key}


def head_bytes(length: int) -> int:
    return kpl.SHORT_HEAD_BYTES if length < kpl.SHORT_BYTES else kpl.LONG_HEAD_BYTES


@given(keys, st.lists(st.binary(max_size=300) | st.integers(15_900, 16_500).map(bytes), min_size=1), hash_keys)
def test_an_aggregate_is_never_larger_than_was_reckoned(key: str, data: list[bytes], hash_key: str | None) -> None:
    reckoned = kpl.frame_bytes(key.encode()) + sum(len(each) + head_bytes(len(each)) for each in data)
    assert len(kpl.aggregate(key, data, hash_key)) <= reckoned


def test_a_user_record_of_two_megabytes_is_reckoned_right_too() -> None:
    data = bytes(2**21 - 100)
    assert len(kpl.aggregate("k", [data], "1")) <= kpl.frame_bytes(b"k") + len(data) + head_bytes(len(data))


@given(st.data())
def test_the_short_way_finds_what_the_long_way_finds(data: st.DataObject) -> None:
    """Bodies that nearly are what producers write: with other fields, other lengths of numbers, other keys."""
    chunk = st.sampled_from(
        [
            framed(1, b"key"),
            framed(1, b"\xff"),
            framed(2, b"12"),
            framed(3, b"\x08\x00" + framed(3, b"data")),
            framed(3, b"\x08\x01\x10\x00" + framed(3, b"")),
            framed(3, b"\x08\x80\x00" + framed(3, b"two bytes of key")),
            framed(3, b"\x08\x80\x10\x1a\x1a" + b"x" * 26),
            framed(3, b"\x08\x00\x10\x80\x00" + framed(3, b"d")),
            framed(3, framed(3, b"d") + b"\x08\x00"),
            framed(3, b"\x08\x00\x1a\x83\x00abc"),
            framed(3, b"\x08\x00\x1a\x83\x80\x00abc"),
            framed(3, b"\x08\x00\x1a\x83\x80\x80\x00abc"),
            b"\x1a\x87\x80\x00\x08\x00\x1a\x03abc",
            b"\x1a\x87\x80\x80\x00\x08\x00\x1a\x03abc",
            b"\x1a\x00",
            b"\x20\x05",
        ]
    )
    body = b"".join(data.draw(st.lists(chunk, max_size=8)))
    if data.draw(st.booleans()) and body:
        at = data.draw(st.integers(0, len(body) - 1))
        body = body[:at] + bytes((data.draw(st.integers(0, 255)),)) + body[at + 1 :]
    short = kpl._usual(body)
    if short is not None:
        assert short == kpl._records(body)


def test_an_aggregate_of_ours_goes_the_short_way() -> None:
    data = [bytes(n) for n in (0, 1, 127, 128, 5_000, 16_383, 16_384, 70_000)]
    for hash_key in (None, "7"):
        body = kpl.aggregate("kraken:BTC-USD", data, hash_key)[4:-16]
        assert kpl._usual(body) == [UserRecord("kraken:BTC-USD", each) for each in data]


def test_a_large_aggregate_comes_back_whole() -> None:
    records: list[Made] = [(f"market {n % 300}", b"\x00" * (n % 700), str(n)) for n in range(2_000)]
    assert deaggregate(theirs(records)) == [UserRecord(key, data) for key, data, _ in records]


def test_an_empty_user_record_is_a_record() -> None:
    assert deaggregate(theirs([("k", b"", None)])) == [UserRecord("k", b"")]


def test_an_aggregate_inside_an_aggregate_is_data() -> None:
    inner = theirs([("k", b"x", None)])
    assert deaggregate(theirs([("k", inner, None)])) == [UserRecord("k", inner)]


@given(st.data())
def test_a_changed_aggregate_is_one_plain_record(data: st.DataObject) -> None:
    whole = theirs([("k", b"some data", None), ("other", b"more", "7")])
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes((whole[at] ^ data.draw(st.integers(1, 255)),)) + whole[at + 1 :]
    assert deaggregate(flipped) is None


def test_a_truncated_aggregate_is_one_plain_record() -> None:
    whole = theirs([("k", b"some data", None)])
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
