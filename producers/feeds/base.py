"""What a venue's module gives: where to connect, what to send, and what its messages mean. Pure: no socket, no clock.

A feed is one object that satisfies ``Feed``. The WebSocket runner drives it, the simulator speaks its other side, and
``tapehouse parse`` runs it over text. ``parse`` never raises: a message that cannot be read becomes an ``Unparsed``
record, a message of a type that carries no trades is counted under its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from producers.feeds.candles import CandlePage
from producers.feeds.traits import Traits
from tapehouse.errors import TerminalError
from tapehouse.market import Market
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
    """The subscription keys that this message confirms."""
    refused: str | None = None
    """The venue's own words when it refuses a subscription or reports an error."""
    reply: str | None = field(default=None, repr=False)
    """Text that must be sent back at once: to a venue's own ping, or a key to one that asks for it (so: no repr)."""
    authenticated: bool | None = None
    """True: the venue took our key. False: it refused it, and ``refused`` has its words."""
    closing: bool = False
    """The venue says that it will close this connection soon: open the next one now."""
    acknowledged_request: int | None = None
    """Where the venue confirms a request by its number alone (Binance): all keys of that ``subscribe`` message,
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
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """May carry a key: never logged."""


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
    def source(self) -> str:
        """What it files its live trades under in the record: its name, or ``binance-agg``."""

    @property
    def traits(self) -> Traits:
        """How it is driven."""

    @property
    def websocket_url(self) -> str:
        """The venue's public address, without any key; a setting may put another in its place."""

    def address(self) -> str:
        """Where to connect. It may carry a key: it is never logged and never part of an error."""

    def market(self, key: str) -> Market | None:
        """The market of a subscription key; None where only its trades say which exchange (Polygon).

        A venue's keys are canonical symbols; a vendor's may name the exchange before a colon.
        """

    def subscription_key(self, exchange: str, symbol: str) -> str:
        """The key of ``subscribe`` to which a trade of this market belongs."""

    @property
    def rest_url(self) -> str:
        """The base address of its public REST interface; a setting may put another in its place."""

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """The messages that subscribe to these subscription keys, in order; none for no keys.

        Raises ``SymbolError`` for a key that is not canonical or not a spot pair.
        """

    def keepalive(self) -> str | None:
        """Text to send every ``keepalive_s``, so that a quiet connection stays open; None where frames do that."""

    def unconnected(self) -> "Feed":
        """Itself as it reads text of which is not known how its connection was asked for."""

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

    def candles(self, symbol: str, interval: str, from_us: int, to_us: int) -> RestRequest:
        """The request for the venue's own candles of the windows in [from_us, to_us), both starts of windows.

        ``interval`` is one of ``traits.klines.steps``, and the windows are no more than one page holds. Raises
        SymbolError as ``subscribe``, TerminalError where ``traits.klines`` is None.
        """

    def parse_candles(self, text: str | bytes) -> CandlePage:
        """A page of them. Never raises."""


class BaseFeed:
    """What most feeds have in common: a public feed of one venue, whose subscription keys are canonical symbols."""

    __slots__ = ()

    @property
    def source(self: "Feed") -> str:
        """See ``Feed``."""
        return self.name

    def address(self: "Feed") -> str:
        """See ``Feed``."""
        return self.websocket_url

    def market(self: "Feed", key: str) -> Market | None:
        """See ``Feed``."""
        return Market(self.exchange, key)

    def subscription_key(self: "Feed", exchange: str, symbol: str) -> str:
        """See ``Feed``."""
        del exchange
        return symbol

    def keepalive(self) -> str | None:
        """None: the venue's own frames and heartbeats do."""
        return None

    def unconnected(self: "Feed") -> "Feed":
        """See ``Feed``."""
        return self

    def candles(self: "Feed", symbol: str, interval: str, from_us: int, to_us: int) -> RestRequest:
        """See ``Feed``."""
        raise TerminalError(f"{self.name} has no candles of a venue's own: compare {symbol} with those of its venue")

    def parse_candles(self: "Feed", text: str | bytes) -> CandlePage:
        """See ``Feed``."""
        return CandlePage(refused=f"{self.name} has no candles of a venue's own")


def subscription_keys(feed: Feed, symbols: Iterable[str]) -> tuple[str, ...]:
    """What was asked for, each once and as the feed itself writes it. Raises SymbolError as ``Feed.market``."""
    markets = ((symbol, feed.market(symbol)) for symbol in symbols)
    keys = (symbol if market is None else feed.subscription_key(*market) for symbol, market in markets)
    return tuple(dict.fromkeys(keys))
