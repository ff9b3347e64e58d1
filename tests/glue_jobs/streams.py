"""Streams of a market for tests: trades in any order, repeats, contradictions, ids that start anew, coverage, gaps."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, encode
from tests.factories import NOW_US
from tests.glue_jobs.layers import trade

# Times cluster so that windows, buckets and weeks are shared, met at their edges and jumped over.
_EDGES_US = (0, 1, 999_999, 1_000_000, 59_999_999, 60_000_000, 3_600_000_000, 86_400_000_000, 4 * 86_400_000_000)
instants = st.builds(
    lambda back, edge: NOW_US - back * 60_000_000 - edge, st.integers(0, 12 * 1440), st.sampled_from(_EDGES_US)
)
amounts = st.one_of(
    st.decimals("0.000000000001", "999999", places=12), st.sampled_from([Decimal(1), Decimal("0.1"), Decimal("33.3")])
)


@st.composite
def gap(draw: st.DrawFn, gap_id: str) -> list[Record]:
    """A hole told by times, by ids, or by both; perhaps closed."""
    exchange = draw(st.sampled_from(["kraken", "coinbase"]))
    length = draw(st.sampled_from([30_000_000, 200_000_000, 7_300_000_000]))
    goes_on = draw(st.booleans())
    end = NOW_US if goes_on else draw(instants)  # one that goes on is silent to the newest trade: not for days
    first = draw(st.integers(0, 7))
    ids = draw(st.sampled_from([None, (first, first), (first, first + 1), (first, 10**20)]))
    kind = draw(st.sampled_from(["", "a:"]))
    timeless = ids is not None and draw(st.booleans())
    named: dict[str, Any] = {"exchange": exchange, "symbol": "BTC-USD", "source": exchange, "gap_id": gap_id}
    opened = Gap(
        **named,
        from_id=None if ids is None else f"{kind}{ids[0]}",
        to_id=None if ids is None else f"{kind}{ids[1]}",
        from_us=None if timeless else end - length,
        to_us=None if goes_on else end,
        reason="dropped",
        received_time_us=NOW_US,
    )
    if draw(st.booleans()):
        return [opened]
    return [opened, GapClosed(**named, reason="filled", received_time_us=NOW_US)]


@st.composite
def market(draw: st.DrawFn) -> list[list[Record | bytes]]:
    """Batches of records of one market: trades in any order, repeats, contradictions, coverage, gaps."""
    count = draw(st.integers(1, 8))
    records: list[Record | bytes] = [
        trade(
            number,
            trade_id=draw(st.sampled_from([str(number), f"a:{number}", f"id-{number}"])),
            price=format(draw(amounts), "f"),
            size=format(draw(amounts), "f"),
            side=draw(st.sampled_from(["buy", "sell", None])),
            event_time_us=draw(instants),
            exchange=draw(st.sampled_from(["kraken", "coinbase"])),
        )
        for number in range(count)
    ]
    trades = [record for record in records if isinstance(record, Trade)]
    for again in draw(st.lists(st.sampled_from(trades), max_size=3)):
        records.append(again)
    for changed in draw(st.lists(st.sampled_from(trades), max_size=2)):
        records.append(replace(changed, price="7"))
    for first in draw(st.lists(st.sampled_from(trades), max_size=3)):
        # The same id again, further away than an hour or not: a venue may start its ids anew.
        apart_us = draw(st.sampled_from([1, 3_600_000_000, 3_600_000_001, 6_000_000_000, 86_400_000_000]))
        price = draw(st.sampled_from([first.price, "7"]))
        records.append(replace(first, event_time_us=first.event_time_us - apart_us, price=price))
    for start in draw(st.lists(instants, max_size=3)):
        length = draw(st.sampled_from([10_000_000, 90_000_000, 3_600_000_000, 8 * 86_400_000_000]))
        exchange = draw(st.sampled_from(["kraken", "coinbase"]))
        records.append(
            Coverage(exchange=exchange, symbol="BTC-USD", source=exchange, from_us=start - length,
                     through_us=start, last_id=None, received_time_us=NOW_US)
        )  # fmt: skip
    for number in range(draw(st.integers(0, 2))):
        records += draw(gap(f"g{number}"))
    if draw(st.booleans()):
        records.append(b"\xff not a record")
    order = draw(st.permutations(records))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), min_size=2, max_size=2)))
    return [list(order[: cuts[0]]), list(order[cuts[0] : cuts[1]]), list(order[cuts[1] :])]


class Markets(list[list[list[Record | bytes]]]):
    """Batches of records by market: too many to be printed."""

    def __repr__(self) -> str:
        return f"<{len(self)} markets>"


def of_market(record: Record | bytes, symbol: str) -> bytes:
    if isinstance(record, bytes):
        return record
    if isinstance(record, Trade):
        record = replace(record, source=record.exchange)
    return encode(replace(record, symbol=symbol))
