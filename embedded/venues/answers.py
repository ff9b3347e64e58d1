"""Plain GET at the simulated venues: pages of past trades, the recorded sessions, health and the fault switches."""

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from embedded.venues.dialect import Page, compact
from embedded.venues.faults import Faults
from embedded.venues.recordings import Session
from embedded.venues.registry import VENUES, feed_of
from embedded.venues.tape import Tape


class Lines(Protocol):
    """The open lines, as far as a fault reaches them."""

    def cut(self) -> None: ...

    def silence(self, silent: bool = True) -> None: ...


class Answers:
    """What each path is answered with."""

    def __init__(
        self,
        lines: Lines,
        faults: Faults,
        tapes: Mapping[str, Tape],
        sessions: Mapping[str, Session],
        *,
        health: Callable[[], dict[str, Any]],
        clock: Callable[[], int],
    ) -> None:
        self._lines, self._faults, self._tapes, self._sessions = lines, faults, tapes, sessions
        self._health, self._clock = health, clock

    def tapes(self, feed: str) -> Sequence[Tape]:
        """The tapes that a feed's venue tells; none where there is no such venue."""
        exchanges = VENUES[feed].exchanges if feed in VENUES else ()
        return [self._tapes[name] for name in exchanges if name in self._tapes]

    def answer(self, request: Request) -> Response | None:
        """None lets the WebSocket handshake go on."""
        address = urlsplit(request.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return self._handshake(address.path, query, request.headers)
        if request.method != "GET":
            return _response(Page('{"error":"GET only"}', 405))
        if address.path == "/health":
            return _response(Page(compact(self._health())))
        if address.path == "/replay":
            return _response(Page(json.dumps([session.as_json() for session in self._sessions.values()])))
        if address.path == "/faults":
            return _response(self._set_faults(query))
        return self._rest(address.path, query, request.headers)

    def _handshake(self, path: str, query: Mapping[str, str], headers: Headers) -> Response | None:
        if path in self._sessions:
            return None
        feed = feed_of(path)
        if not self.tapes(feed):
            return _response(Page('{"error":"no such venue"}', 404))
        refusal = VENUES[feed].door(query, headers, websocket=True)
        return None if refusal is None else _response(refusal)

    def _rest(self, path: str, query: Mapping[str, str], headers: Headers) -> Response:
        feed = feed_of(path)
        tapes = self.tapes(feed)
        if not tapes:
            return _response(Page('{"error":"not found"}', 404))
        venue = VENUES[feed]
        status = self._faults.take_rest_status()
        if status is not None:
            failed = venue.dialect.throttled() if status == HTTPStatus.TOO_MANY_REQUESTS else Page("", status)
            return _response(failed)
        refusal = venue.door(query, headers, websocket=False)
        if refusal is not None:
            return _response(refusal)
        page = venue.dialect.rest(tapes, path, query, self._clock()) or Page('{"error":"not found"}', 404)
        half = self._faults.rest_half_body > 0
        self._faults.rest_half_body -= half
        return _response(page, half=half)

    def _set_faults(self, query: dict[str, str]) -> Page:
        cut = query.pop("cut", "0") == "1"
        try:
            self._faults.set(query)
        except ValueError as error:
            return Page(compact({"error": str(error)}), 400)
        if "silent" in query:
            self._lines.silence(self._faults.silent)
        if cut:
            self._lines.cut()
        return Page(compact(self._faults.as_json()))


def _response(page: Page, *, half: bool = False) -> Response:
    """``half``: the length of the whole, and then the connection ends in the middle."""
    body = page.body.encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
    for name, value in page.headers.items():
        headers[name] = value
    with contextlib.suppress(ValueError):
        return Response(page.status, HTTPStatus(page.status).phrase, headers, body[: len(body) // 2] if half else body)
    return Response(page.status, "Unknown", headers, body)
