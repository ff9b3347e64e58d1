"""What every simulated venue gives: the server's side of one connection, and pages of past trades."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from embedded.venues.exchange import Exchange, Fill
from embedded.venues.faults import VenueFaults


@dataclass(frozen=True, slots=True)
class Page:
    """One REST answer."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Dialect(ABC):
    """One connection to one venue, seen from the venue: it turns events into messages. Pure.

    The class says what the venue is. Where its exchange is its own, ``markets`` names it; a vendor, or another feed of
    the same exchange, names in ``exchanges`` whose trades it reports.
    """

    feed: ClassVar[str]
    """The feed that speaks with it, and the beginning of its addresses."""
    path: ClassVar[str] = ""
    """Of its WebSocket, behind the feed's name."""
    markets: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Exchange → its markets, of the exchanges that no other venue has."""
    exchanges: ClassVar[tuple[str, ...]]
    """Whose trades it reports; its own alone where it does not say."""
    resolution_us: ClassVar[int] = 1
    """Its times come in steps of this: 1000 where it gives milliseconds."""
    sides: ClassVar[bool] = True
    """It says who took."""
    shared_numbers: ClassVar[bool] = False
    """Its trades' numbers are one sequence of all its markets: within a market they jump."""
    subscribe_within_s: ClassVar[float | None] = None
    """It hangs up on a client that has not subscribed by then."""
    ping_every_s: ClassVar[float | None] = None
    """It sends ping frames this often."""

    def __init_subclass__(cls) -> None:
        if "exchanges" not in cls.__dict__:
            cls.exchanges = tuple(cls.markets)

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        """``exchanges``: those of its own that are simulated now. ``path``: what the client asked for."""
        self._exchanges, self._faults = exchanges, faults
        self._exchange = exchanges[0]

    @staticmethod
    def authorize(query: Mapping[str, str], headers: Mapping[str, str], *, websocket: bool) -> Page | None:
        """Why a request is not let in; None where it is."""
        return None

    @property
    @abstractmethod
    def subscribed(self) -> bool:
        """Whether anything is."""

    def greeting(self, now_us: int) -> list[str]:
        """What the venue says first."""
        return []

    @abstractmethod
    def command(self, text: str, now_us: int) -> list[str]:
        """The answers to a client's message."""

    @abstractmethod
    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        """The messages that report these fills to this client."""

    def beat(self, now_us: int) -> list[str]:
        """What the venue sends each second: heartbeats, tickers."""
        return []

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """A page of past trades; None where the venue has no such path."""
        return None

    @staticmethod
    def throttled() -> Page:
        """How the venue says 'too many requests'."""
        return Page("", HTTPStatus.TOO_MANY_REQUESTS)


def compact(value: Any) -> str:
    """JSON without spaces, as the venues write it."""
    return json.dumps(value, separators=(",", ":"))


def command_of(text: str) -> dict[str, Any] | None:
    """The client's message as an object; None when it is anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def texts(value: Any) -> list[str]:
    """The strings of a list; nothing of anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def whole_number(query: Mapping[str, str], name: str, default: int, most: int | None = None) -> int:
    """A query parameter as a number, bounded; the default where it is absent or none."""
    text = query.get(name, "")
    number = int(text) if text.isdigit() else default
    return number if most is None else max(1, min(number, most))
