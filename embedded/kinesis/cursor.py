"""Shard iterators and page tokens: opaque, signed, and short-lived.

They hold all they need (nothing is kept for them in the server) and outlive a restart on the same journal, as nobody
sees a machine of Kinesis restart. The signature only tells a token of this server from garbage.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

LIFETIME_US: Final = 300_000_000
"""Both iterators and page tokens live for 5 minutes."""
_SIGNATURE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Position:
    """What a shard iterator says."""

    serial: int
    """The stream, by its count: a stream made again under the same name is another one."""
    stream: str
    shard: int
    ordinal: int
    issued_us: int
    generation: int
    """How often all iterators had been expired by hand when it was issued."""


class Tokens:
    """Seals and opens tokens with one key."""

    def __init__(self, key: str) -> None:
        self._key = hashlib.blake2b(key.encode(), digest_size=32).digest()

    def seal(self, kind: str, values: list[Any]) -> str:
        """A token of printable ASCII."""
        body = json.dumps([kind, *values], separators=(",", ":")).encode()
        return base64.b64encode(self._signature(body) + body).decode()

    def open(self, kind: str, token: str) -> list[Any] | None:
        """What was sealed, or None for anything else."""
        try:
            raw = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            return None
        body = raw[_SIGNATURE_BYTES:]
        if raw[:_SIGNATURE_BYTES] != self._signature(body):
            return None
        values: list[Any] = json.loads(body)
        return values[1:] if values[0] == kind else None

    def seal_position(self, position: Position) -> str:
        p = position
        return self.seal("iterator", [p.serial, p.stream, p.shard, p.ordinal, p.issued_us, p.generation])

    def open_position(self, token: str) -> Position | None:
        values = self.open("iterator", token)
        return None if values is None else Position(*values)

    def _signature(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self._key, digest_size=_SIGNATURE_BYTES).digest()
