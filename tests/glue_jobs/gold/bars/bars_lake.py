"""A lake whose silver the oracle fills, and gold.bars as the job makes it batch by batch."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.gold.bars import BarsJob
from glue_jobs.gold.bars.ledger import Ledger
from glue_jobs.gold.candles import SourceChoice
from tapehouse.bars import BarSizes
from tapehouse.lake import Lake
from tapehouse.market import Market
from tapehouse.tables import GOLD_BARS, SILVER_TRADES
from tests import oracle
from tests.glue_jobs.gold.silver_lake import SilverLake

SMALL = BarSizes({"tick": Decimal(3), "volume.BTC": Decimal("2.5"), "volume.ETH": Decimal(4), "dollar": Decimal(600)})
"""Sizes that a few trades reach."""


class BarsLake(SilverLake):
    """With bars instead of candles."""

    def __init__(self, lake: Lake, *, sizes: BarSizes = SMALL, limits: BatchLimits | None = None) -> None:
        self.sizes = sizes
        super().__init__(lake, limits=limits)

    def begin(self) -> None:
        super().begin()
        self.bars = BarsJob(self.workspace, choice=SourceChoice(), sizes=self.sizes)
        self.follower = Follower(self.workspace, "bars", (SILVER_TRADES,), self.limits)

    def refresh(self, *, pieces: int | None = None, batches: int | None = None) -> None:
        """``prepare``, every batch or so many, and what is left to do or at most so many pieces of it."""
        self.bars.prepare()
        taken = done = 0
        while (batches is None or taken < batches) and (batch := self.follower.next()) is not None:
            self.bars.write(batch)
            self.follower.done(batch)
            taken += 1
        while (pieces is None or done < pieces) and self.bars.more():
            done += 1

    @property
    def ledger(self) -> Ledger:
        return Ledger.of(self.workspace.state(GOLD_BARS))

    def table(self) -> pa.Table:
        return self.workspace.rows(GOLD_BARS, self.workspace.state(GOLD_BARS).files)

    def bars_found(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in self.table().to_pylist():
            key = tuple(row.pop(name) for name in GOLD_BARS.key)
            assert key not in found, f"twice: {key}"
            for end in ("open", "close"):
                assert round(row.pop(f"{end}_time").timestamp() * 1e6) == row[f"{end}_time_us"]
            found[key] = row
        return found

    def bars_expected(self, sources: Mapping[tuple[str, str], str] | None = None) -> dict[tuple[Any, ...], Any]:
        layer = oracle.silver(self.arrived)
        if sources is None:
            best: dict[tuple[str, str], str] = {}
            for exchange, symbol, source, *_ in layer.trades:
                there = best.setdefault((exchange, symbol), source)
                best[exchange, symbol] = min(there, source, key=lambda each: SourceChoice().rank(exchange, each))
            sources = best
        return oracle.bars(layer, sources, lambda *market: self.sizes.of(Market(*market)))

    def check_bars(self) -> None:
        """gold.bars is what the oracle makes of everything that arrived, to the last decimal."""
        found, wanted = self.bars_found(), self.bars_expected()
        assert found.keys() == wanted.keys(), (
            f"too many: {sorted(found.keys() - wanted.keys())[:5]}; missing: {sorted(wanted.keys() - found.keys())[:5]}"
        )
        for key, row in wanted.items():
            assert found[key] == row, key
