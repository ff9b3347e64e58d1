"""The synthetic source: the seeded market, no record before its time, with its faults and the truth beside.

The clock only holds a trade back until its time has come. A start in the past is therefore caught up as fast as it
goes, and no trade is ever dated ahead of its arrival, which silver would quarantine. When a trade is due follows from
the start alone, so a run of hours does not drift; what became due since the last look goes out as one batch.

With a chronicle the market has a past (``past``), which is told, and confirmed, before the first live trade; and where
it ends in order, its last seconds are covered too, so that the next run's past goes on from there.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, Final

from producers.source import Batch
from producers.synthetic.chronicle import Chronicle, End
from producers.synthetic.config import SyntheticConfig
from producers.synthetic.market import EXCHANGE, MarketRecord, due_us, market, wholly_seen
from producers.synthetic.past import past
from producers.synthetic.spoiler import Spoiler
from producers.synthetic.truth import Truth
from tapehouse import logs
from tapehouse.intervals import SECOND_US, instant_of
from tapehouse.record import Trade

log = logs.of(__name__)

TICK_S: Final = 0.01
"""Between two batches of a market that keeps pace with the clock: the faster it is, the larger they are."""
AHEAD_US: Final = 5 * SECOND_US
"""A market that begins later than this is waited for with a word."""
TOLD_LOOK_US: Final = 50_000
"""Between two looks whether the past is confirmed."""


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


class _Tail:
    """The end of what was taken of a market that begins at ``start_us``."""

    def __init__(self, start_us: int, symbols: Sequence[str]) -> None:
        self.at_us = self._covered_us = start_us
        self._symbols = symbols
        self._last: dict[str, Trade] = {}

    def take(self, records: Sequence[MarketRecord]) -> None:
        for record in records:
            if isinstance(record, Trade):
                self._last[record.symbol], self.at_us = record, record.event_time_us + 1
            else:
                self._covered_us = self.at_us = record.through_us

    def coverage(self) -> list[MarketRecord]:
        """What the market has not declared as seen yet, though it is over."""
        if self._covered_us >= self.at_us:
            return []
        last_ids = {symbol: trade.trade_id for symbol, trade in self._last.items()}
        return [wholly_seen(each, self._covered_us, self.at_us, last_ids.get(each)) for each in self._symbols]

    @property
    def end(self) -> End:
        return End(at_us=self.at_us, prices={symbol: trade.price for symbol, trade in self._last.items()})


class SyntheticSource:
    """A market's trades and coverage in batches. ``stop`` ends it in order, with what it held back. For one run."""

    name = EXCHANGE

    def __init__(
        self,
        config: SyntheticConfig,
        *,
        chronicle: Chronicle | None = None,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``chronicle``: the market has a past. Who confirms what this gives calls its ``save`` meanwhile."""
        self.config, self._chronicle = config, chronicle
        self.end: End | None = None
        """Up to where all was given; None before that, and without a chronicle."""
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
        """Batches of what is due by the clock; waits where nothing is.

        Raises UnwritableTruthError, BrokenChronicleError.
        """
        config, now_us = self.config, self._now_us()
        start_us = config.begins_us(now_us)
        if self._chronicle is not None:
            start_us = self._chronicle.begins_us(start_us)
        if start_us > now_us + AHEAD_US:
            until = instant_of(start_us).isoformat(timespec="seconds")
            log.warning("market_waits", until=until, reason="all before is told already: the clock was set back")
        truth = self._truth = Truth(config.truth_path)
        try:
            if self._chronicle is not None:
                async for batch in self._told(self._chronicle, truth, start_us):
                    yield batch
            if not self._stopping.is_set():
                async for batch in self._live(truth, start_us, now_us):
                    yield batch
            truth.finish(seed=config.seed, start_us=start_us, stopped=self._stopping.is_set())
        finally:
            truth.close()

    async def _told(self, chronicle: Chronicle, truth: Truth, start_us: int) -> AsyncIterator[Batch]:
        """What lies before the start, each stretch confirmed before the next. One that was begun is given wholly."""
        seed, symbols, traders = self.config.seed, tuple(self.config.symbols), self.config.traders
        while not self._stopping.is_set():
            stretch = chronicle.next(start_us, seed=seed, symbols=symbols, traders=traders)
            if stretch is None:
                chronicle.go_live(start_us)
                return
            for block in past(stretch):
                truth.trades(block)
                yield block
            self.end = End(at_us=stretch.until_us, prices={})
            while not (chronicle.is_told or self._stopping.is_set()):
                await self._until(self._now_us() + TOLD_LOOK_US)

    async def _live(self, truth: Truth, start_us: int, now_us: int) -> AsyncIterator[Batch]:
        config = self.config
        schedule = _Schedule(market(config, start_us))
        spoiler = Spoiler(config, start_us, truth.note) if config.fault_share else None
        tail = _Tail(start_us, config.symbols) if self._chronicle is not None else None
        self.end = None
        while not self._stopping.is_set():
            records = schedule.take(now_us)
            next_us = schedule.next_us
            caught_up = next_us is None or next_us > now_us
            truth.trades(records)
            if tail is not None:
                tail.take(records)
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
        last = tail.coverage() if tail is not None else []
        held: Batch = last if spoiler is None else [*spoiler.take(last), *spoiler.end()]
        if held:
            yield held
        self.end = tail.end if tail is not None else None

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
