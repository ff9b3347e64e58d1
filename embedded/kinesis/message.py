"""HTTP/1.1 requests out of a stream of bytes: a head, then a body by length or in chunks."""

from dataclasses import dataclass
from typing import Final

MOST_HEAD_BYTES: Final = 64 * 1024
MOST_BODY_BYTES: Final = 32 * 1024 * 1024
"""10 MiB of records are 14 MB of base64, and JSON around it."""


class BadRequest(Exception):  # noqa: N818 - the name is HTTP's own
    """The bytes are no request that is served here: ``status`` says why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Head:
    """A request line and its headers; names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    keep_alive: bool
    length: int | None
    """Of the body; None when it comes in chunks."""

    @classmethod
    def parse(cls, raw: bytes) -> "Head":
        """The head of the bytes before the blank line. Raises BadRequest."""
        request_line, *rest = raw.decode("latin-1").split("\r\n")
        parts = request_line.split(" ")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise BadRequest(400, "Bad Request")
        headers: dict[str, str] = {}
        for line in rest:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise BadRequest(400, "Bad Request")
            headers[name.lower()] = value.strip()
        connection = headers.get("connection", "").lower()
        keep_alive = connection != "close" if parts[2] == "HTTP/1.1" else connection == "keep-alive"
        return cls(parts[0], parts[1], headers, keep_alive, _length(headers))


def _length(headers: dict[str, str]) -> int | None:
    encoding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if encoding is not None:
        if encoding.lower() != "chunked" or length is not None:
            raise BadRequest(400, "Bad Request")
        return None
    if length is None:
        return 0
    if not (length.isascii() and length.isdecimal()):
        raise BadRequest(400, "Bad Request")
    if int(length) > MOST_BODY_BYTES:
        raise BadRequest(413, "Content Too Large")
    return int(length)


class Requests:
    """Takes bytes as they come; gives whole requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Head | None = None
        self._chunks = bytearray()

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def head(self) -> Head | None:
        """The next request's head, once, as soon as it is whole. Raises BadRequest."""
        if self._head is not None:
            return None
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > MOST_HEAD_BYTES:
            if len(self._buffer) > MOST_HEAD_BYTES:
                raise BadRequest(431, "Request Header Fields Too Large")
            return None
        self._head = Head.parse(bytes(self._buffer[:end]).lstrip(b"\r\n"))
        del self._buffer[: end + 4]
        return self._head

    def body(self) -> tuple[Head, bytes] | None:
        """The request, when its body is whole. Raises BadRequest."""
        head = self._head
        if head is None:
            return None
        body = self._chunked() if head.length is None else self._plain(head.length)
        if body is None:
            return None
        self._head = None
        return head, body

    def _plain(self, length: int) -> bytes | None:
        if len(self._buffer) < length:
            return None
        body = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return body

    def _chunked(self) -> bytes | None:
        """Take whole chunks; the body is whole after the empty one and its trailers."""
        while True:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return None
            size_text = bytes(self._buffer[:end]).partition(b";")[0].strip()
            try:
                size = int(size_text, 16)
            except ValueError:
                raise BadRequest(400, "Bad Request") from None
            if size < 0 or len(self._chunks) + size > MOST_BODY_BYTES:
                raise BadRequest(413, "Content Too Large")
            if size == 0:
                return self._last_chunk(end)
            if len(self._buffer) < end + 2 + size + 2:
                return None
            self._chunks += self._buffer[end + 2 : end + 2 + size]
            del self._buffer[: end + 2 + size + 2]

    def _last_chunk(self, end: int) -> bytes | None:
        if self._buffer[end : end + 4] == b"\r\n\r\n":
            stop = end + 4
        else:
            trailers = self._buffer.find(b"\r\n\r\n", end)
            if trailers < 0:
                return None
            stop = trailers + 4
        del self._buffer[:stop]
        body, self._chunks = bytes(self._chunks), bytearray()
        return body
