"""Sequence numbers: big integers that grow inside a shard by steps nobody can guess.

A first-generation shard starts at 56 digits, ``49`` + creation time in ms + a hash, as Kinesis' own look. A child of
generation *g* starts a little below 10^(56 + g): its numbers have more digits than its parent's and soon gain one
more, so that whoever compares them as text, or across shards, is wrong here as he would be, less often, on AWS.
Kinesis allows 129 digits; generations past ``LAST_LONGER`` stop growing longer and only grow.
"""

import hashlib
from typing import Final

ROOT_DIGITS: Final = 56
LAST_LONGER: Final = 60
"""The last generation that gets more digits: 56 + 60 + 1 stays well below Kinesis' 129."""
STEP_BITS: Final = 64
"""A step is 1 … 2^64: a hundred billion records move a number by 10^31, far less than the gap between streams."""


def first_number(*, salt: str, created_ms: int, generation: int, above: int) -> int:
    """The starting number of a shard.

    ``salt`` tells apart shards of one instant; ``created_ms`` is the stream's creation, so that a stream made again
    starts elsewhere; ``above`` is the highest number of the parents, which the result exceeds.
    """
    draw = int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=32).digest(), "big")
    if generation == 0:
        return int(f"49{created_ms:014d}{draw % 10**40:040d}")
    if generation <= LAST_LONGER:
        return int(10 ** (ROOT_DIGITS + generation) - (1 + draw % 64) * 2 ** (STEP_BITS - 1))
    return above + 10**60 + draw % 10**50
