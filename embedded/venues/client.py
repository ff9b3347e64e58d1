"""One client of a simulated venue: what it is sent, and how its connection is made to fail."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from embedded.venues.dialect import Dialect
from embedded.venues.exchange import Exchange, Fill
from tapehouse import logs

log = logs.of(__name__)

WAITING_MESSAGES: Final = 20_000
"""A client this far behind is hung up on, as the venues do with slow readers."""
PONG_WITHIN_S: Final = 60.0


class Client:
    """A live connection: commands in, messages out through a bounded queue."""

    def __init__(
        self,
        connection: ServerConnection,
        dialect: Dialect,
        exchanges: Sequence[Exchange],
        *,
        clock: Callable[[], int],
        beat_s: float,
    ) -> None:
        self.connection, self.dialect, self.exchanges = connection, dialect, exchanges
        self._clock, self._beat_s = clock, beat_s
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(WAITING_MESSAGES)
        self._hung_up = asyncio.Event()

    async def serve(self) -> None:
        """Until the client goes, is cut, or was sent the end."""
        self.send(self.dialect.greeting(self._clock()))
        parts = [self._send(), self._receive(), self._beat(), self._ping(), self._patience()]
        tasks = [asyncio.create_task(part) for part in parts]
        hung_up = asyncio.create_task(self._hung_up.wait())
        try:
            await asyncio.wait([hung_up, *tasks[:2]], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (hung_up, *tasks):
                task.cancel()
            await asyncio.gather(hung_up, *tasks, return_exceptions=True)

    def send(self, messages: Sequence[str]) -> None:
        try:
            for message in messages:
                self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            log.warning("slow_reader_cut", feed=self.dialect.feed)
            self.abort()

    def report(self, fills: Sequence[Fill]) -> None:
        self.send(self.dialect.trades(fills, self._clock()))

    def end_if_over(self) -> None:
        """Everything so far, then a normal close: if no more will be traded at any of its exchanges."""
        if not all(exchange.ended for exchange in self.exchanges):
            return
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(None)

    def abort(self) -> None:
        self.connection.transport.abort()
        self._hung_up.set()

    def cut(self) -> None:
        """The connection breaks: in the middle of a message, where it is not being closed already."""
        if self.connection.state is State.OPEN:
            whole = Frame(Opcode.TEXT, b'{"type":"match","trade_id":1,"price":"').serialize(mask=False)
            self.connection.transport.write(whole[: len(whole) // 2])
        self.connection.transport.close()
        self._hung_up.set()

    def fall_silent(self) -> None:
        """The connection stays open and dead: what the client sends is not even read."""
        self.connection.transport.pause_reading()

    @property
    def silent(self) -> bool:
        return not self.connection.transport.is_reading()

    async def _send(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (message := await self._waiting.get()) is not None:
                if not self.silent:
                    await self.connection.send(message)
            await self.connection.close(1000, "end of trading")

    async def _receive(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.connection:
                if isinstance(text, str):
                    before = self.dialect.subscribed
                    self.send(self.dialect.command(text, self._clock()))
                    if self.dialect.subscribed and not before:
                        self.end_if_over()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            self.send(self.dialect.beat(self._clock()))

    async def _ping(self) -> None:
        if self.dialect.ping_every_s is None:
            return
        while True:
            await asyncio.sleep(self.dialect.ping_every_s)
            try:
                pong = await self.connection.ping()
                await asyncio.wait_for(pong, PONG_WITHIN_S)
            except TimeoutError:
                self.abort()
            except ConnectionClosed:
                return

    async def _patience(self) -> None:
        if self.dialect.subscribe_within_s is not None:
            await asyncio.sleep(self.dialect.subscribe_within_s)
            if not self.dialect.subscribed:
                with contextlib.suppress(ConnectionClosed):
                    await self.connection.close(1008, "subscribe message not received in time")
