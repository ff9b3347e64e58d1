"""The simulated venues in a thread of their own, trading at a pace, with every way to go wrong at hand."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from embedded.venues import Simulator
from tapehouse.record import Trade

TICK_S = 0.05
T = TypeVar("T")


class Venues:
    """``do`` runs anything on the simulator, in its own loop."""

    def __init__(self, markets: Mapping[str, Sequence[str]], *, seed: int, trades_per_s: float) -> None:
        self._simulator = Simulator(seed=seed, markets=markets)
        self._exchanges, self._per_tick = tuple(markets), trades_per_s * TICK_S
        self._loop = asyncio.new_event_loop()
        self._up, self._over = threading.Event(), asyncio.Event()
        self._trading = False
        self._thread = threading.Thread(target=self._live, name="venues", daemon=True)

    def do(self, work: Callable[[Simulator], T]) -> T:
        """The outcome of ``work``."""

        async def call() -> T:
            return work(self._simulator)

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(30)

    def trade(self, on: bool) -> None:
        """Begin or end the trading."""
        self._trading = on

    def truth(self, feed: str) -> list[Trade]:
        """Every trade made so far, as this feed tells it."""
        return self.do(lambda venues: venues.truth_of(feed))

    @contextlib.contextmanager
    def open(self) -> Iterator["Venues"]:
        self._thread.start()
        assert self._up.wait(30)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(30)

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with self._simulator as venues:
            self._up.set()
            owed = 0.0
            while not self._over.is_set():
                await asyncio.sleep(TICK_S)
                if self._trading:
                    owed += self._per_tick
                    for exchange in self._exchanges:
                        venues.trade(exchange, int(owed))
                    owed -= int(owed)
