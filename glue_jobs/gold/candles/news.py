"""What a batch of ``batch.touches`` says is new, and which time gold must compute anew because of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.gold.candles.completeness import Hole
from glue_jobs.gold.candles.frames import floor_us
from glue_jobs.gold.candles.scope import SLICE_US, Scope, Slices
from glue_jobs.gold.candles.week import Counted
from glue_jobs.gold.candles.week_job import Market, newest_us

TRADE, COVERAGE, GAP = "trade", "coverage", "gap"
SOURCE_KEY: Final = ("exchange", "symbol", "source")


@dataclass(frozen=True, slots=True)
class News:
    """What the rows of one batch say."""

    slices: Slices
    """The time of its trades and coverage."""
    trades: Mapping[Market, Mapping[str, tuple[int, int]]]
    """By source: the first and the last event time, µs UTC."""
    gaps: bool
    """Whether any row is of a gap."""
    rows: int

    @classmethod
    def of(cls, touch_rows: DataFrame) -> "News":
        first = floor_us(F.col("from_us"), SLICE_US)
        last = floor_us(F.greatest("from_us", F.coalesce(F.col("to_us") - 1, F.col("from_us"))), SLICE_US)
        told = (
            touch_rows.select(*SOURCE_KEY, "what", "from_us", first.alias("first"), last.alias("last"))
            .groupBy(*SOURCE_KEY, "what", "first", "last")
            .agg(F.count("*").alias("rows"), F.min("from_us").alias("first_us"), F.max("from_us").alias("last_us"))
            .collect()
        )
        slices = Slices()
        trades: dict[Market, dict[str, tuple[int, int]]] = {}
        for row in told:
            if row["what"] != GAP:
                slices.add(row["symbol"], row["first"], row["last"] + 1)
            if row["what"] == TRADE:
                of = trades.setdefault((row["exchange"], row["symbol"]), {})
                first_us, last_us = of.get(row["source"], (row["first_us"], row["last_us"]))
                of[row["source"]] = min(first_us, row["first_us"]), max(last_us, row["last_us"])
        return cls(slices, trades, any(row["what"] == GAP for row in told), sum(row["rows"] for row in told))

    def scope(self, before: Mapping[Market, Counted], after: Mapping[Market, Counted], holes: Sequence[Hole]) -> Scope:
        """What to compute anew: the touched time, and what changes elsewhere because of it and of the batch's gaps.

        ``before``, ``after``: what is counted without the batch and with it; ``holes``: open ones, and the batch's.
        """
        self._add_holes(before, after, holes)
        self._add_beginnings(before, after)
        return self.slices.scope()

    def _add_holes(
        self, before: Mapping[Market, Counted], after: Mapping[Market, Counted], holes: Sequence[Hole]
    ) -> None:
        was_us, now_us = newest_us(before), newest_us(after)
        for hole in holes:
            market = hole.exchange, hole.symbol
            until_us = hole.to_us if hole.to_us is not None else max(hole.from_us, now_us or 0) + 1
            if hole.is_news or (market in after and market not in before):
                self.slices.add(hole.symbol, hole.from_us, until_us)
            elif hole.to_us is None and was_us != now_us:
                # The gap goes on, and so did time: windows have ended in it since.
                self.slices.add(hole.symbol, max(hole.from_us, was_us or 0), until_us)

    def _add_beginnings(self, before: Mapping[Market, Counted], after: Mapping[Market, Counted]) -> None:
        """ALL asks for a market from its first trade on: where that is earlier now, the others' windows changed."""
        last_us: dict[str, dict[str, int]] = {}
        for (exchange, symbol), counted in before.items():
            last_us.setdefault(symbol, {})[exchange] = counted.last_us
        for (exchange, symbol), counted in after.items():
            known = before.get((exchange, symbol))
            if known is not None and known.first_us <= counted.first_us:
                continue
            others = [last for other, last in last_us.get(symbol, {}).items() if other != exchange]
            until_us = max(others, default=0) + 1
            if known is not None:
                until_us = min(until_us, known.first_us)
            if counted.first_us < until_us:
                self.slices.add(symbol, counted.first_us, until_us)
