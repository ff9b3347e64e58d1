"""The HTTP side: one asyncio protocol with keep-alive, one call at a time on a connection, all in one thread.

It needs no dependency. A library's server would add some 6 % to a PutRecords of 500 records: see decision 6.
"""

import asyncio
import json
import uuid
from typing import Final

from tapehouse import logs
from tapehouse.errors import SettingsError

from .faults import Fault, Faults
from .message import BadRequest, Head, Requests
from .operations import CONTENT_TYPE, Answer, Operations

log = logs.of(__name__)
FAULTS_PATH: Final = "/_tapehouse/faults"
HEALTH_PATH: Final = "/_tapehouse/health"
READ_AHEAD_BYTES: Final = 1024 * 1024
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
}


class Site:
    """What is served at which path: Kinesis at the root, and the admin addresses beside it."""

    def __init__(self, operations: Operations, faults: Faults) -> None:
        self._operations = operations
        self._faults = faults

    def answer(self, head: Head, body: bytes) -> tuple[Answer, str]:
        """(answer, its content type)"""
        path = head.path.partition("?")[0]
        if path == FAULTS_PATH:
            return self._admin(head.method, body), "application/json"
        if path == HEALTH_PATH:
            return _json(200, {"status": "ok"}), "application/json"
        if head.method != "POST" or path != "/":
            return _json(404, {"message": f"nothing is at {path[:64]}"}), "application/json"
        target = head.headers.get("x-amz-target", "")
        return self._operations.call(target, body, head.headers.get("authorization", "")), CONTENT_TYPE

    def _admin(self, method: str, body: bytes) -> Answer:
        """GET tells the faults and counters; POST adds a fault or a list of them; DELETE ends all."""
        if method == "POST":
            try:
                given = json.loads(body)
                self._faults.add(*[Fault.parse(one) for one in (given if isinstance(given, list) else [given])])
            except SettingsError as error:
                return _json(400, {"message": str(error)})
            except (ValueError, RecursionError):
                return _json(400, {"message": "the body is no JSON"})
        elif method == "DELETE":
            self._faults.clear()
        elif method != "GET":
            return _json(405, {"message": "GET, POST or DELETE"})
        return _json(200, self._faults.snapshot())


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, site: Site, connections: set["Connection"]) -> None:
        self._site = site
        self._connections = connections
        self._requests = Requests()
        self._transport: asyncio.Transport | None = None
        self._busy = False
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - told to the type checker
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._advance()

    def data_received(self, data: bytes) -> None:
        self._requests.feed(data)
        if self._busy or self._full:
            if len(self._requests) > READ_AHEAD_BYTES and self._transport is not None:
                self._transport.pause_reading()
            return
        self._advance()

    def abort(self) -> None:
        """Cut the connection; the client sees it as lost."""
        if self._transport is not None:
            self._transport.abort()

    def _advance(self) -> None:
        """Answer what is whole."""
        while self._transport is not None and not (self._busy or self._full or self._transport.is_closing()):
            try:
                head = self._requests.head()
                if head is not None and head.headers.get("expect", "").lower() == "100-continue":
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                request = self._requests.body()
            except BadRequest as error:
                text = f"HTTP/1.1 {error.status} {error.reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                self._transport.write(text.encode())
                self._transport.close()
                return
            self._transport.resume_reading()
            if request is None:
                return
            self._serve(*request)

    def _serve(self, head: Head, body: bytes) -> None:
        answer, content_type = self._site.answer(head, body)
        if answer.delay_ms:
            self._busy = True
            asyncio.get_running_loop().call_later(answer.delay_ms / 1000, self._late, head, answer, content_type)
        else:
            self._send(head, answer, content_type)

    def _late(self, head: Head, answer: Answer, content_type: str) -> None:
        self._busy = False
        self._send(head, answer, content_type)
        self._advance()

    def _send(self, head: Head, answer: Answer, content_type: str) -> None:
        if self._transport is None:
            return
        if answer.drop:
            self._transport.abort()
            return
        closing = "" if head.keep_alive else "Connection: close\r\n"
        top = (
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, '')}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\nx-amzn-RequestId: {uuid.uuid4()}\r\n{closing}\r\n"
        )
        self._transport.write(top.encode() + answer.body)
        if not head.keep_alive:
            self._transport.close()


def _json(status: int, body: object) -> Answer:
    return Answer(status, json.dumps(body).encode())
