"""A server on loopback that plays scripted answers, good and bad, and keeps what it was asked."""

import contextlib
import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Play:
    """One answer: what it says, and how it misbehaves."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    length: int | None = None
    """What Content-Length says; the body's own where None, no such header where it is below 0."""
    chunked: bool = False
    every_s: float = 0.0
    """Seconds between two bytes of the body."""
    header_every_s: float = 0.0
    """Seconds between two bytes of a header that does not end."""
    hang_up: bool = False
    """No answer at all: the connection is closed."""


Script: TypeAlias = Play | Callable[[Asked], Play]


def of_json(said: Any, **words: Any) -> Play:
    return Play(body=json.dumps(said).encode(), **words)


def redirect(to: str, status: int = 302) -> Play:
    return Play(status, headers={"Location": to})


def half(body: bytes = b'{"feed": [') -> Play:
    """A body of which the second half never comes."""
    return Play(body=body, length=2 * len(body))


def half_of_chunks(body: bytes = b'{"feed": [') -> Play:
    return Play(body=body, chunked=True, length=-1)


def gzip_bomb(megabytes: int = 64) -> Play:
    """A few kilobytes that unpack to so many megabytes."""
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, 31), bytes(1024 * 1024)
    packed = b"".join([*(packer.compress(zeros) for _ in range(megabytes)), packer.flush()])
    return Play(body=packed, headers={"Content-Encoding": "gzip"})


def packed(body: bytes) -> Play:
    return Play(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})


WRONG_CHARSET = Play(body="<rss>Größe 5 €</rss>".encode("cp1252"), content_type="application/rss+xml; charset=utf-8")
EMPTY_FEED = Play(
    body=b'<?xml version="1.0"?><rss version="2.0"><channel><title>Nothing</title></channel></rss>',
    content_type="application/rss+xml",
)
NOT_FOUND = Play(404, b"nothing here", content_type="text/plain")
BUSY = Play(429, headers={"Retry-After": "7"})
BROKEN = Play(500, b"oops", content_type="text/plain")
SLOW = Play(body=b"x" * 1000, every_s=0.05)
SLOW_HEADERS = Play(header_every_s=0.05)
GONE = Play(hang_up=True)


class Server:
    """What is played at each path: one answer a request, and the last of them again and again."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._scripts: dict[str, list[Script]] = {}
        self._lock = threading.Lock()
        self.port = 0

    def play(self, path: str, *answers: Script) -> str:
        """Puts the answers up, and gives the address."""
        self._scripts[path] = list(answers)
        return self.url(path)

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, asked: Asked) -> Play:
        with self._lock:
            self.asked.append(asked)
            left = self._scripts.get(asked.path, [NOT_FOUND])
            script = left.pop(0) if len(left) > 1 else left[0]
        return script if isinstance(script, Play) else script(asked)

    def asked_for(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    played: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        play = self.played.answer(Asked(self.command, parts.path, query, headers, body))
        with contextlib.suppress(OSError):  # whoever asked is gone
            self._say(play)

    do_POST = do_HEAD = do_GET  # noqa: N815 - the library's names

    def _say(self, play: Play) -> None:
        self.close_connection = True
        if play.hang_up:
            return
        self.send_response(play.status)
        if play.header_every_s:
            self.flush_headers()
            self._drip(b"X-Slow: " + b"x" * 1000, play.header_every_s)
            return
        self.send_header("Content-Type", play.content_type)
        self.send_header("Connection", "close")  # else the next request may meet a line that is being closed
        for name, value in play.headers.items():
            self.send_header(name, value)
        if play.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif play.length is None or play.length >= 0:
            self.send_header("Content-Length", str(len(play.body) if play.length is None else play.length))
        self.end_headers()
        if self.command == "HEAD":
            return
        if play.every_s:
            self._drip(play.body, play.every_s)
        elif play.chunked:
            end = b"" if play.length is not None and play.length < 0 else b"0\r\n\r\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(play.body), play.body) + end)
        else:
            self.wfile.write(play.body)

    def _drip(self, text: bytes, every_s: float) -> None:
        for byte in text:
            if self.played.closing.wait(every_s):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """The server, until the end of the block."""
    played = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"played": played}))
    http.daemon_threads = True
    played.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield played
    finally:
        played.closing.set()
        http.shutdown()
        http.server_close()
        thread.join(5)
