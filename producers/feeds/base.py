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
    """Trades in the order that counts (by id where the venue batches them out of order); where some of the message's
    trades, or all, cannot be read, one ``Unparsed`` with the whole message stands behind them."""
    replayed: bool = False
    """The trades were made before the subscription (snapshot, last_match): real, and possibly repeats."""
    ignored: str | None = None
    """The name of a message type that carries no trade: counted, never kept. ``not_json`` where it cannot be read."""
    acknowledged: tuple[str, ...] = ()
    """Canonical symbols whose subscription this message confirms."""
    refused: str | None = None
    """The venue's own words when it refuses a subscription or reports an error."""
    reply: str | None = None
    """Text that must be sent back at once (a venue's own ping)."""
    closing: bool = False
    """The venue says that it will close this connection soon: open the next one now."""
    acknowledged_request: int | None = None
    """Where the venue confirms a request by its number alone (Binance): all symbols of that ``subscribe`` message,
    counted from 1 in the order in which ``subscribe`` gave them."""
    newest: tuple[tuple[str, str], ...] = ()
    """(canonical symbol, trade id): the newest trade that the venue says there is, as Coinbase's heartbeats do. An id
    above the last one seen means that trades were dropped on the way."""
    sequence: int | None = None
    """The connection's own number of this message, where the venue gives one: a jump forward is a lost message."""


@dataclass(frozen=True, slots=True)
class RestRequest:
    """One GET that reads a page of past trades. ``url`` is whole and begins with its feed's ``rest_url``."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Feed(Protocol):
    """One venue's trade feed.

    The feeds of this package are frozen dataclasses: ``dataclasses.replace(feed, rest_url=…, websocket_url=…)`` puts
    other addresses in their place.
    """

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
        """The messages that subscribe to the canonical ``symbols``, in order; none for no symbols.

        Raises ``SymbolError`` for a symbol that is not canonical or not a spot pair.
        """

    def keepalive(self) -> str | None:
        """Text to send every ``keepalive_s`` so that a quiet line stays open; None where frames or heartbeats do."""

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        """One WebSocket message, as it came. Never raises."""

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """The request for the first page of past trades between two ids (inclusive) or two instants (µs UTC).

        A page may reach beyond the bounds: drop what is known by its key. Raises ``SymbolError`` as ``subscribe``.
        """

    def parse_rest(self, text: str | bytes, symbol: str, received_time_us: int) -> Parsed:
        """One REST page of past trades of the canonical ``symbol``, oldest first, all ``backfilled``. Never raises.

        An error body, and a body that is not JSON, come back as ``refused``: never mistake them for an empty page.
        """
