"""PutRecord and PutRecords."""

import binascii
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final

from tapehouse import logs
from tapehouse.kinesis_limits import KEY_CHARS, KIB, PUT_RECORDS_BYTES, PUT_RECORDS_ENTRIES

from . import frame as framing
from .arguments import HASH_KEY, SEQUENCE_NUMBER, Arguments, serialization
from .context import Context
from .errors import ACCOUNT, ApiError, internal_failure, invalid, rate_exceeded, throttled, validation
from .faults import THROUGHPUT, Plan
from .sequence import STEP_BITS
from .shard import HASH_KEYS, Shard
from .stream import Stream

log = logs.of(__name__)
KNOWN_KEYS: Final = 10_000
"""Hashes of so many partition keys are remembered; then all are forgotten."""


@dataclass(frozen=True, slots=True)
class _Key:
    hash_key: int
    json: str
    bytes: int


@dataclass(slots=True)
class _Entry:
    """One valid record on its way in."""

    hash_key: int
    data: str
    key_json: str
    bytes: int
    """Data and partition key."""


@dataclass(slots=True)
class _Lot:
    """The records of one call that go to one shard."""

    stored_ms: int
    places: list[int] = field(default_factory=list)
    """Where their answers belong."""
    texts: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bytes: int = 0


class Writing:
    """The operations that put records."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keys: dict[str, _Key] = {}

    def put_record(self, arguments: Arguments, plan: Plan) -> bytes:
        stream = self._context.usable(arguments)
        record = {name: arguments.raw(name) for name in ("Data", "PartitionKey", "ExplicitHashKey")}
        entry = self._entry(record, None, stream)
        shard = stream.route(entry.hash_key)
        after = arguments.optional("SequenceNumberForOrdering", SEQUENCE_NUMBER)
        if after is not None and int(after) > shard.last_sequence:
            text = f"ExclusiveMinimumSequenceNumber {after} used in PutRecord on stream {stream.name} under account "
            raise invalid(f"{text}{ACCOUNT} is invalid.")
        if arguments.raw("DryRun"):
            raise _dry_run()
        if self._context.limits and not shard.throughput.take_record(entry.bytes, self._context.clock()):
            raise throttled(stream.name, shard.id)
        answers = self._store({shard.index: self._lot(shard, [(0, entry)], plan)}, stream)
        if answers[0] is None:
            raise internal_failure()
        return answers[0].encode()

    def put_records(self, arguments: Arguments, plan: Plan) -> bytes:
        stream = self._context.usable(arguments)
        entries = self._entries(arguments, stream)
        if arguments.raw("DryRun"):
            raise _dry_run()
        answers: list[str | None] = [None] * len(entries)
        chosen: dict[int, list[tuple[int, _Entry]]] = {}
        now_us = self._context.clock() if self._context.limits else 0
        for place, entry in enumerate(entries):
            shard = stream.route(entry.hash_key)
            code = self._context.faults.record_failure(plan) if plan.record_faults else None
            if code is None and self._context.limits and not shard.throughput.take_record(entry.bytes, now_us):
                code = THROUGHPUT
            if code is None:
                chosen.setdefault(shard.index, []).append((place, entry))
            elif code == THROUGHPUT:
                answers[place] = _failed(code, rate_exceeded(stream.name, shard.id))
        lots = {index: self._lot(stream.shards[index], placed, plan) for index, placed in chosen.items()}
        stored = {place: answer for place, answer in self._store(lots, stream).items() if answer is not None}
        for place, answer in stored.items():
            answers[place] = answer
        failed = len(entries) - len(stored)
        self._context.faults.count("records.failed", failed)
        internal = _failed("InternalFailure", "Internal Service Failure")
        listed = ",".join(internal if answer is None else answer for answer in answers)
        return f'{{"FailedRecordCount":{failed},"Records":[{listed}]}}'.encode()

    def _entries(self, arguments: Arguments, stream: Stream) -> list[_Entry]:
        records = arguments.raw("Records")
        if not isinstance(records, list) or not records:
            raise validation("records", None if records is None else "[]", "Member must have length at least 1")
        if len(records) > PUT_RECORDS_ENTRIES:
            rule = f"Member must have length less than or equal to {PUT_RECORDS_ENTRIES}"
            raise validation("records", f"[{len(records)} records]", rule)
        entries = [self._entry(record, place, stream) for place, record in enumerate(records, 1)]
        if sum(entry.bytes for entry in entries) > PUT_RECORDS_BYTES:
            raise invalid("Records size exceeds 10 MB limit")
        return entries

    def _entry(self, record: Any, place: int | None, stream: Stream) -> _Entry:
        """A record that has passed the model's rules; ``place`` counts from 1 for the message."""
        if not isinstance(record, dict):
            raise serialization("Records", "a list of objects")
        data, text = record.get("Data"), record.get("PartitionKey")
        if data is None or text is None:
            raise validation(_path(place, "data" if data is None else "partitionKey"), None, "Member must not be null")
        if not isinstance(data, str) or not isinstance(text, str):
            raise serialization("Data and PartitionKey", "strings")
        key = self._keys.get(text) or self._learn(text, place)
        try:
            size = len(binascii.a2b_base64(data, strict_mode=True)) if data else 0
        except ValueError:
            raise serialization("Data", "base64") from None
        if size + key.bytes > stream.max_record_kib * KIB:
            rule = f"Member must have length less than or equal to {stream.max_record_kib * KIB}, its key included"
            raise validation(_path(place, "data"), f"[{size} bytes]", rule)
        explicit = record.get("ExplicitHashKey")
        hash_key = key.hash_key if explicit is None else _explicit(explicit)
        return _Entry(hash_key, data, key.json, size + key.bytes)

    def _learn(self, text: str, place: int | None) -> _Key:
        """What a partition key comes to: its MD5 as a hash key, and its JSON text."""
        try:
            raw = text.encode()
        except UnicodeEncodeError:
            raise serialization("PartitionKey", "Unicode text") from None
        if not 1 <= len(text) <= KEY_CHARS:
            rule = f"Member must have length between 1 and {KEY_CHARS}"
            raise validation(_path(place, "partitionKey"), text, rule)
        digest = hashlib.md5(raw, usedforsecurity=False).digest()
        if len(self._keys) >= KNOWN_KEYS:
            self._keys.clear()
        key = self._keys[text] = _Key(int.from_bytes(digest, "big"), json.dumps(text), len(raw))
        return key

    def _lot(self, shard: Shard, placed: list[tuple[int, _Entry]], plan: Plan) -> _Lot:
        """Number the records of one shard."""
        context = self._context
        stored_ms = max(context.clock() // 1000, shard.log.newest_ms)
        draw = context.rng.getrandbits
        number = shard.last_sequence
        lot = _Lot(stored_ms)
        for place, entry in placed:
            number += 1 + draw(STEP_BITS)
            arrival_ms = context.faults.arrival_ms(plan, stored_ms) if plan.back_ms else stored_ms
            lot.places.append(place)
            lot.numbers.append(number)
            lot.texts.append(framing.record_text(number, arrival_ms, entry.data, entry.key_json))
            lot.bytes += entry.bytes
        return lot

    def _store(self, lots: dict[int, _Lot], stream: Stream) -> dict[int, str | None]:
        """Write each lot as one frame; what could not be written is None, and has left nothing behind."""
        answers: dict[int, str | None] = {}
        faults = self._context.faults
        for index, lot in lots.items():
            shard = stream.shards[index]
            payload = ",\n".join(lot.texts).encode()
            try:
                shard.log.append(
                    payload,
                    records=len(lot.texts),
                    data_bytes=lot.bytes,
                    last_sequence=lot.numbers[-1],
                    stored_ms=lot.stored_ms,
                )
            except OSError:
                log.exception("records_not_written", stream=stream.name, shard=shard.id)
                answers.update(dict.fromkeys(lot.places))
                continue
            shard.last_sequence = lot.numbers[-1]
            faults.count("records.in", len(lot.texts))
            faults.count("bytes.in", lot.bytes)
            for place, number in zip(lot.places, lot.numbers, strict=True):
                answers[place] = f'{{"SequenceNumber":"{number}","ShardId":"{shard.id}"}}'
        return answers


def _failed(code: str, message: str) -> str:
    return f'{{"ErrorCode":"{code}","ErrorMessage":"{message}"}}'


def _path(place: int | None, member: str) -> str:
    return member if place is None else f"records.{place}.member.{member}"


def _dry_run() -> ApiError:
    return ApiError("DryRunOperationException", "Request would have succeeded, but DryRun flag is set.")


def _explicit(value: object) -> int:
    if not isinstance(value, str):
        raise serialization("ExplicitHashKey", "a string")
    number = int(value) if HASH_KEY.fullmatch(value) else HASH_KEYS
    if number >= HASH_KEYS:
        text = "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]."
        raise invalid(f"{text} Specified value was {value[:64]}")
    return number
