"""The Kinesis Producer Library's aggregates: many user records in one Kinesis record.

An aggregate is the magic number, a protobuf ``AggregatedRecord`` (partition key table, explicit hash key table,
records) and the MD5 of the protobuf. Whatever is not exactly that is one plain record, as the KCL has it.
Source: KPL aggregation-format.md.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES: Final = 16
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One record of an aggregate."""

    partition_key: str
    data: bytes


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
        return _records(body) or None
    except (_NotAnAggregateError, UnicodeDecodeError):
        return None


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
        wire = tag & 7
        if wire == _VARINT:
            value, at = _varint(body, at)
            fields.append((tag >> 3, value))
            continue
        if wire == _BYTES:
            size, at = _varint(body, at)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
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
