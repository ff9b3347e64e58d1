"""Drives one source into the sink until it ends or is told to stop, and then makes sure of what was read.

SIGTERM or SIGINT: no more is read, what was read is confirmed, exit 0. A second signal ends the process at once with
128 + its number; what was not confirmed then is known from the marks alone.
"""

import asyncio
import logging
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from producers.counters import Counters
from producers.sink import KinesisSink, Mark, Metrics, PutRecordsClient, SinkConfig
from producers.source import Batch, Item, Source, Stoppable, Watched
from tapehouse import logs
from tapehouse.market import MarketKey

log = logs.of(__name__)

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
DEADLINE_S: Final = 30.0


class Marks(Protocol):
    """Where it is kept through where each market is confirmed."""

    def load(self) -> object:
        """Raises a LakehouseError where what earlier runs left cannot be read."""

    def owes(self) -> bool:
        """Something has to be saved before anything more is put."""

    def save(self, marks: Mapping[MarketKey, Mark], *, now: bool = False) -> bool:
        """Take the marks as they are; True when something was written. ``now``: though it was written just before.

        Called in threads, in one at a time but for the last call.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How a venue's connection does, at one moment."""

    counters: Counters
    unconfirmed: frozenset[str]
    """Markets that no connection brings."""
    refused: frozenset[str]
    """Markets that the venue refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is."""

    source: str
    read: int
    """Items that the source gave."""
    elapsed_s: float
    sink: Metrics
    watch: Watch | None = None
    """Of a source that reads a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Progress):
    """How it ended."""

    stopped: bool
    """It was told to stop; False: the source came to its end."""


class _Run:
    """One source, one sink, and the numbers between them."""

    def __init__(
        self,
        source: Source,
        sink: KinesisSink,
        stop: asyncio.Event,
        marks: Marks | None,
        clock: Callable[[], float],
    ) -> None:
        self.source, self.sink, self.stop, self._marks, self._clock = source, sink, stop, marks, clock
        self._began, self._read = clock(), 0

    def progress(self) -> Progress:
        return Progress(
            source=self.source.name,
            read=self._read,
            elapsed_s=self._clock() - self._began,
            sink=self.sink.metrics(),
            watch=_watch(self.source),
        )

    async def save(self, *, now: bool = False) -> None:
        """See ``Marks.save``; in a thread, which a cancelled caller leaves behind: the store sorts them out."""
        if self._marks is not None:
            await asyncio.to_thread(self._marks.save, self.sink.marks(), now=now)

    async def pump(self) -> None:
        """Read and put until the source ends; a stop ends one that cannot stop by itself. What was read is put.

        A market that began is durable before anything of it is put, or the disk has refused that, and this is logged.
        """
        batches = aiter(self.source)
        stoppable = isinstance(self.source, Stoppable)
        try:
            while stoppable or not self.stop.is_set():
                batch = await self._next(batches, stoppable)
                if batch is None:
                    return
                self._read += len(batch)
                if self._marks is not None and self._marks.owes():
                    await self.save(now=True)
                await self.sink.put_many(batch)
        finally:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()

    async def _next(self, batches: AsyncIterator[Batch], stoppable: bool) -> Batch | None:
        if stoppable:
            return await _anext(batches)
        coming = asyncio.create_task(_anext(batches))
        await _first(coming, self.stop.wait())
        return coming.result() if not coming.cancelled() else None


def _watch(source: Source) -> Watch | None:
    if not isinstance(source, Watched):
        return None
    counters = replace(source.counters, ignored=Counter(source.counters.ignored))
    return Watch(counters=counters, unconfirmed=source.unconfirmed, refused=frozenset(source.refused))


async def _anext(batches: AsyncIterator[Batch]) -> Batch | None:
    return await anext(batches, None)


async def _first(task: Awaitable[object], *others: Awaitable[object]) -> None:
    """Wait until the task or one of the others is done, then end them all. Raises nothing of theirs."""
    tasks = [asyncio.ensure_future(each) for each in (task, *others)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def produce(
    source: Source,
    sink: KinesisSink,
    *,
    stop: asyncio.Event,
    on_progress: Callable[[Progress], None] | None = None,
    marks: Marks | None = None,
    progress_every_s: float = 0.5,
    deadline_s: float = DEADLINE_S,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Put all that ``source`` gives, then close the sink, within ``deadline_s`` seconds once ``stop`` is set.

    Raises what the source, the sink or ``on_progress`` raised, and BrokenStateError; what the source gave before its
    error is confirmed first.
    """
    run = _Run(source, sink, stop, marks, clock)
    if marks is not None:
        await asyncio.to_thread(marks.load)  # a broken file is reported before anything is sent
    ticking = asyncio.create_task(_tick(run, on_progress, progress_every_s))
    try:
        await _pump_and_close(run, deadline_s, ticking)
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        await run.save(now=True)
        last = run.progress()
        if on_progress is not None:
            on_progress(last)
    report = Report(
        source=last.source,
        read=last.read,
        elapsed_s=last.elapsed_s,
        sink=last.sink,
        watch=last.watch,
        stopped=stop.is_set(),
    )
    log.info("produce_done", source=report.source, read=report.read, confirmed=report.sink.confirmed)
    return report


async def _pump_and_close(run: _Run, deadline_s: float, ticking: "asyncio.Task[None]") -> None:
    """``ticking`` ends only by an error: without it no mark would be saved and nothing shown, so all ends."""
    loop = asyncio.get_running_loop()
    pump = asyncio.create_task(run.pump())
    ends = [asyncio.create_task(run.stop.wait()), asyncio.create_task(run.sink.failed())]
    try:
        await asyncio.wait({pump, ticking, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if ticking.done():
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
        elif pump.done() and not run.stop.is_set():
            # However long Kinesis takes for the rest, only a stop cuts the wait short.
            await _first(asyncio.create_task(run.sink.flush()), run.stop.wait())
        elif run.stop.is_set() and isinstance(run.source, Stoppable):
            run.source.stop()
        began = loop.time()
        if run.stop.is_set() and not pump.done():
            # The last batch goes before the closing flush, and shares its deadline.
            await asyncio.wait({pump, ends[1]}, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)
        await run.sink.close(max(0.0, deadline_s - (loop.time() - began)))
    finally:
        for task in (pump, *ends):
            task.cancel()
        await asyncio.gather(pump, *ends, return_exceptions=True)
    if ticking.done():
        ticking.result()
    if not pump.cancelled():
        pump.result()


async def _tick(run: _Run, on_progress: Callable[[Progress], None] | None, every_s: float) -> None:
    while True:
        if on_progress is not None:
            on_progress(run.progress())
        await run.save()
        await asyncio.sleep(every_s)


def run(
    source: Source,
    config: SinkConfig,
    client: PutRecordsClient,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    on_refused: Callable[[Item, str], None] | None = None,
    on_report: Callable[[Report], None] | None = None,
    marks: Marks | None = None,
    deadline_s: float = DEADLINE_S,
    signals: Sequence[signal.Signals] = SIGNALS,
) -> int:
    """The whole command but its arguments: produce until done or told to stop; the exit code, 0.

    ``client`` must not retry by itself: ``tapehouse.aws.client("kinesis", max_attempts=1, read_timeout_s=10)``. Call
    it in the main thread, outside a loop. Raises LakehouseError for the caller to show in one sentence.
    """

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in signals:
            loop.add_signal_handler(number, _on_signal, number, stop)
        sink = KinesisSink(config, client, on_refused=on_refused)
        report = await produce(source, sink, stop=stop, on_progress=on_progress, marks=marks, deadline_s=deadline_s)
        if on_report is not None:
            on_report(report)

    asyncio.run(main())
    return 0


def _on_signal(number: signal.Signals, stop: asyncio.Event) -> None:
    if stop.is_set():
        log.error("produce_killed", signal=number.name)
        logging.shutdown()
        os._exit(128 + number)
    log.info("produce_stopping", signal=number.name)
    stop.set()
