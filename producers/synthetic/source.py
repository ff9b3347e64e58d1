"""The synthetic source: the seeded market, no record before its time, with its faults and the truth beside.

The clock only holds a trade back until its time has come. A start in the past is therefore caught up as fast as it
goes, and no trade is ever dated ahead of its arrival, which silver would quarantine. When a trade is due follows from
the start alone, so a run of hours does not drift; what became due since the last look goes out as one batch.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

from producers.source import Batch
from producers.synthetic.config import SyntheticConfig
from producers.synthetic.market import EXCHANGE, MarketRecord, due_us, market
from producers.synthetic.spoiler import Spoiler
from producers.synthetic.truth import Truth

TICK_S: Final = 0.01
"""Between two batches of a market that keeps pace with the clock: the faster it is, the larger they are."""


class _Schedule:
    """The market's records as they fall due."""

    def __init__(self, blocks: Iterator[list[MarketRecord]]) -> None:
        self._blocks = blocks
        self._block: list[MarketRecord] = []
        self._at = 0

    @property
    def next_us(self) -> int | None:
        """When the next record is due; None at the end."""
        if self._at == len(self._block):
            self._block, self._at = next(self._blocks, []), 0
        return due_us(self._block[self._at]) if self._block else None

    def take(self, now_us: int) -> list[MarketRecord]:
        """What is due and not yet taken, at most a block."""
        if self.next_us is None:
            return []
        block, at = self._block, self._at
        if due_us(block[-1]) <= now_us:
            self._at = len(block)
        else:
            self._at = bisect_right(block, now_us, lo=at, key=due_us)
        return block[at : self._at]


class SyntheticSource:
    """A market's trades and coverage in batches. ``stop`` ends it in order, with what it held back. For one run."""

    name = EXCHANGE

    def __init__(
        self,
        config: SyntheticConfig,
        *,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.config = config
        self._now_us, self._sleep = now_us, sleep
        self._stopping = asyncio.Event()
        self._truth: Truth | None = None

    @property
    def summary(self) -> dict[str, Any]:
        """The sums so far, as ``Truth`` writes them."""
        return self._truth.summary if self._truth is not None else Truth().summary

    def records(self, start_us: int) -> Iterator[MarketRecord]:
        """The market as it is, without faults: all trades and coverage in the order of their times. Keeps nothing."""
        for block in market(self.config, start_us):
            yield from block

    def stop(self) -> None:
        """Make no more; the iteration gives what was held back and ends."""
        self._stopping.set()

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Batches of what is due by the clock; waits where nothing is. Raises UnwritableTruthError."""
        config, now_us = self.config, self._now_us()
        start_us = config.begins_us(now_us)
        schedule = _Schedule(market(config, start_us))
        truth = self._truth = Truth(config.truth_path)
        spoiler = Spoiler(config, start_us, truth.note) if config.fault_share else None
        try:
            while not self._stopping.is_set():
                records = schedule.take(now_us)
                next_us = schedule.next_us
                caught_up = next_us is None or next_us > now_us
                truth.trades(records)
                batch: Batch = records if spoiler is None else spoiler.take(records, now_us if caught_up else None)
                if batch:
                    truth.flush()
                    yield batch
                if next_us is None:
                    break
                if caught_up:
                    held_us = spoiler.next_us if spoiler is not None else None
                    await self._until(next_us if held_us is None else min(next_us, held_us))
                now_us = self._now_us()
            held = spoiler.end() if spoiler is not None else []
            if held:
                yield held
            truth.finish(seed=config.seed, start_us=start_us, stopped=self._stopping.is_set())
        finally:
            truth.close()

    async def _until(self, instant_us: int) -> None:
        """Wait for the instant, a tick at least, or for the stop."""
        seconds = max(TICK_S, (instant_us - self._now_us()) / 1_000_000)
        stopping = asyncio.ensure_future(self._stopping.wait())
        napping = asyncio.ensure_future(self._sleep(seconds))
        try:
            done, _ = await asyncio.wait((stopping, napping), return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            stopping.cancel()
            napping.cancel()
            await asyncio.gather(stopping, napping, return_exceptions=True)
