"""Gaps that somebody names by hand, read back from the venue's past trades one after another."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from producers.feeds import Feed
from producers.recovery.queue import Recovery
from producers.source import Batch
from tapehouse.record import Gap, GapClosed, Trade, id_number

STOPPED: Final = "stopped before it was whole"
LeftOpen: TypeAlias = Callable[[Gap, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedGap:
    """What is to be filled."""

    gap: Gap
    feed: Feed | None
    """Who reads it back; None: no feed files trades under its source."""
    recorded: bool
    """The lake has the gap's record: it is closed when it is whole. A span that no gap names has none to close."""

    @property
    def trades(self) -> int | None:
        """How many are missing, where its ids tell."""
        gap = self.gap
        counts = self.feed is not None and self.feed.traits.contiguous_ids
        if not counts or gap.from_id is None or gap.to_id is None:
            return None
        return id_number(gap.to_id) - id_number(gap.from_id) + 1


@dataclass(slots=True)
class Outcome:
    """What became of one gap."""

    requested: RequestedGap
    trades: int = 0
    """Read back."""
    left_open: str | None = STOPPED
    """Why it is not whole; None: it is."""


class Backfill:
    """A source of the records that fill the gaps; ``outcomes`` says how far each one came."""

    name = "backfill"

    def __init__(self, gaps: Sequence[RequestedGap], recovery: Callable[[Feed, LeftOpen], Recovery]) -> None:
        """``recovery`` makes one for a feed, which reports to its second argument what it leaves open."""
        self.outcomes = [Outcome(gap) for gap in gaps]
        self._recovery = recovery
        self._recoveries: dict[str, Recovery] = {}
        self._why: dict[str, str] = {}

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Batches of backfilled trades, coverage and closings. Raises nothing of a venue's."""
        for outcome in self.outcomes:
            gap, feed = outcome.requested.gap, outcome.requested.feed
            if feed is None:
                outcome.left_open = f"no feed reads {gap.source}"
                continue
            async for records in self._of(feed).recover(gap):
                outcome.trades += sum(isinstance(record, Trade) for record in records)
                if any(isinstance(record, GapClosed) for record in records):
                    outcome.left_open = None
                kept = [each for each in records if outcome.requested.recorded or not isinstance(each, GapClosed)]
                if kept:
                    yield kept
            if outcome.left_open is not None:
                outcome.left_open = self._why.get(gap.gap_id, outcome.left_open)

    def _of(self, feed: Feed) -> Recovery:
        """One a feed: a venue's REST limits are its own, not a gap's."""
        if feed.source not in self._recoveries:
            self._recoveries[feed.source] = self._recovery(feed, self._note)
        return self._recoveries[feed.source]

    def _note(self, gap: Gap, why: str) -> None:
        self._why[gap.gap_id] = why
