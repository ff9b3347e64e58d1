"""A frame: the records of one put call that fell to one shard, as they lie on disk and as GetRecords answers.

::

    length u32 | crc32 u32 | records u32 | data bytes u32 | stored ms u64 | payload

The payload is the very JSON text that GetRecords answers with, records joined by ``,\\n`` (a JSON string never holds a
raw newline): reading a frame is copying it. The checksum covers everything but itself.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

Buffer: TypeAlias = bytes | memoryview

SEPARATOR: Final = b",\n"
_HEADER: Final = struct.Struct(">IIIIQ")
_REST: Final = struct.Struct(">IIQ")
HEADER_BYTES: Final = _HEADER.size
_BEFORE_NUMBER: Final = len(b'{"SequenceNumber":"')
_BEFORE_ARRIVAL: Final = len(b'","ApproximateArrivalTimestamp":')


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame inside a buffer; ``start`` and ``end`` bound its payload."""

    start: int
    end: int
    records: int
    data_bytes: int
    """Data and partition keys of its records, in bytes."""
    stored_ms: int
    """When it was stored, by the server's clock; never decreasing along a shard."""


def record_text(sequence: int, arrival_ms: int, data: str, partition_key: str) -> str:
    """One record in GetRecords' JSON. ``data`` is base64 text as it came; ``partition_key`` is JSON text already."""
    return (
        f'{{"SequenceNumber":"{sequence}","ApproximateArrivalTimestamp":{arrival_ms // 1000}.{arrival_ms % 1000:03d},'
        f'"Data":"{data}","PartitionKey":{partition_key}}}'
    )


def encode(payload: bytes, *, records: int, data_bytes: int, stored_ms: int) -> bytes:
    """The bytes of one frame."""
    checksum = zlib.crc32(payload, zlib.crc32(_REST.pack(records, data_bytes, stored_ms)))
    return _HEADER.pack(len(payload), checksum, records, data_bytes, stored_ms) + payload


def frames(buffer: Buffer) -> Iterator[Frame]:
    """The frames of a buffer that holds whole frames only."""
    position, size = 0, len(buffer)
    while position < size:
        length, _checksum, records, data_bytes, stored_ms = _HEADER.unpack_from(buffer, position)
        start = position + HEADER_BYTES
        position = start + length
        yield Frame(start, position, records, data_bytes, stored_ms)


def intact_bytes(buffer: Buffer, *, verify: bool) -> int:
    """The length of the prefix made of whole frames; with ``verify`` their checksums must be right too."""
    position, size = 0, len(buffer)
    while position + HEADER_BYTES <= size:
        length, checksum, records, data_bytes, stored_ms = _HEADER.unpack_from(buffer, position)
        start, end = position + HEADER_BYTES, position + HEADER_BYTES + length
        if end > size or records == 0:
            break
        if verify and checksum != zlib.crc32(buffer[start:end], zlib.crc32(_REST.pack(records, data_bytes, stored_ms))):
            break
        position = end
    return position


def records_of(payload: bytes) -> list[bytes]:
    """The JSON text of each record of a payload."""
    return payload.split(SEPARATOR)


def sequence_of(record: bytes) -> int:
    """The sequence number of a record's text, or of a payload's first record."""
    return int(record[_BEFORE_NUMBER : record.index(b'"', _BEFORE_NUMBER)])


def arrival_ms_of(record: bytes) -> int:
    """The arrival time that a record's text tells, in ms."""
    start = record.index(b'"', _BEFORE_NUMBER) + _BEFORE_ARRIVAL
    return int(record[start : record.index(b",", start)].replace(b".", b""))


def data_bytes_of(record: bytes) -> int:
    """Bytes of data and partition key of one record, as limits count them."""
    body = json.loads(record)
    return base64_bytes(body["Data"]) + len(body["PartitionKey"].encode())


def base64_bytes(text: str) -> int:
    """How many bytes a base64 text stands for."""
    return len(text) // 4 * 3 - text.count("=", -2)
