"""The gaps of one source that are being filled, or wait for it, beside its connections."""

import asyncio
from typing import Final

from producers.recovery import Recovery
from producers.websocket.inbox import Inbox
from tapehouse import logs
from tapehouse.record import Gap

log = logs.of(__name__)

GAPS_WAITING: Final = 10_000
"""Gaps that are being filled or wait for it; one found beyond so many stays open, and the mark remembers it."""


class GapQueue:
    """Gaps given to a recovery, beside each other: one may wait for hours. It bounds how many of them read at once."""

    def __init__(self, feed: str, recovery: Recovery | None) -> None:
        """Without a ``recovery`` every gap stays open."""
        self._feed, self._recovery = feed, recovery
        self._gaps: asyncio.Queue[Gap] = asyncio.Queue(GAPS_WAITING)
        self.unfilled = 0
        """Gaps in the queue, and those out of it that are not done with."""

    def put(self, gap: Gap) -> None:
        """Have it filled."""
        if self._recovery is None:
            return
        if self.unfilled >= GAPS_WAITING:
            log.error("gap_not_queued", feed=self._feed, gap_id=gap.gap_id, waiting=GAPS_WAITING)
            return
        self.unfilled += 1
        self._gaps.put_nowait(gap)

    async def join(self) -> None:
        """Wait until every gap is filled or given up."""
        await self._gaps.join()

    async def run(self, inbox: Inbox) -> None:
        """Fill gaps for ever. Raises what a recovery raises."""
        try:
            async with asyncio.TaskGroup() as fillings:
                while True:
                    fillings.create_task(self._fill(await self._gaps.get(), inbox))
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None

    async def _fill(self, gap: Gap, inbox: Inbox) -> None:
        try:
            if self._recovery is not None:
                async for batch in self._recovery.recover(gap):
                    await inbox.room()
                    inbox.fill(batch)
        finally:
            self.unfilled -= 1
            self._gaps.task_done()
