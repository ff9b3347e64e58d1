"""Batches of silver into gold.candles, without Spark: held against the oracle, and against what they cost."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from glue_jobs.engine.follow import BatchLimits
from glue_jobs.gold.candles import job as candles_job
from glue_jobs.gold.candles.ledger import Ledger
from tapehouse.lake import Lake
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade
from tapehouse.tables import GOLD_CANDLES
from tests.factories import NOW_US
from tests.glue_jobs.gold.silver_lake import SilverLake
from tests.glue_jobs.layers import trade

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
T0 = NOW_US - HOUR


def sold(number: int, at_us: int, *, exchange: str = "kraken", symbol: str = "BTC-USD", **changes: Any) -> Trade:
    changes = {"source": exchange, **changes}
    return trade(number, event_time_us=at_us, exchange=exchange, symbol=symbol, **changes)


def covered(from_us: int, to_us: int, exchange: str = "kraken", symbol: str = "BTC-USD") -> Coverage:
    return Coverage(
        exchange=exchange, symbol=symbol, source=exchange, from_us=from_us, through_us=to_us, last_id=None,
        received_time_us=NOW_US,
    )  # fmt: skip


def lost(from_us: int, to_us: int | None, gap_id: str = "g") -> Gap:
    return Gap(
        exchange="kraken", symbol="BTC-USD", source="kraken", gap_id=gap_id, from_id=None, to_id=None, from_us=from_us,
        to_us=to_us, reason="dropped", received_time_us=NOW_US,
    )  # fmt: skip


def closed(gap_id: str = "g") -> GapClosed:
    return GapClosed(
        exchange="kraken", symbol="BTC-USD", source="kraken", gap_id=gap_id, reason="filled", received_time_us=NOW_US
    )


@pytest.fixture
def silver(lake: Lake) -> SilverLake:
    return SilverLake(lake)


def ledger(silver: SilverLake) -> Ledger:
    return Ledger.of(silver.workspace.state(GOLD_CANDLES))


@pytest.fixture
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candles_job, "AT_ONCE_ROWS", 20)
    monkeypatch.setattr(candles_job, "PIECE_ROWS", 20)


# --- the oracle's candles, however silver came

EDGES = (0, 1, 999_999, SECOND, 59_999_999, MINUTE, HOUR, DAY, 4 * DAY)
instants = st.builds(
    lambda back, edge: NOW_US - back * MINUTE - edge, st.integers(0, 12 * 1440), st.sampled_from(EDGES)
)
names = st.sampled_from(["kraken", "coinbase"])
symbols = st.sampled_from(["BTC-USD", "ETH-USD"])


@st.composite
def records(draw: st.DrawFn) -> list[list[Record]]:
    """Four batches of trades, coverage and gaps in any order."""
    count = draw(st.integers(1, 14))
    found: list[Record] = [
        sold(number, draw(instants), exchange=draw(names), symbol=draw(symbols), price=str(draw(st.integers(1, 9))))
        for number in range(count)
    ]
    for end in draw(st.lists(instants, max_size=5)):
        length = draw(st.sampled_from([10 * SECOND, 90 * SECOND, HOUR, 8 * DAY]))
        found.append(covered(end - length, end, draw(names), draw(symbols)))
    for number in range(draw(st.integers(0, 2))):
        goes_on = draw(st.booleans())
        end = NOW_US if goes_on else draw(instants)
        found.append(
            lost(end - draw(st.sampled_from([30, 200, 7300])) * SECOND, None if goes_on else end, f"g{number}")
        )
        if draw(st.booleans()):
            found.append(closed(f"g{number}"))
    order = draw(st.permutations(found))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), min_size=3, max_size=3)))
    return [list(order[low:high]) for low, high in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(batches=records(), choices=st.integers(0, 2**32))
def test_any_batches_and_pieces_and_processes_give_the_oracles_candles(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Record]], choices: int
) -> None:
    dice = random.Random(choices)
    silver = SilverLake(Lake(tmp_path_factory.mktemp("lake")), limits=BatchLimits(max_rows=dice.choice([3, 1000])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candles_job, "AT_ONCE_ROWS", dice.choice([1, 5, 1000]))
        patch.setattr(candles_job, "PIECE_ROWS", dice.choice([1, 5, 1000]))
        for batch in batches:
            silver.arrive(batch, split=dice.choice([0, 1, 3]))
            if dice.random() < 0.5:
                silver.begin()
            silver.refresh(pieces=dice.choice([None, 0, 1, 2]))
        silver.begin()
        silver.refresh()
        silver.check()
