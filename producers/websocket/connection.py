"""One WebSocket connection: how it is opened and bounded, when it was last heard, and what time it is at the venue."""

import logging
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidProxyStatus, InvalidStatus, InvalidURI

from producers.feeds import Limits
from tapehouse.errors import TerminalError, TransientError
from tapehouse.loopback import is_loopback


class HandshakeFailedError(TransientError, OSError):
    """The venue, or a proxy before it, answered and opened no connection. The address is no part of this: it may hold a
    key."""

    def __init__(self, kind: str, status: int | None = None) -> None:
        super().__init__(kind, status)
        self.kind, self.status = kind, status

    def __str__(self) -> str:
        return self.kind if self.status is None else f"{self.kind}, HTTP {self.status}"


class ProxyUnusableError(TerminalError):
    """The proxy that a variable of the environment names cannot be used. It may hold a password, so it is not shown."""

    def __init__(self, variable: str, detail: str) -> None:
        super().__init__(variable, detail)
        self.variable, self.detail = variable, detail

    def __str__(self) -> str:
        return f"{self.variable} of the environment names a proxy that cannot be used: {self.detail}. Set it right."


class VenueClock:
    """The venue's time by its trades, so that coverage is right behind a backlog and under a skewed clock."""

    def __init__(self, *, trades_only: bool) -> None:
        """``trades_only``: the trades are old ones, our own clock says nothing about them."""
        self._trades_only = trades_only
        self._event_us: int | None = None
        self._received_us = 0

    def note(self, event_us: int, received_us: int) -> None:
        self._event_us, self._received_us = event_us, received_us

    def stalled(self, for_us: int) -> None:
        """The socket was not read for so long: that time did not pass for its trades."""
        self._received_us += for_us

    def at(self, heard_us: int) -> int | None:
        """The venue's time when a byte came at ``heard_us`` of our clock; None where that cannot be known."""
        if self._event_us is None:
            return None if self._trades_only else heard_us
        return min(heard_us, self._event_us + max(0, heard_us - self._received_us))


class Connection(ClientConnection):
    """A connection that remembers when it last heard anything, a pong included."""

    heard_at: float
    heard_us: int
    clock: Callable[[], int]

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        self.heard_us = self.clock()
        super().data_received(data)


async def open_connection(url: str, limits: Limits, clock: Callable[[], int]) -> Connection:
    """Connect. Loopback is never reached through a proxy; compression is off: it costs more than trades weigh.

    Raises OSError (of which HandshakeFailedError), TimeoutError, EOFError: another try may help, and their text is
    safe to show. InvalidURI: the address is none; its text holds it whole. ProxyUnusableError.
    """

    def connection(*args: Any, **options: Any) -> Connection:
        made = Connection(*args, **options)
        made.clock, made.heard_us, made.heard_at = clock, clock(), made.loop.time()
        return made

    library_log = logging.getLogger("producers.websocket.connection.library")
    library_log.setLevel(logging.INFO)  # below that it writes the request with its query, which may hold a key
    try:
        loopback = is_loopback(url)
        opening = connect(
            url,
            logger=library_log,
            create_connection=cast("type[ClientConnection]", connection),
            compression=None,
            proxy=None if loopback else True,
            ping_interval=None,  # the session pings by itself: a connection that it does not read is not a dead one
            open_timeout=limits.open_timeout_s,
            close_timeout=limits.close_timeout_s,
            max_size=limits.max_message_bytes,
        )
    except ValueError as error:  # a port that is no number
        raise InvalidURI(url, type(error).__name__) from None
    variable = None if loopback else _proxy_variable(url)
    try:
        return cast(Connection, await opening)
    except InvalidProxy:  # its text holds the proxy; even the "scheme" may be a user's name
        raise ProxyUnusableError(variable or "a proxy's variable", "it must read http://HOST:PORT") from None
    except ImportError:
        raise ProxyUnusableError(variable or "a proxy's variable", "SOCKS needs the package python-socks") from None
    except InvalidHandshake as error:
        raise HandshakeFailedError(type(error).__name__, _status(error)) from None
    except (InvalidURI, ValueError) as error:
        # The library raises these for where it was redirected to as well; then the venue is wrong, not a setting.
        if isinstance(error.__context__, InvalidStatus):
            raise HandshakeFailedError("redirected to no address", _status(error.__context__)) from None
        if variable is not None:
            raise ProxyUnusableError(variable, type(error).__name__) from None
        raise InvalidURI(url, type(error).__name__) from None


def _status(error: BaseException) -> int | None:
    """The HTTP status that it was."""
    return error.response.status_code if isinstance(error, InvalidStatus | InvalidProxyStatus) else None


def _proxy_variable(url: str) -> str | None:
    """The variable whose proxy the library takes; None where none is set."""
    set_ones = getproxies()
    own = ("wss", "socks", "https") if urlsplit(url).scheme == "wss" else ("ws", "socks", "https", "http")
    return next((f"{scheme}_proxy" for scheme in own if scheme in set_ones), None)
