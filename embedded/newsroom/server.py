"""The news and social sources behind one loopback port.

A source's address begins with its name: ``http://127.0.0.1:PORT/alphavantage/query``. ``/health`` says how it goes,
``/faults?information=too-fast&information_times=2`` sets switches (``embedded/newsroom/faults.py``). It binds loopback
only; keys are wanted where the real ones want them, and any but ``bad`` is taken.
"""

import errno
import http.server
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from embedded import port as ports
from embedded.newsroom.faults import NewsFaults
from embedded.newsroom.page import Asked, Page
from embedded.newsroom.site import PATHS, Site
from tapehouse.errors import TerminalError

MOST_BODY_BYTES: Final = 65_536
_IDLE_S: Final = 10.0
"""A client that says nothing for so long is left."""


def addresses(port: int) -> dict[str, str]:
    """Source → its address at the newsroom of a port."""
    return {name: f"http://{ports.HOST}:{port}/{name}{path}" for name, path in PATHS.items()}


def paper(port: int) -> str:
    """The address of the paper that a crawler reads at the newsroom of a port, without a slash at its end."""
    return f"http://{ports.HOST}:{port}/gazette"


class NewsroomPortError(TerminalError):
    """Another process listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port

    def __str__(self) -> str:
        return f"port {self.port} on {ports.HOST} is in use: stop what listens there, or choose another with --port"


class Newsroom:
    """``with Newsroom(...) as room``: ask at ``room.addresses``. ``port`` 0 takes a free one.

    ``recordings``: plays what was recorded there in the place of stories. Raises DamagedBodyError for such a file that
    cannot be read.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 1,
        recordings: Path | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.port = port
        self._clock = clock
        self._site = Site(seed=seed, recordings=recordings)
        self._one_at_a_time = threading.Lock()
        self._server: _Server | None = None
        self._serving: threading.Thread | None = None

    def __enter__(self) -> "Newsroom":
        """Raises NewsroomPortError."""
        try:
            self._server = _Server((ports.HOST, self.port), self._answer)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise NewsroomPortError(self.port) from error
            raise
        self.port = self._server.server_address[1]
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._serving is not None:
            self._server.shutdown()
            self._serving.join()
            self._server.server_close()

    @property
    def addresses(self) -> dict[str, str]:
        """Source → its address."""
        return addresses(self.port)

    @property
    def faults(self) -> NewsFaults:
        """Its switches."""
        return self._site.faults

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[Page, bool]:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._one_at_a_time:
            return self._site.answer(Asked(method, parts.path, query, headers, body, self._clock()))


_Answer = Callable[[str, str, dict[str, str], bytes], tuple[Page, bool]]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True

    def __init__(self, address: tuple[str, int], answer: _Answer) -> None:
        self.answer = answer
        super().__init__(address, _Request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is no news."""


class _Request(http.server.BaseHTTPRequestHandler):
    """One request a connection, as from a server that does not keep them."""

    server: _Server
    timeout = _IDLE_S
    protocol_version = "HTTP/1.1"
    server_version = "tapehouse-newsroom"
    sys_version = ""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(min(int(length), MOST_BODY_BYTES)) if length.isdigit() else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        page, half = self.server.answer(self.command, self.path, headers, body)
        self.send_response(page.status)
        for name, value in {**page.headers, "Connection": "close"}.items():
            self.send_header(name, value)
        if page.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body[: len(page.body) // 2] if half else page.body)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses hold keys: no line of them is written."""
