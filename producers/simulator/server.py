"""The simulated venues behind one loopback port: WebSocket sessions, REST pages, recordings, health and faults.

A venue's addresses begin with its feed's name: ``ws://127.0.0.1:PORT/coinbase`` and
``http://127.0.0.1:PORT/coinbase/products/BTC-USD/trades``. GET ``/replay`` lists the recorded sessions, ``/health``
tells how it goes, ``/faults?skip=3`` sets switches (``cut=1`` cuts every line at once). Nothing is authenticated: it
binds loopback only.
"""

import asyncio
import contextlib
import errno
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO, Final
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from producers.simulator.binance import Binance
from producers.simulator.client import Client
from producers.simulator.coinbase import CoinbaseAdvanced, CoinbaseExchange
from producers.simulator.dialect import Dialect, Page, compact
from producers.simulator.faults import Faults
from producers.simulator.kraken import Kraken
from producers.simulator.recordings import DamagedRecordingError, Session, play, sessions
from producers.simulator.tape import Print, Tape, as_aggregates, as_trades
from tapehouse.errors import TerminalError
from tapehouse.record import Trade, encode

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
MARKETS: Final[Mapping[str, tuple[str, ...]]] = {
    "coinbase": ("BTC-USD", "ETH-USD", "SOL-USD"),
    "kraken": ("BTC-USD", "ETH-USD", "BTC-EUR"),
    "binance": ("BTC-USDT", "ETH-USDT", "SOL-USDT"),
}
"""Exchange → its markets. Both Coinbase feeds tell the same tape."""
_RESOLUTION_US: Final = {"binance": 1000}
_DIALECTS: Final[Mapping[str, tuple[str, type[Dialect], str]]] = {
    "coinbase": ("coinbase", CoinbaseExchange, ""),
    "coinbase-advanced": ("coinbase", CoinbaseAdvanced, ""),
    "kraken": ("kraken", Kraken, "/v2"),
    "binance": ("binance", Binance, "/stream"),
}
"""Feed → (exchange, dialect, path of its WebSocket behind the feed's name)."""
TICK_S: Final = 0.05
AGGREGATES: Final = "binance-agg"


class PortInUseError(TerminalError):
    """Another process listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port

    def __str__(self) -> str:
        return f"port {self.port} on {HOST} is in use: stop what listens there, or choose another with --port"


class Simulator:
    """``async with Simulator(...) as venues``: connect to ``venues.url("coinbase")``, compare with ``venues.truth``."""

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 1,
        rate: float = 0.0,
        trades: int | None = None,
        markets: Mapping[str, Sequence[str]] = MARKETS,
        recordings: Path | None = None,
        speed: float | None = 1.0,
        keep_truth: bool = True,
        truth_file: Path | None = None,
        beat_s: float = 1.0,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """``port`` 0 takes a free one. ``rate``: trades a second at each exchange; with 0, only ``trade()`` makes any.

        ``trades``: each exchange starts with its first subscriber, ends after so many, and closes its lines normally.
        ``speed``: times the recorded pace; None plays as fast as it is read. Raises FileNotFoundError for a folder
        without recordings.
        """
        self.port, self.faults = port, Faults()
        self.finished = asyncio.Event()
        """Every recording was played once, or every exchange made its number of trades."""
        self._rate, self._limit, self._speed = rate, trades, speed
        self._clock, self._beat_s = clock, beat_s
        self._tapes = {
            name: Tape(name, symbols, seed=seed, resolution_us=_RESOLUTION_US.get(name, 1))
            for name, symbols in markets.items()
        }
        self._sessions = {session.path: session for session in sessions(recordings)} if recordings else {}
        self._unplayed = set(self._sessions)
        self._keep_truth, self._truth_path = keep_truth, truth_file
        self._prints: dict[str, list[Print]] = {name: [] for name in markets}
        self._truth_out: IO[bytes] | None = None
        self._clients: set[Client] = set()
        self._server: Server | None = None
        self._market: asyncio.Task[None] | None = None
        self._started_at = time.monotonic()

    async def __aenter__(self) -> "Simulator":
        try:
            self._server = await serve(
                self._session,
                HOST,
                self.port,
                process_request=self._answer,
                compression=None,
                ping_interval=None,
                close_timeout=1,
                max_size=2**20,
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(self.port) from error
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        if self._truth_path is not None:
            self._truth_out = self._truth_path.open("wb")
        if self._rate > 0:
            self._market = asyncio.create_task(self._run_market())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._market is not None:
            self._market.cancel()
            await asyncio.gather(self._market, return_exceptions=True)
        for client in list(self._clients):
            if client.silent:
                client.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        if self._truth_out is not None:
            self._truth_out.close()

    # -- what tests and operators use ----------------------------------------------------------------------------

    def url(self, feed: str) -> str:
        """The WebSocket address of a venue."""
        return f"ws://{HOST}:{self.port}/{feed}{_DIALECTS[feed][2]}"

    def rest_url(self, feed: str) -> str:
        """The base address of a venue's REST interface."""
        return f"http://{HOST}:{self.port}/{feed}"

    def replay_url(self, session: Session) -> str:
        return f"ws://{HOST}:{self.port}{session.path}"

    @property
    def sessions(self) -> list[Session]:
        return list(self._sessions.values())

    @property
    def connections(self) -> int:
        return len(self._clients)

    @property
    def truth(self) -> list[Trade]:
        """Every trade made, as a right reading of the exchange's own feed tells it."""
        return [trade for name in self._tapes for trade in self.truth_of(name)]

    def truth_of(self, feed: str) -> list[Trade]:
        """The same as one feed tells it; ``binance-agg`` for aggregate trades."""
        if feed == AGGREGATES:
            return as_aggregates(self._prints["binance"], "binance", AGGREGATES)
        exchange = _DIALECTS[feed][0]
        return as_trades(self._prints[exchange], exchange, feed)

    def trade(self, exchange: str, count: int = 1, symbol: str | None = None) -> None:
        """Make trades now, and tell them to whoever is subscribed."""
        tape = self._tapes[exchange]
        prints = tape.make(count, self._clock(), symbol)
        if self._keep_truth:
            self._prints[exchange].extend(prints)
        if self._truth_out is not None:
            self._truth_out.writelines(encode(trade) + b"\n" for trade in as_trades(prints, exchange, exchange))
            self._truth_out.flush()
        told = self.faults.disturbed(prints)
        for client in list(self._clients):
            if client.tape is tape:
                client.print(told)

    def cut(self) -> None:
        """Cut every line in the middle of a message."""
        for client in list(self._clients):
            client.cut()

    def silence(self, silent: bool = True) -> None:
        """Let every line there is go dead; new ones too, while it lasts."""
        self.faults.silent = silent
        for client in list(self._clients):
            if silent:
                client.fall_silent()

    # -- the market ----------------------------------------------------------------------------------------------

    async def _run_market(self) -> None:
        loop = asyncio.get_running_loop()
        owed = dict.fromkeys(self._tapes, 0.0)
        last = loop.time()
        while not all(tape.ended for tape in self._tapes.values()):
            await asyncio.sleep(TICK_S)
            now = loop.time()
            for name, tape in self._tapes.items():
                if tape.ended or (self._limit is not None and not tape.made and not self._has_subscriber(tape)):
                    continue
                owed[name] += self._rate * (now - last)
                count = int(owed[name])
                owed[name] -= count
                left = count if self._limit is None else min(count, self._limit - tape.made)
                if left:
                    self.trade(name, left)
                if self._limit is not None and tape.made >= self._limit:
                    self._end(tape)
            last = now
        self.finished.set()

    def _has_subscriber(self, tape: Tape) -> bool:
        return any(client.tape is tape and client.dialect.subscribed for client in self._clients)

    def _end(self, tape: Tape) -> None:
        tape.ended = True
        for client in self._clients:
            if client.tape is tape:
                client.end()

    # -- WebSocket -----------------------------------------------------------------------------------------------

    async def _session(self, line: ServerConnection) -> None:
        path = line.request.path if line.request is not None else ""
        recorded = self._sessions.get(urlsplit(path).path)
        if recorded is not None:
            await self._replay(line, recorded)
            return
        exchange, dialect, _ = _DIALECTS[_feed_of(path)]
        tape = self._tapes[exchange]
        client = Client(line, dialect(tape, self.faults, path), tape, clock=self._clock, beat_s=self._beat_s)
        if self.faults.silent:
            client.fall_silent()
        self._clients.add(client)
        try:
            await client.serve(lambda fresh: fresh.end() if fresh.tape.ended else None)
        finally:
            self._clients.discard(client)

    async def _replay(self, line: ServerConnection, session: Session) -> None:
        """The whole file to a client that has spoken; what it says later is not read."""
        try:
            await line.recv()
            sent = await play(session.file, line.send, speed=self._speed)
            await line.close(1000, "end of recording")
        except ConnectionClosed:
            log.info("replay_left file=%s", session.file.name)
            return
        except DamagedRecordingError as error:
            log.warning("recording_damaged %s", error)
            await line.close(1011, str(error)[:120])
            return
        log.info("replayed file=%s messages=%d", session.file.name, sent)
        self._unplayed.discard(session.path)
        if not self._unplayed:
            self.finished.set()

    # -- plain GET -----------------------------------------------------------------------------------------------

    def _answer(self, _: ServerConnection, request: Request) -> Response | None:
        """None lets the WebSocket handshake go on."""
        address = urlsplit(request.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        if request.headers.get("Upgrade", "").lower() == "websocket":
            known = address.path in self._sessions or self._serves(address.path)
            return None if known else _response(Page('{"error":"no such venue"}', 404))
        if request.method != "GET":
            return _response(Page('{"error":"GET only"}', 405))
        if address.path == "/health":
            return _response(Page(compact(self._health())))
        if address.path == "/replay":
            return _response(Page(json.dumps([session.as_json() for session in self._sessions.values()])))
        if address.path == "/faults":
            return _response(self._set_faults(query))
        return self._rest(address.path, query)

    def _serves(self, path: str) -> bool:
        feed = _feed_of(path)
        return feed in _DIALECTS and _DIALECTS[feed][0] in self._tapes

    def _rest(self, path: str, query: Mapping[str, str]) -> Response:
        if not self._serves(path):
            return _response(Page('{"error":"not found"}', 404))
        exchange, dialect, _ = _DIALECTS[_feed_of(path)]
        status = self.faults.take_rest_status()
        if status is not None:
            failed = dialect.throttled() if status == HTTPStatus.TOO_MANY_REQUESTS else Page("", status)
            return _response(failed)
        page = dialect.rest(self._tapes[exchange], path, query) or Page('{"error":"not found"}', 404)
        half = self.faults.rest_half_body > 0
        self.faults.rest_half_body -= half
        return _response(page, half=half)

    def _set_faults(self, query: dict[str, str]) -> Page:
        cut = query.pop("cut", "0") == "1"
        try:
            self.faults.set(query)
        except ValueError as error:
            return Page(compact({"error": str(error)}), 400)
        if "silent" in query:
            self.silence(self.faults.silent)
        if cut:
            self.cut()
        return Page(compact(self.faults.as_json()))

    def _health(self) -> dict[str, object]:
        return {
            "status": "ok",
            "connections": len(self._clients),
            "trades": {name: tape.made for name, tape in self._tapes.items()},
            "recordings": len(self._sessions),
            "unplayed": len(self._unplayed),
            "uptime_s": round(time.monotonic() - self._started_at, 1),
        }


def _feed_of(path: str) -> str:
    return path.lstrip("/").partition("?")[0].partition("/")[0]


def _response(page: Page, *, half: bool = False) -> Response:
    """``half``: the length of the whole, and then the connection ends in the middle."""
    body = page.body.encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
    for name, value in page.headers.items():
        headers[name] = value
    with contextlib.suppress(ValueError):
        return Response(page.status, HTTPStatus(page.status).phrase, headers, body[: len(body) // 2] if half else body)
    return Response(page.status, "Unknown", headers, body)
