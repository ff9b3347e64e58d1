"""What every operation needs: the streams, the clock, the random numbers, the faults asked for."""

import random
from dataclasses import dataclass

from .arguments import Arguments
from .cursor import Tokens
from .errors import stream_not_found
from .faults import Faults
from .store import Clock, Store
from .stream import Stream
from .timing import Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The parts of one server that operations share."""

    store: Store
    clock: Clock
    rng: random.Random
    faults: Faults
    tokens: Tokens
    limits: bool
    """Are the limits of a shard enforced?"""
    timing: Timing

    def named(self, arguments: Arguments) -> Stream:
        """The stream that a call means, in any status."""
        return self._same(self.store.find(arguments.stream_name()), arguments)

    def settled(self, arguments: Arguments) -> Stream:
        """The same, which must be ACTIVE."""
        return self._same(self.store.find_settled(arguments.stream_name()), arguments)

    def usable(self, arguments: Arguments) -> Stream:
        """The same, whose records can be put and read."""
        return self._same(self.store.find_usable(arguments.stream_name()), arguments)

    def _same(self, stream: Stream, arguments: Arguments) -> Stream:
        arn = arguments.optional("StreamARN")
        if arn is not None and arn != stream.arn:
            raise stream_not_found(stream.name)
        return stream
