"""Fills gaps from the venue's pages of past trades. A drop, a crash, a throttle and a skipped id are the same case.

The gap's own record was reported when it was found. What is read back follows it, ``backfilled``, and when nothing is
missing any more, the coverage of its span and ``gap_closed``. A page that fails is asked for again for hours, and a
gap that waits for that stands in no other's way; what the venue refuses, does not keep, or leaves out stays open.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, Protocol

from producers.feeds import Feed
from producers.recovery.filling import GapFilling
from producers.recovery.rest import Pages, RestFailedError, RestRefusedError
from producers.recovery.waits import LIVE_S
from tapehouse import logs
from tapehouse.record import Gap, Record

log = logs.of(__name__)

AT_ONCE: Final = 8
"""Gaps of one venue whose pages are read beside each other. Those that wait for their next try do not count."""
LATE_US: Final = 120_000_000
"""A page answered this long after the gap's clock was read may no longer reach back over the gap; it is less than the
time to spare that a feed of such pages keeps."""


class Recovery(Protocol):
    """Fills gaps, any number beside each other. A gap's own record has been reported before; what this yields follows
    it, in any time."""

    def recover(self, gap: Gap) -> AsyncIterator[Sequence[Record]]:
        """Batches of backfilled trades, the coverage of what is whole again, and a ``GapClosed`` when it is."""


class RestRecovery:
    """Reads one venue's gaps back. Their pages keep the venue's pace together, as ``Pages`` does."""

    def __init__(
        self,
        feed: Feed,
        *,
        pages: Pages | None = None,
        waits_s: Sequence[float] = LIVE_S,
        on_left_open: Callable[[Gap, str], None] | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``waits_s``: between whole tries of a gap. ``on_left_open`` gets each gap that stays open, and why."""
        self._feed, self._pages, self._on_left_open = feed, pages or Pages(feed), on_left_open
        self._waits_s, self._clock, self._sleep = tuple(waits_s), clock, sleep
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def recover(self, gap: Gap) -> AsyncIterator[Sequence[Record]]:
        """See ``Recovery``. Raises nothing of the venue's: a gap that cannot be filled stays open, and is logged."""
        filling = GapFilling(gap, self._feed, self._clock())
        why = ""
        for wait_s in (*self._waits_s, None):
            async with self._turns:
                filling.again(self._clock())
                final = filling.impossible
                if final is not None:
                    why = final
                    break
                try:
                    for _ in range(self._feed.traits.rest.max_pages):
                        request = filling.request()
                        if request is None:
                            break
                        parsed = await self._pages.page(request, gap.symbol)
                        fresh = filling.rows(parsed.records, late=self._clock() - filling.now_us > LATE_US)
                        if fresh:
                            yield fresh
                    if filling.whole:
                        yield filling.filled(self._clock())
                        return
                    why = f"the venue's pages lack {filling.missing}"
                except RestFailedError as error:
                    why = str(error)
                except RestRefusedError as error:
                    why = str(error)
                    break
            if wait_s is not None:
                log.info("gap_again", gap_id=gap.gap_id, retry_s=wait_s, why=why)
                await self._sleep(wait_s)
        log.warning("gap_left_open", gap_id=gap.gap_id, why=why)
        if self._on_left_open is not None:
            self._on_left_open(gap, why)
