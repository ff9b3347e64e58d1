"""Plain GET at the simulated venues: pages of past trades, the recordings, health and the fault switches."""

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from embedded.venues.dialect import Page, compact
from embedded.venues.exchange import Exchange
from embedded.venues.faults import VenueFaults
from embedded.venues.recordings import Recording
from embedded.venues.registry import VENUES, feed_of


class Connections(Protocol):
    """The open connections, as far as a fault reaches them."""

    def cut(self) -> None: ...

    def silence(self, silent: bool = True) -> None: ...


class Answers:
    """What each path is answered with."""

    def __init__(
        self,
        connections: Connections,
        faults: VenueFaults,
        exchanges: Mapping[str, Exchange],
        recordings: Mapping[str, Recording],
        *,
        health: Callable[[], dict[str, Any]],
        clock: Callable[[], int],
    ) -> None:
        self._connections, self._faults, self._exchanges, self._recordings = connections, faults, exchanges, recordings
        self._health, self._clock = health, clock

    def exchanges(self, feed: str) -> Sequence[Exchange]:
        """Whose trades a feed's venue reports; none where there is no such venue."""
        names = VENUES[feed].exchanges if feed in VENUES else ()
        return [self._exchanges[name] for name in names if name in self._exchanges]

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
            return _response(Page(json.dumps([recording.as_json() for recording in self._recordings.values()])))
        if address.path == "/faults":
            return _response(self._set_faults(query))
        return self._rest(address.path, query, request.headers)

    def _handshake(self, path: str, query: Mapping[str, str], headers: Headers) -> Response | None:
        if path in self._recordings:
            return None
        feed = feed_of(path)
        if not self.exchanges(feed):
            return _response(Page('{"error":"no such venue"}', 404))
        refusal = VENUES[feed].authorize(query, headers, websocket=True)
        return None if refusal is None else _response(refusal)

    def _rest(self, path: str, query: Mapping[str, str], headers: Headers) -> Response:
        feed = feed_of(path)
        exchanges = self.exchanges(feed)
        if not exchanges:
            return _response(Page('{"error":"not found"}', 404))
        venue = VENUES[feed]
        status = self._faults.take_rest_status()
        if status is not None:
            failed = venue.throttled() if status == HTTPStatus.TOO_MANY_REQUESTS else Page("", status)
            return _response(failed)
        refusal = venue.authorize(query, headers, websocket=False)
        if refusal is not None:
            return _response(refusal)
        page = venue.rest(exchanges, path, query, self._clock()) or Page('{"error":"not found"}', 404)
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
            self._connections.silence(self._faults.silent)
        if cut:
            self._connections.cut()
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
