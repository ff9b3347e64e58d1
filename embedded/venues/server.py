"""The simulated venues behind one loopback port: WebSocket connections, REST pages, recordings, health and faults.

A venue's addresses begin with its feed's name: ``ws://127.0.0.1:PORT/coinbase`` and
``http://127.0.0.1:PORT/coinbase/products/BTC-USD/trades``. GET ``/replay`` lists the recordings, ``/health``
says how it goes, ``/faults?skip=3`` sets switches (``cut=1`` cuts every connection at once). It binds loopback only;
the vendors' venues want a key as the real ones do, and take any but ``bad``.
"""

import asyncio
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from embedded.venues.answers import Answers
from embedded.venues.client import Client
from embedded.venues.exchange import Exchange, Fill, as_aggregates, as_trades
from embedded.venues.faults import VenueFaults
from embedded.venues.recordings import DamagedRecordingError, Recording, play, recordings_in
from embedded.venues.registry import MARKETS, VENUES, addresses, feed_of, new_exchange, own_feed
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.record import Trade, encode

__all__ = ["HOST", "MARKETS", "PortInUseError", "Simulator"]

log = logs.of(__name__)

HOST: Final = "127.0.0.1"
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

        ``trades``: each exchange starts with its first subscriber, ends after so many, and closes its connections
        normally. ``speed``: times the recorded pace; None plays as fast as it is read. Raises FileNotFoundError for a
        folder without recordings.
        """
        self.port, self.faults = port, VenueFaults()
        self.finished = asyncio.Event()
        """Every recording was played once, or every exchange made its number of trades."""
        self._rate, self._limit, self._speed = rate, trades, speed
        self._clock, self._beat_s = clock, beat_s
        self._exchanges = {name: new_exchange(name, symbols, seed=seed) for name, symbols in markets.items()}
        self._recordings = {each.path: each for each in recordings_in(recordings)} if recordings else {}
        self._unplayed = set(self._recordings)
        self._keep_truth, self._truth_path = keep_truth, truth_file
        self._fills: list[Fill] = []
        self._truth_out: IO[bytes] | None = None
        self._clients: set[Client] = set()
        self._server: Server | None = None
        self._market: asyncio.Task[None] | None = None
        self._started_at = time.monotonic()
        self._answers = Answers(self, self.faults, self._exchanges, self._recordings, health=self._health, clock=clock)

    async def __aenter__(self) -> "Simulator":
        try:
            self._server = await serve(
                self._connected,
                HOST,
                self.port,
                process_request=lambda _, request: self._answers.answer(request),
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
        """The WebSocket address of a venue, without a key."""
        return addresses(feed, f"{HOST}:{self.port}")[0]

    def rest_url(self, feed: str) -> str:
        """The base address of a venue's REST interface; of one that is not there, too: the simulator will say so."""
        return f"http://{HOST}:{self.port}/{feed}"

    def replay_url(self, recording: Recording) -> str:
        return f"ws://{HOST}:{self.port}{recording.path}"

    @property
    def recordings(self) -> list[Recording]:
        return list(self._recordings.values())

    @property
    def connections(self) -> int:
        return len(self._clients)

    @property
    def subscribed_feeds(self) -> set[str]:
        """The feeds of which some client has a subscription."""
        return {client.dialect.feed for client in self._clients if client.dialect.subscribed}

    @property
    def truth(self) -> list[Trade]:
        """Every trade made, as a right reading of the exchange's own feed has it; exchange by exchange."""
        return [trade for name in self._exchanges for trade in self.truth_of(own_feed(name)) if trade.exchange == name]

    def truth_of(self, feed: str) -> list[Trade]:
        """The same as one feed has it, in the order made; ``binance-agg`` for aggregate trades.

        Finnhub gives no ids: those here are the exchange's, to be left out of a comparison. Bitstamp's pages have whole
        seconds: the times here are those of its messages.
        """
        if feed == AGGREGATES:
            return as_aggregates(self._of("binance"), AGGREGATES)
        venue = VENUES[feed]
        return as_trades(self._of(*venue.exchanges), feed, resolution_us=venue.resolution_us, sides=venue.sides)

    def _of(self, *exchanges: str) -> list[Fill]:
        return [one for one in self._fills if one.exchange in exchanges]

    def trade(self, exchange: str, count: int = 1, symbol: str | None = None) -> None:
        """Make trades now, and report them to whoever is subscribed."""
        traded = self._exchanges[exchange]
        fills = traded.make(count, self._clock(), symbol)
        if self._keep_truth:
            self._fills.extend(fills)
        if self._truth_out is not None:
            self._truth_out.writelines(encode(trade) + b"\n" for trade in as_trades(fills, own_feed(exchange)))
            self._truth_out.flush()
        reported = self.faults.disturbed(fills, exchange)
        for client in list(self._clients):
            if traded in client.exchanges:
                client.report(reported)

    def cut(self) -> None:
        """Cut every connection in the middle of a message."""
        for client in list(self._clients):
            client.cut()

    def silence(self, silent: bool = True) -> None:
        """Let every connection there is go dead; new ones too, while it lasts."""
        self.faults.silent = silent
        for client in list(self._clients):
            if silent:
                client.fall_silent()

    # -- the market ----------------------------------------------------------------------------------------------

    async def _run_market(self) -> None:
        loop = asyncio.get_running_loop()
        owed = dict.fromkeys(self._exchanges, 0.0)
        last = loop.time()
        while not all(exchange.ended for exchange in self._exchanges.values()):
            await asyncio.sleep(TICK_S)
            now = loop.time()
            for name, exchange in self._exchanges.items():
                begins = self._limit is None or exchange.made > 0 or self._has_subscriber(exchange)
                if exchange.ended or not begins:
                    continue
                owed[name] += self._rate * (now - last)
                count = int(owed[name])
                owed[name] -= count
                left = count if self._limit is None else min(count, self._limit - exchange.made)
                if left:
                    self.trade(name, left)
                if self._limit is not None and exchange.made >= self._limit:
                    self._end(exchange)
            last = now
        self.finished.set()

    def _has_subscriber(self, exchange: Exchange) -> bool:
        return any(exchange in client.exchanges and client.dialect.subscribed for client in self._clients)

    def _end(self, exchange: Exchange) -> None:
        exchange.ended = True
        for client in self._clients:
            client.end_if_over()

    # -- WebSocket -----------------------------------------------------------------------------------------------

    async def _connected(self, connection: ServerConnection) -> None:
        path = connection.request.path if connection.request is not None else ""
        recorded = self._recordings.get(urlsplit(path).path)
        if recorded is not None:
            await self._replay(connection, recorded)
            return
        feed = feed_of(path)
        exchanges = self._answers.exchanges(feed)
        dialect = VENUES[feed](exchanges, self.faults, path)
        client = Client(connection, dialect, exchanges, clock=self._clock, beat_s=self._beat_s)
        if self.faults.silent:
            client.fall_silent()
        self._clients.add(client)
        try:
            await client.serve()
        finally:
            self._clients.discard(client)

    async def _replay(self, connection: ServerConnection, recording: Recording) -> None:
        """The whole file to a client that has spoken; what it says later is not read."""
        try:
            await connection.recv()
            sent = await play(recording.file, connection.send, speed=self._speed)
            await connection.close(1000, "end of recording")
        except ConnectionClosed:
            log.info("replay_left", file=recording.file.name)
            return
        except DamagedRecordingError as error:
            log.warning("recording_damaged", error=error)
            await connection.close(1011, str(error)[:120])
            return
        log.info("replayed", file=recording.file.name, messages=sent)
        self._unplayed.discard(recording.path)
        if not self._unplayed:
            self.finished.set()

    def _health(self) -> dict[str, object]:
        return {
            "status": "ok",
            "connections": len(self._clients),
            "trades": {name: exchange.made for name, exchange in self._exchanges.items()},
            "recordings": len(self._recordings),
            "unplayed": len(self._unplayed),
            "uptime_s": round(time.monotonic() - self._started_at, 1),
        }
