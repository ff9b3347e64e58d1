"""What a venue's module gives: where to connect, what to send, and what its messages mean. Pure: no socket, no clock.

A feed is one object that satisfies ``Feed``. The WebSocket runner drives it, the simulator speaks its other side, and
``tapehouse parse`` runs it over text. ``parse`` never raises: a message that cannot be read becomes an ``Unparsed``
record, a message of a type that carries no trades is counted under its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tapehouse.record import Record


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one message said."""

    records: tuple[Record, ...] = ()
    """Trades in the order in which they count (by id where the venue batches them out of order), or one ``Unparsed``."""
    replayed: bool = False
    """The trades were made before the subscription (snapshot, last_match): real, and possibly repeats."""
    ignored: str | None = None
    """The name of a message type that carries no trade: counted, never kept."""
    acknowledged: tuple[str, ...] = ()
    """Canonical symbols whose subscription this message confirms."""
    refused: str | None = None
    """The venue's own words when it refuses a subscription or reports an error."""
    reply: str | None = None
    """Text that must be sent back at once (a venue's own ping)."""
    closing: bool = False
    """The venue says that it will close this connection soon: open the next one now."""


@dataclass(frozen=True, slots=True)
class RestRequest:
    """One GET that reads a page of past trades."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Feed(Protocol):
    """One venue's trade feed."""

    @property
    def name(self) -> str:
        """How the command names it: coinbase, coinbase-advanced, kraken, binance, …"""

    @property
    def exchange(self) -> str:
        """The venue in the record: coinbase, kraken, binance, …"""

    @property
    def websocket_url(self) -> str:
        """The venue's public address; a setting may put another in its place."""

    @property
    def rest_url(self) -> str:
        """The base address of its public REST interface; a setting may put another in its place."""

    def subscribe(self, symbols: Sequence[str]) -> list[str]:
        """The messages that subscribe to the canonical ``symbols``, in order."""

    def keepalive(self) -> str | None:
        """Text to send every ``keepalive_s`` so that a quiet line stays open; None where frames or heartbeats do."""

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        """One WebSocket message, as it came. Never raises."""

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """The request for the first page of past trades between two ids (inclusive) or two instants (µs UTC)."""

    def parse_rest(self, text: str | bytes, symbol: str, received_time_us: int) -> Parsed:
        """One REST page of past trades of the canonical ``symbol``; its trades are ``backfilled``. Never raises."""
