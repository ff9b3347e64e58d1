"""What a source gives the sink: records, or bytes to be sent as they are.

A source is an async iterable of batches, read until it ends or its reader stops. It may be endless. Batches keep the
order that counts: within one market, what was made first comes first.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from producers.counters import Counters
from tapehouse.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """Bytes that reach the stream unchanged, whatever they are: judging them is the silver layer's work."""

    data: bytes
    partition_key: str
    barrier: bool = False
    """It says that everything before it under this key was seen (a coverage): it waits until that is confirmed."""


Item: TypeAlias = Record | Raw
Batch: TypeAlias = Sequence[Item]


class Source(Protocol):
    """Where items come from. May raise a LakehouseError; what it gave before that is still sent."""

    @property
    def name(self) -> str:
        """How progress and logs name it: synthetic, file, coinbase, …"""

    def __aiter__(self) -> AsyncIterator[Batch]:
        """The batches, from the start. Cancelling the wait for the next batch, or closing, ends it at once."""


@runtime_checkable
class Stoppable(Protocol):
    """A source that has received more than it gave, and can be told to come to its end."""

    def stop(self) -> None:
        """Take no more in; the iteration gives what is left and ends."""


@runtime_checkable
class Watched(Protocol):
    """A source that reads a connection which may be lost, and shows how it does."""

    @property
    def counters(self) -> Counters:
        """The counts of this source, as they grow."""

    @property
    def unconfirmed(self) -> frozenset[str]:
        """Subscription keys of the markets that no connection brings now."""

    @property
    def refused(self) -> Mapping[str, str]:
        """Subscription keys of the markets that the venue refused, and why."""
