"""What the connections of one source bring, as records: with the gaps and coverage that it proves, until it is taken.

Its memory is bounded by whoever fills it: a session reads no further, and the gaps are read back no further, while it
is ``full``.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet

from producers.counters import Counters
from producers.feeds import Limits, Parsed
from producers.gaps import Markets
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, Unparsed


class Inbox:
    """Records received and not yet taken. Connections and recoveries fill it; one consumer empties it."""

    def __init__(
        self,
        markets: Markets,
        *,
        counters: Counters,
        limits: Limits,
        clock: Callable[[], int],
        on_gap: Callable[[Gap], None],
    ) -> None:
        """``on_gap``: of each gap, when its record has been put in."""
        self._markets, self._counters, self._limits = markets, counters, limits
        self._clock, self._on_gap = clock, on_gap
        self._records: list[Record] = []
        self._filled, self._emptied = asyncio.Event(), asyncio.Event()

    # -- the consumer -------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._records)

    def empty(self) -> Sequence[Record]:
        """All that is in it, in order."""
        batch, self._records = self._records, []
        self._emptied.set()
        return batch

    async def ready(self) -> None:
        """Wait until there is something in it, or ``wake`` was called."""
        if not self._records:
            self._filled.clear()
            await self._filled.wait()

    def wake(self) -> None:
        """Nothing more will come: who waits should look why."""
        self._filled.set()

    # -- room ---------------------------------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """The consumer is behind, so the socket is not read."""
        return len(self._records) >= self._limits.max_pending_records

    async def room(self, within_s: float | None = None) -> bool:
        """Wait until it is not full, for ever with None; False when that took longer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.full:
                    self._emptied.clear()
                    await self._emptied.wait()
        return not self.full

    # -- what connections bring ---------------------------------------------------------------------------------------

    def confirmed(self, subscription: str, received_us: int) -> None:
        """The venue will send this subscription's trades from now on."""
        margin_us = int(self._limits.coverage_margin_s * 1e6)
        self._markets.begin(subscription, received_us - margin_us, received_us + margin_us)

    def take(self, parsed: Parsed, received_us: int, *, twice: bool) -> None:
        """One message; ``twice``: it came while another connection brought the same."""
        records: list[Record] = []
        for record in parsed.records:
            if isinstance(record, Trade):
                records += self._taken(record, replayed=parsed.replayed, twice=twice)
            else:
                self._counters.unparsed += isinstance(record, Unparsed)
                records.append(record)
        for symbol, trade_id in parsed.newest:
            records += self._markets.newest(symbol, trade_id, received_us)
        # A coverage speaks for what stands before it, so it goes behind the trades of its own message.
        self._put(sorted(records, key=lambda record: isinstance(record, Coverage)))

    def _taken(self, trade: Trade, *, replayed: bool, twice: bool) -> list[Record]:
        market = self._markets.of(trade)
        repeats = market.repeats
        records = market.take(trade, replayed=replayed, twice=twice)
        self._counters.repeats += market.repeats - repeats
        return records

    def seen(self, through_us: int, subscriptions: Iterable[str] | None) -> None:
        """The markets of these subscriptions, or all, were wholly seen through this venue time."""
        keys = self._markets.subscriptions() if subscriptions is None else subscriptions
        self._put(self._markets.covered(keys, through_us, self._clock()))

    def ended(self, through_us: int | None, unbroken: AbstractSet[str]) -> None:
        """A connection is lost; it saw its markets through this venue time, and the ``unbroken`` ones go on."""
        keys = self._markets.subscriptions() - unbroken
        self._put(self._markets.end(keys, 0 if through_us is None else through_us, self._clock()))

    def _put(self, records: Sequence[Record]) -> None:
        if not records:
            return
        self._records.extend(records)
        self._filled.set()
        for record in records:
            if isinstance(record, Trade):
                self._counters.trades += 1
            elif isinstance(record, Gap):
                self._counters.gaps += 1
                self._counters.open_gaps += 1
                self._on_gap(record)

    # -- what recoveries bring ----------------------------------------------------------------------------------------

    def fill(self, batch: Iterable[Record]) -> None:
        """What was read back of a gap; a trade that had come by itself is left out."""
        for record in batch:
            if isinstance(record, Trade):
                if not self._markets.of(record).filled(record):
                    continue
                self._counters.filled += 1
                self._counters.trades += 1
            elif isinstance(record, GapClosed):
                self._counters.open_gaps -= 1
            else:
                self._counters.unparsed += isinstance(record, Unparsed)
            self._records.append(record)
        self._filled.set()
