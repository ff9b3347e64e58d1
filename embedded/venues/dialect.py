"""What every simulated venue gives: the server's side of one connection, and pages of past trades."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from embedded.venues.faults import Faults
from embedded.venues.tape import Print, Tape


@dataclass(frozen=True, slots=True)
class Page:
    """One REST answer."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """One connection to one venue, seen from the venue. Pure: it turns events into messages."""

    feed: ClassVar[str]
    subscribe_within_s: ClassVar[float | None]
    """The venue hangs up on a client that has not subscribed by then."""
    ping_every_s: ClassVar[float | None]
    """The venue sends ping frames this often."""

    def __init__(self, tapes: Sequence[Tape], faults: Faults, path: str) -> None:
        """``tapes``: the exchanges that it tells of: its own, or those that a vendor relays."""

    @property
    def subscribed(self) -> bool:
        """Whether anything is."""

    def greeting(self, now_us: int) -> list[str]:
        """What the venue says first."""

    def command(self, text: str, now_us: int) -> list[str]:
        """The answers to a client's message."""

    def prints(self, prints: Sequence[Print], now_us: int) -> list[str]:
        """The messages that tell these prints to this client."""

    def beat(self, now_us: int) -> list[str]:
        """What the venue sends each second: heartbeats, tickers."""

    @staticmethod
    def rest(tapes: Sequence[Tape], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """A page of past trades; None where the venue has no such path."""

    @staticmethod
    def throttled() -> Page:
        """How the venue says 'too many requests'."""


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
