"""One WebSocket line: how it is opened and bounded, when it was last heard, and what time it is at its far end."""

import logging
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from producers.feeds.limits import Limits


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

    wire = logging.getLogger("producers.line.wire")
    wire.setLevel(logging.INFO)  # below that the library writes the request with its query, and keys stand in there
    opening = connect(
        url,
        logger=wire,
        create_connection=cast("type[ClientConnection]", line),
        compression=None,
        proxy=None if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1") else True,
        ping_interval=None,  # the source pings by itself: a line that it does not read is not a dead one
        open_timeout=limits.open_timeout_s,
        close_timeout=limits.close_timeout_s,
        max_size=limits.max_message_bytes,
    )
    return cast(Line, await opening)
