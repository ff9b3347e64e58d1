"""The embedded Kinesis as one object: a thread that serves a loopback port."""

import asyncio
import ipaddress
import random
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from tapehouse import logs
from tapehouse.errors import TerminalError

from .arguments import NAME
from .context import Context
from .cursor import Tokens
from .faults import Faults
from .http_server import Connection, Site
from .journal import DiskJournal, Journal, MemoryJournal
from .operations import DEFAULT_REGION, Operations
from .shard_log import SEGMENT_BYTES
from .store import Clock, Store
from .timing import Timing, TimingName

log = logs.of(__name__)
START_S: Final = 30.0
"""The longest that a start may take, once the journal is read."""
BACKLOG: Final = 512


def wall_clock() -> int:
    """Now, in µs since the epoch, UTC."""
    return time.time_ns() // 1000


class KinesisServer:
    """A Kinesis on loopback, for boto3's ``endpoint_url`` or ``AWS_ENDPOINT_URL_KINESIS``.

    ``journal`` is the folder that records and streams outlive the server in (see ``journal``), None keeps all in
    memory. ``port`` 0 takes a free one. ``limits`` enforces a shard's throughput. ``timing`` "aws" answers and
    throttles as AWS does (see ``timing``; it includes the limits). ``clock`` gives µs UTC; retention, expiry and limits
    go by it. ``seed`` fixes sequence numbers and the faults' dice (for one clock and one order of
    calls). ``transition_ms`` is how long streams stay CREATING, UPDATING and DELETING. ``segment_bytes`` is the size
    of the journal's pieces.

    Memory: see ``shard_log``. Everything is served by one thread; ``faults`` may be used from any.

    Raises TerminalError, in the constructor, when the address is no loopback, the port is taken, or the journal is in
    use or damaged.
    """

    def __init__(
        self,
        *,
        journal: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: bool = False,
        timing: TimingName = "immediate",
        clock: Clock = wall_clock,
        seed: int | None = None,
        transition_ms: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        rng = random.Random(seed)
        self._socket = _bound(host, port)
        self.host: str = self._socket.getsockname()[0]
        self.port: int = self._socket.getsockname()[1]
        opened: Journal | None = None
        try:
            opened = MemoryJournal() if journal is None else DiskJournal(journal, segment_bytes=segment_bytes)
            salt = str(rng.getrandbits(64))
            self._store = Store(opened, clock=clock, rng=rng, salt=salt, transition_us=transition_ms * 1000)
        except BaseException:
            self._socket.close()
            if opened is not None:
                opened.close()
            raise
        self.faults = Faults(clock=clock, rng=random.Random(rng.getrandbits(64)))
        context = Context(
            store=self._store,
            clock=clock,
            rng=rng,
            faults=self.faults,
            tokens=Tokens(self._store.identity),
            limits=limits or timing == "aws",
            timing=Timing(timing, random.Random(rng.getrandbits(64) if timing == "aws" else 0)),
        )
        self._site = Site(Operations(context), self.faults)
        self._connections: set[Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="kinesis", daemon=True)
        self._stopped = False

    @property
    def endpoint(self) -> str:
        """``http://127.0.0.1:<port>``"""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    def ensure_stream(self, name: str, shards: int) -> None:
        """Make a stream unless it is there already. Before ``start`` only. Raises TerminalError for a wrong name."""
        if not NAME.fullmatch(name):
            raise TerminalError(f"{name!r} is no name of a stream; use 1 to 128 letters, digits, '_', '.' and '-'.")
        if name not in self._store.names():
            self._store.create(name, shards, region=DEFAULT_REGION)

    def start(self) -> "KinesisServer":
        """Serve, in a thread of its own; returns when calls are answered."""
        self._thread.start()
        if not self._ready.wait(START_S):
            raise TerminalError(f"the embedded Kinesis did not start within {START_S:.0f} s")
        return self

    def stop(self) -> None:
        """Cut all connections, close the journal. A second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        else:
            self._socket.close()
            self._loop.close()
        self._store.close()

    def __enter__(self) -> "KinesisServer":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        making = loop.create_server(
            lambda: Connection(self._site, self._connections), sock=self._socket, backlog=BACKLOG
        )
        server = loop.run_until_complete(making)
        loop.call_soon(self._ready.set)
        log.info("kinesis_serving", endpoint=self.endpoint)
        try:
            loop.run_forever()
        finally:
            server.close()
            for connection in list(self._connections):
                connection.abort()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()


def _bound(host: str, port: int) -> socket.socket:
    """A socket on a loopback address. Raises TerminalError, in one sentence."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise TerminalError(f"{host} is no address; use 127.0.0.1.") from None
    if not address.is_loopback:
        raise TerminalError(f"The embedded Kinesis serves loopback only, not {host}; use 127.0.0.1.")
    made = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((str(address), port))
        made.listen(BACKLOG)  # two sockets may be bound to one port, but only one may listen
    except OSError as error:
        made.close()
        raise TerminalError(f"Port {port} on {address} cannot be used ({error.strerror}); choose another.") from error
    return made
