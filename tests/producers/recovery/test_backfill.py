"""Gaps filled by hand: what is given to the sink, and what is said of each."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from producers.feeds import FEEDS, Feed
from producers.recovery import Backfill, RequestedGap, RestRecovery
from producers.recovery.backfill import STOPPED, LeftOpen
from producers.recovery.rest import RestRefusedError
from producers.source import Raw
from tapehouse.record import Gap, Record, Trade
from tests import factories


def gap(gap_id: str, **bounds: Any) -> Gap:
    return factories.gap(gap_id, reason="disconnected", **bounds)


def requested(
    gap_id: str, *, recorded: bool = True, feed: Feed | None = FEEDS["kraken"], **bounds: Any
) -> RequestedGap:
    return RequestedGap(gap=gap(gap_id, **bounds), feed=feed, recorded=recorded)


def trade(number: int) -> Trade:
    return factories.trade(number, backfilled=True)


class Pages:
    """Fills the gap ``whole`` with two trades, gets one of ``half`` and gives it up."""

    made = 0

    def __init__(self, feed: Feed, note: LeftOpen) -> None:
        self._note = note
        Pages.made += 1

    async def recover(self, gap: Gap) -> AsyncIterator[Sequence[Record]]:
        yield [trade(1)]
        if gap.gap_id == "half":
            self._note(gap, "the venue's pages lack 1 of 2 trades")
            return
        yield [trade(2)]
        yield [factories.coverage(1, 2), factories.gap_closed(gap.gap_id)]


def drained(source: Backfill) -> list[Record]:
    async def work() -> list[Record]:
        return [record async for batch in source for record in batch if not isinstance(record, Raw)]

    return asyncio.run(work())


def test_each_gap_is_filled_or_says_why_not() -> None:
    Pages.made = 0
    source = Backfill([requested("whole"), requested("half"), requested("other", feed=None)], Pages)
    records = drained(source)
    assert [(each.trades, each.left_open) for each in source.outcomes] == [
        (2, None),
        (1, "the venue's pages lack 1 of 2 trades"),
        (0, "no feed reads kraken"),
    ]
    assert [record.kind for record in records] == ["trade", "trade", "coverage", "gap_closed", "trade"]
    assert Pages.made == 1  # of one venue, whose limits are its own


def test_a_span_that_no_gap_names_has_none_to_close() -> None:
    source = Backfill([requested("whole", recorded=False)], Pages)
    assert [record.kind for record in drained(source)] == ["trade", "trade", "coverage"]
    assert source.outcomes[0].left_open is None


def test_what_was_not_reached_says_so() -> None:
    source = Backfill([requested("whole"), requested("later")], Pages)

    async def only_two() -> None:
        batches = aiter(source)
        await anext(batches)
        await anext(batches)
        await batches.aclose()  # type: ignore[attr-defined]

    asyncio.run(only_two())
    assert [each.left_open for each in source.outcomes] == [STOPPED, STOPPED]


def test_a_gap_knows_how_many_it_lacks_only_where_ids_count() -> None:
    assert requested("a", from_id="5", to_id="9").trades == 5
    assert requested("a", from_id="a:5", to_id="a:9", feed=FEEDS["binance"]).trades == 5
    assert requested("a", to_id="9").trades is None
    assert requested("a", from_id="5", to_id="9", feed=FEEDS["bitstamp"]).trades is None
    assert requested("a", from_id="5", to_id="9", feed=None).trades is None


def test_recovery_tells_why_a_gap_stays_open() -> None:
    class Refusing:
        async def page(self, *_: Any) -> Any:
            raise RestRefusedError("kraken", "/0/public/Trades", "EQuery:Unknown asset pair")

    reported: list[tuple[str, str]] = []
    pages: Any = Refusing()
    recovery = RestRecovery(
        FEEDS["kraken"], pages=pages, on_left_open=lambda gap, why: reported.append((gap.gap_id, why))
    )

    async def work() -> None:
        async for _ in recovery.recover(gap("a", from_us=1, to_us=2)):
            pytest.fail("there was nothing to give")

    asyncio.run(work())
    assert reported == [("a", "kraken refused /0/public/Trades: EQuery:Unknown asset pair")]
