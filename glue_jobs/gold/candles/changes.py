"""What is new in silver, as a stream of touched spans, and which time gold must compute anew because of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.engine import Workspace
from glue_jobs.gold.candles.completeness import GAP_KEY, SOURCE_KEY, GapSpan
from glue_jobs.gold.candles.frames import floor_us
from glue_jobs.gold.candles.scope import SLICE_US, Scope, Slices
from glue_jobs.gold.candles.week import Counted
from glue_jobs.gold.candles.week_job import newest_us
from tapehouse.market import Market
from tapehouse.tables import SILVER_COVERAGE, SILVER_GAPS, SILVER_TRADES

TRADE, COVERAGE, GAP = "trade", "coverage", "gap"


def touches(workspace: Workspace) -> DataFrame:
    """A stream of what is new in silver: exchange, symbol, source, gap_id, from_us, to_us (exclusive), what.

    A gap's row says only which gap: where it lies is asked of silver.gaps, since what closes it says no time.
    """
    trades = workspace.stream(SILVER_TRADES).select(
        *SOURCE_KEY,
        F.lit(None).cast("string").alias("gap_id"),
        F.col("event_time_us").alias("from_us"),
        F.lit(None).cast("bigint").alias("to_us"),
        F.lit(TRADE).alias("what"),
    )
    covered = workspace.stream(SILVER_COVERAGE).select(
        *SOURCE_KEY,
        F.lit(None).cast("string").alias("gap_id"),
        "from_us",
        F.col("through_us").alias("to_us"),
        F.lit(COVERAGE).alias("what"),
    )
    nowhere = (F.lit(None).cast("bigint").alias(name) for name in ("from_us", "to_us"))
    missed = workspace.stream(SILVER_GAPS).select(*GAP_KEY, *nowhere, F.lit(GAP).alias("what"))
    return trades.unionByName(covered).unionByName(missed)


@dataclass(frozen=True, slots=True)
class Changes:
    """What the rows of one batch say."""

    slices: Slices
    """The time of its trades and coverage."""
    trades: Mapping[Market, Mapping[str, tuple[int, int]]]
    """By source: the first and the last event time, µs UTC."""
    gaps: bool
    """Whether any row is of a gap."""
    rows: int

    @classmethod
    def of(cls, touch_rows: DataFrame) -> "Changes":
        first = floor_us(F.col("from_us"), SLICE_US)
        last = floor_us(F.greatest("from_us", F.coalesce(F.col("to_us") - 1, F.col("from_us"))), SLICE_US)
        spans = (
            touch_rows.select(*SOURCE_KEY, "what", "from_us", first.alias("first"), last.alias("last"))
            .groupBy(*SOURCE_KEY, "what", "first", "last")
            .agg(F.count("*").alias("rows"), F.min("from_us").alias("first_us"), F.max("from_us").alias("last_us"))
            .collect()
        )
        slices = Slices()
        trades: dict[Market, dict[str, tuple[int, int]]] = {}
        for row in spans:
            if row["what"] != GAP:
                slices.add(row["symbol"], row["first"], row["last"] + 1)
            if row["what"] == TRADE:
                of = trades.setdefault(Market(row["exchange"], row["symbol"]), {})
                first_us, last_us = of.get(row["source"], (row["first_us"], row["last_us"]))
                of[row["source"]] = min(first_us, row["first_us"]), max(last_us, row["last_us"])
        return cls(slices, trades, any(row["what"] == GAP for row in spans), sum(row["rows"] for row in spans))

    def scope(
        self, before: Mapping[Market, Counted], after: Mapping[Market, Counted], gaps: Sequence[GapSpan]
    ) -> Scope:
        """What to compute anew: the touched time, and what changes elsewhere because of it and of the batch's gaps.

        ``before``, ``after``: what is counted without the batch and with it; ``gaps``: open ones, and the batch's.
        """
        self._add_gaps(before, after, gaps)
        self._add_beginnings(before, after)
        return self.slices.scope()

    def _add_gaps(
        self, before: Mapping[Market, Counted], after: Mapping[Market, Counted], gaps: Sequence[GapSpan]
    ) -> None:
        was_us, now_us = newest_us(before), newest_us(after)
        for gap in gaps:
            market = Market(gap.exchange, gap.symbol)
            until_us = gap.to_us if gap.to_us is not None else max(gap.from_us, now_us or 0) + 1
            if gap.is_changed or (market in after and market not in before):
                self.slices.add(gap.symbol, gap.from_us, until_us)
            elif gap.to_us is None and was_us != now_us:
                # The gap goes on, and so did time: windows have ended in it since.
                self.slices.add(gap.symbol, max(gap.from_us, was_us or 0), until_us)

    def _add_beginnings(self, before: Mapping[Market, Counted], after: Mapping[Market, Counted]) -> None:
        """ALL asks for a market from its first trade on: where that is earlier now, the others' windows changed."""
        last_us: dict[str, dict[str, int]] = {}
        for market, counted in before.items():
            last_us.setdefault(market.symbol, {})[market.exchange] = counted.last_us
        for market, counted in after.items():
            known = before.get(market)
            if known is not None and known.first_us <= counted.first_us:
                continue
            there = last_us.get(market.symbol, {})
            until_us = max((last for other, last in there.items() if other != market.exchange), default=0) + 1
            if known is not None:
                until_us = min(until_us, known.first_us)
            if counted.first_us < until_us:
                self.slices.add(market.symbol, counted.first_us, until_us)
