"""The records of one shard: appended, read by place, found by sequence number or time, trimmed.

*Memory*: no record is kept in memory when there is a journal. What is kept is one ``Block`` (some 300 bytes) for every
128 KiB of log, that is about 1/400 of what the retention period holds; the page cache of the OS does the rest. Without
a journal the frames themselves are in memory.

A place (*ordinal*) counts the shard's records from 0 and never changes, also over trimming and restarts.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from . import frame as framing
from .segment import Segment

BLOCK_BYTES: Final = 128 * 1024
SEGMENT_BYTES: Final = 16 * 1024 * 1024


@dataclass(slots=True)
class Block:
    """Consecutive frames of one segment, read together."""

    segment: Segment
    offset: int
    length: int
    ordinal: int
    records: int
    sequence: int
    """Of its first record."""
    oldest_ms: int
    newest_ms: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read found."""

    payloads: list[bytes]
    """JSON text, to be joined by ``frame.SEPARATOR``."""
    records: int
    data_bytes: int
    next_ordinal: int
    last_ms: int | None
    """When the last record returned was stored."""
    at_tip: bool = False
    """Whatever follows cannot be read yet."""


class ShardLog:
    """An append-only log of frames; ``new_segment`` makes the segment whose first record has the given ordinal."""

    def __init__(self, new_segment: Callable[[int], Segment], *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._new_segment = new_segment
        self._segment_bytes = segment_bytes
        self._segments: list[Segment] = []
        self._blocks: list[Block] = []
        self.next_ordinal = 0
        self.last_sequence: int | None = None
        self.newest_ms = 0

    def append(self, payload: bytes, *, records: int, data_bytes: int, last_sequence: int, stored_ms: int) -> None:
        """Store one frame. Raises OSError, with nothing stored, when it could not be written."""
        if not self._segments or self._segments[-1].size >= self._segment_bytes:
            self.roll()
        segment = self._segments[-1]
        offset = segment.size
        encoded = framing.encode(payload, records=records, data_bytes=data_bytes, stored_ms=stored_ms)
        segment.append(encoded)
        number = framing.sequence_of(payload)
        self._index(Block(segment, offset, len(encoded), self.next_ordinal, records, number, stored_ms, stored_ms))
        self.last_sequence = last_sequence

    def roll(self) -> None:
        """Begin a new segment, so that the older one can go as a whole."""
        if not self._segments or self._segments[-1].size:
            self._segments.append(self._new_segment(self.next_ordinal))

    def restore(self, segment: Segment, buffer: framing.Buffer) -> None:
        """Take in a segment found on disk; ``buffer`` is its contents, whole frames only. In order of ordinals."""
        self._segments.append(segment)
        self.next_ordinal = segment.first_ordinal
        found = None
        for found in framing.frames(buffer):
            head = bytes(buffer[found.start : min(found.end, found.start + 160)])
            offset, number, ms = found.start - framing.HEADER_BYTES, framing.sequence_of(head), found.stored_ms
            self._index(Block(segment, offset, found.end - offset, self.next_ordinal, found.records, number, ms, ms))
        if found is not None:
            self.last_sequence = framing.sequence_of(framing.records_of(bytes(buffer[found.start : found.end]))[-1])

    def _index(self, added: Block) -> None:
        """Take in a frame: as part of the newest block while that is small, else as a block of its own."""
        last = self._blocks[-1] if self._blocks else None
        if last is not None and last.segment is added.segment and last.length + added.length <= BLOCK_BYTES:
            last.length += added.length
            last.records += added.records
            last.newest_ms = added.newest_ms
        else:
            self._blocks.append(added)
        self.next_ordinal += added.records
        self.newest_ms = added.newest_ms

    def read(self, ordinal: int, *, limit: int, max_bytes: int, horizon_ms: int, until_ms: int | None = None) -> Batch:
        """Up to ``limit`` records and ``max_bytes`` of data from ``ordinal`` on, at least one where there is one.

        Records stored at or before ``horizon_ms`` are gone: a read from among them starts at the oldest kept one.
        Those stored after ``until_ms`` cannot be read yet.
        """
        payloads: list[bytes] = []
        taken = size = 0
        last_ms: int | None = None
        place = ordinal
        for buffer, found, first in self._frames_from(ordinal, horizon_ms):
            if taken and (taken == limit or size >= max_bytes):
                break
            if until_ms is not None and found.stored_ms > until_ms:
                return Batch(payloads, taken, size, place if taken else max(ordinal, first), last_ms, at_tip=True)
            place = max(ordinal, first)
            payload = buffer[found.start : found.end]
            fits = size + found.data_bytes <= max_bytes
            if place == first and taken + found.records <= limit and fits:
                payloads.append(payload)
                taken, size, place = taken + found.records, size + found.data_bytes, first + found.records
                last_ms = found.stored_ms
                continue
            for record in framing.records_of(payload)[place - first :]:
                record_bytes = framing.data_bytes_of(record)
                if taken == limit or (taken and size + record_bytes > max_bytes):
                    return Batch(payloads, taken, size, place, last_ms)
                payloads.append(record)
                taken, size, place = taken + 1, size + record_bytes, place + 1
                last_ms = found.stored_ms
        if not taken:
            place = self.next_ordinal
        return Batch(payloads, taken, size, place, last_ms)

    def _frames_from(self, ordinal: int, horizon_ms: int) -> Iterator[tuple[bytes, framing.Frame, int]]:
        """(block's bytes, frame, ordinal of its first record) for frames that hold kept records at or after a place."""
        by_place = max(0, bisect_right(self._blocks, ordinal, key=lambda block: block.ordinal) - 1)
        by_time = bisect_right(self._blocks, horizon_ms, key=lambda block: block.newest_ms)
        for index in range(max(by_place, by_time), len(self._blocks)):
            block = self._blocks[index]
            buffer = block.segment.read(block.offset, block.length)
            first = block.ordinal
            for found in framing.frames(buffer):
                if first + found.records > ordinal and found.stored_ms > horizon_ms:
                    yield buffer, found, first
                first += found.records

    def place_of_sequence(self, number: int, *, after: bool) -> int:
        """The place of the first record whose sequence number is at least (``after``: above) ``number``."""
        wanted = number + 1 if after else number
        index = bisect_right(self._blocks, wanted, key=lambda block: block.sequence) - 1
        if index < 0:
            return self._blocks[0].ordinal if self._blocks else self.next_ordinal
        block = self._blocks[index]
        buffer = block.segment.read(block.offset, block.length)
        numbers = [
            framing.sequence_of(record)
            for found in framing.frames(buffer)
            for record in framing.records_of(buffer[found.start : found.end])
        ]
        return block.ordinal + bisect_left(numbers, wanted)

    def place_of_time(self, arrival_ms: int) -> int:
        """The place of the first record that tells an arrival time of at least ``arrival_ms``.

        Told times may go backwards a little; they are never later than the time of storing.
        """
        for index in range(bisect_left(self._blocks, arrival_ms, key=lambda block: block.newest_ms), len(self._blocks)):
            block = self._blocks[index]
            buffer = block.segment.read(block.offset, block.length)
            place = block.ordinal
            for found in framing.frames(buffer):
                for record in framing.records_of(buffer[found.start : found.end]):
                    if framing.arrival_ms_of(record) >= arrival_ms:
                        return place
                    place += 1
        return self.next_ordinal

    def oldest_ms_of_tail(self) -> int | None:
        """When the segment being written got its first frame; None when it is empty."""
        if not self._blocks or self._blocks[-1].segment is not self._segments[-1]:
            return None
        tail = self._segments[-1]
        index = bisect_left(self._blocks, tail.first_ordinal, key=lambda block: block.ordinal)
        return self._blocks[index].oldest_ms

    def trim(self, horizon_ms: int) -> int:
        """Remove segments all of whose records are gone; returns how many.

        The newest segment with records stays: it remembers the last sequence number over a restart.
        """
        removed = 0
        while len(self._segments) > 1 and self._segments[1].size:
            first = self._segments[0]
            end = bisect_left(self._blocks, self._segments[1].first_ordinal, key=lambda block: block.ordinal)
            if end and self._blocks[end - 1].newest_ms > horizon_ms:
                break
            del self._blocks[:end]
            del self._segments[0]
            first.remove()
            removed += 1
        return removed

    def remove(self) -> None:
        """Drop everything."""
        for segment in self._segments:
            segment.remove()
        self._segments.clear()
        self._blocks.clear()
