"""The Kinesis Producer Library's aggregates: many user records in one Kinesis record.

An aggregate is the magic number, a protobuf ``AggregatedRecord`` (partition key table, explicit hash key table,
records) and the MD5 of the protobuf. Whatever is not exactly that is one plain record, as the KCL has it.

``aggregate`` writes aggregates of **one** partition key, and repeats the explicit hash key in each user record: the
KCL drops a whole aggregate at the first user record that does not hash into the shard it was found in.
Source: KPL aggregation-format.md, KCL AggregatorUtil.
"""

import hashlib
from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple

MAGIC: Final = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES: Final = 16
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_KEY, _HASH_KEY, _DATA = b"\x08\x00", b"\x10\x00", b"\x1a"
"""In a user record: the first partition key of the table, the first hash key, data follow."""
_KNOWN_LENGTHS: Final = 4096

HASH_KEY_BYTES: Final = 41
"""The most that a table of one explicit hash key takes: 39 digits and their frame."""
SHORT_BYTES: Final = 16_000
SHORT_HEAD_BYTES, LONG_HEAD_BYTES = 10, 12
"""The most that stands before a user record's data: of fewer than ``SHORT_BYTES``, and of up to 2 MiB."""


class UserRecord(NamedTuple):
    """One record of an aggregate."""

    partition_key: str
    data: bytes


class _Heads(dict[int, bytes]):
    """What stands before the data of a user record, by the data's length: it depends on nothing else."""

    def __init__(self, keys: bytes) -> None:
        super().__init__()
        self._keys = keys

    def __missing__(self, length: int) -> bytes:
        inner = self._keys + _DATA + _number(length)
        head = b"\x1a" + _number(len(inner) + length) + inner
        if length < _KNOWN_LENGTHS:
            self[length] = head
        return head


def _number(value: int) -> bytes:
    """A protobuf varint."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


_HEADS: Final = _Heads(_KEY)
_HEADS_WITH_HASH_KEY: Final = _Heads(_KEY + _HASH_KEY)


def aggregate(partition_key: str, data: Sequence[bytes], explicit_hash_key: str | None = None) -> bytes:
    """One aggregate of user records that all have this partition key and this explicit hash key, in order.

    It is to be put with the same partition key and the same explicit hash key. Without data it would be no aggregate.
    """
    heads = _HEADS if explicit_hash_key is None else _HEADS_WITH_HASH_KEY
    key = partition_key.encode("utf-8")
    tables = b"\x0a" + _number(len(key)) + key
    if explicit_hash_key is not None:
        tables += b"\x12" + _number(len(explicit_hash_key)) + explicit_hash_key.encode("ascii")
    records = chain.from_iterable(zip(map(heads.__getitem__, map(len, data)), data, strict=True))
    body = b"".join(chain((tables,), records))
    return b"".join((MAGIC, body, hashlib.md5(body, usedforsecurity=False).digest()))


def frame_bytes(partition_key: bytes) -> int:
    """The most bytes that an aggregate of this partition key has before its first user record."""
    return len(MAGIC) + _DIGEST_BYTES + 1 + len(_number(len(partition_key))) + len(partition_key) + HASH_KEY_BYTES


class _NotAnAggregateError(Exception):
    """The bytes only look like an aggregate."""


def deaggregate(data: bytes) -> list[UserRecord] | None:
    """The user records of an aggregate, in order; None where the bytes are no aggregate (or one without records)."""
    if not data.startswith(MAGIC) or len(data) < len(MAGIC) + _DIGEST_BYTES:
        return None
    body, digest = data[len(MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if hashlib.md5(body, usedforsecurity=False).digest() != digest:
        return None
    try:
        return _usual(body) or _records(body) or None
    except (_NotAnAggregateError, UnicodeDecodeError):
        return None


def _usual(body: bytes) -> list[UserRecord] | None:  # noqa: PLR0911, PLR0912 - one pass, no calls: see below
    """What ``_records`` finds, where the body holds just what producers write, in their order; None for all else.

    A Spark task runs this on every trade: hence the numbers read in place, one, two or three bytes long.
    """
    keys: list[str] = []
    found: list[UserRecord] = []
    at, size = 0, len(body)
    try:
        while at < size:
            tag, length, at = body[at], body[at + 1], at + 2
            if length > 0x7F:
                more, at = body[at], at + 1
                length = length & 0x7F | (more & 0x7F) << 7
                if more > 0x7F:
                    more, at = body[at], at + 1
                    length |= more << 14
                    if more > 0x7F:
                        return None
            end = at + length
            if tag == 0x1A:
                if body[at] != 0x08 or body[at + 1] > 0x7F:
                    return None
                key, at = keys[body[at + 1]], at + 2
                if body[at] == 0x10 and body[at + 1] <= 0x7F:
                    at += 2
                if body[at] != 0x1A:
                    return None
                length, at = body[at + 1], at + 2
                if length > 0x7F:
                    more, at = body[at], at + 1
                    length = length & 0x7F | (more & 0x7F) << 7
                    if more > 0x7F:
                        length, at = length | body[at] << 14, at + 1
                if at + length != end:
                    return None
                found.append(UserRecord(key, body[at:end]))
            elif tag == 0x0A:
                keys.append(body[at:end].decode("utf-8"))
            elif tag != 0x12:
                return None
            at = end
    except (IndexError, UnicodeDecodeError):
        return None
    return found if at == size else None


def _records(body: bytes) -> list[UserRecord]:
    keys: list[str] = []
    parts: list[bytes] = []
    for number, value in _fields(body):
        if number == 1 and isinstance(value, bytes):
            keys.append(value.decode("utf-8"))
        elif number == 3 and isinstance(value, bytes):
            parts.append(value)
    return [_record(part, keys) for part in parts]


def _record(part: bytes, keys: list[str]) -> UserRecord:
    key: int | None = None
    data: bytes | None = None
    for number, value in _fields(part):
        if number == 1 and isinstance(value, int):
            key = value
        elif number == 3 and isinstance(value, bytes):
            data = value
    if key is None or data is None or key >= len(keys):
        raise _NotAnAggregateError
    return UserRecord(keys[key], data)


def _fields(body: bytes) -> list[tuple[int, int | bytes]]:
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        wire_type = tag & 7
        if wire_type == _VARINT:
            value, at = _varint(body, at)
            fields.append((tag >> 3, value))
            continue
        if wire_type == _BYTES:
            size, at = _varint(body, at)
        elif wire_type in (_FIXED64, _FIXED32):
            size = 8 if wire_type == _FIXED64 else 4
        else:
            raise _NotAnAggregateError
        if at + size > len(body):
            raise _NotAnAggregateError
        fields.append((tag >> 3, body[at : at + size]))
        at += size
    return fields


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(body) and shift < 64:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _NotAnAggregateError
