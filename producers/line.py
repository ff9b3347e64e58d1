"""One WebSocket line: how it is opened and bounded, when it was last heard, and what time it is at its far end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from tapehouse.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long the source waits, and how much it holds."""

    ack_timeout_s: float = 5.0
    """A subscription must be confirmed within this time."""
    keepalive_s: float = 30.0
    """The feed's keepalive text is sent this often."""
    stale_after_s: float = 30.0
    """No byte for this long, though pinged at a third of it: the line is dead and is dropped."""
    quiet_after_s: float | None = None
    """No message for this long: dropped. Only for venues that send heartbeats: a market may be quiet for hours."""
    coverage_every_s: float = 10.0
    coverage_margin_s: float = 2.0
    """Coverage stays this far behind the venue's clock: trades of the last moments may still be on their way."""
    backoff_base_s: float = 1.0
    backoff_cap_s: float = 60.0
    stable_after_s: float = 30.0
    """A connection that lived this long starts the back-off anew."""
    max_attempts: int | None = None
    """Failed connections in a row before giving up; None tries for ever."""
    open_timeout_s: float = 10.0
    close_timeout_s: float = 5.0
    max_message_bytes: int = 16 * 1024 * 1024
    """Order-book snapshots of 5 MB are real; more than this is refused by dropping the line."""
    max_pending_records: int = 10_000
    """Records waiting for the consumer before the socket is read no further; one message may go over it."""
    resubscribe_spacing_s: float = 0.25
    """Between subscriptions sent one by one: the strictest venue allows five messages a second."""

    def __post_init__(self) -> None:
        faults = [
            f"WebSocket {name} is {value!r}; it must be above 0"
            for name, value in ((n, getattr(self, n)) for n in self.__slots__)
            if value is not None and name not in _MAY_BE_ZERO and value <= 0
        ]
        if faults:
            raise SettingsError(faults)


_MAY_BE_ZERO: Final = frozenset({"coverage_margin_s", "backoff_base_s", "backoff_cap_s", "resubscribe_spacing_s"})


class VenueClock:
    """The venue's time as its trades tell it, so that coverage is right behind a backlog and under a skewed clock."""

    def __init__(self, *, trades_only: bool) -> None:
        """``trades_only``: the trades are old ones, our own clock says nothing about them."""
        self._trades_only = trades_only
        self._event_us: int | None = None
        self._received_us = 0

    def note(self, event_us: int, received_us: int) -> None:
        self._event_us, self._received_us = event_us, received_us

    def stalled(self, for_us: int) -> None:
        """The socket was not read for so long: that time did not pass on the tape."""
        self._received_us += for_us

    def at(self, heard_us: int) -> int | None:
        """The venue's time when a byte came at ``heard_us`` of our clock; None where that cannot be known."""
        if self._event_us is None:
            return None if self._trades_only else heard_us
        return min(heard_us, self._event_us + max(0, heard_us - self._received_us))


class Line(ClientConnection):
    """A connection that remembers when it last heard anything, a pong included."""

    heard_at: float
    heard_us: int
    clock: Callable[[], int]

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        self.heard_us = self.clock()
        super().data_received(data)


async def open_line(url: str, limits: Limits, clock: Callable[[], int]) -> Line:
    """Connect. Loopback is never reached through a proxy; compression is off: it costs more than trades weigh.

    Raises InvalidURI, OSError, TimeoutError, InvalidHandshake, EOFError.
    """

    def line(*args: Any, **options: Any) -> Line:
        made = Line(*args, **options)
        made.clock, made.heard_us, made.heard_at = clock, clock(), made.loop.time()
        return made

    opening = connect(
        url,
        create_connection=cast("type[ClientConnection]", line),
        compression=None,
        proxy=None if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1") else True,
        ping_interval=None,  # the source pings by itself: a line that it does not read is not a dead one
        open_timeout=limits.open_timeout_s,
        close_timeout=limits.close_timeout_s,
        max_size=limits.max_message_bytes,
    )
    return cast(Line, await opening)
