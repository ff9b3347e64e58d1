"""Which source gold counts of a market: one, or volumes would double where a vendor relays a venue's trades."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.gold.candles.completeness import SOURCE_KEY
from glue_jobs.gold.candles.week import Counted
from tapehouse.market import Market


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """The setting's source for an exchange, else the venue's own feed, else its aggregated one, else the first name."""

    preferred: Mapping[str, str] = field(default_factory=dict)
    """Exchange → source."""

    def rank(self, exchange: str, source: str) -> tuple[int, str]:
        """The least is counted."""
        own = [self.preferred.get(exchange), exchange, f"{exchange}-agg"]
        return (own.index(source) if source in own else len(own), source)

    def choose(
        self, before: Mapping[Market, Counted], seen: Mapping[Market, Mapping[str, tuple[int, int]]]
    ) -> dict[Market, Counted]:
        """What is counted of each market, of those that were (``before``) and those that are ``seen``.

        ``seen``: market → source → first and last event time, µs UTC.
        """
        after = dict(before)
        for market, spans in seen.items():
            known = before.get(market)
            names = {*spans, *({known.source} if known else ())}
            source = min(names, key=lambda name: self.rank(market.exchange, name))
            ends = [*spans.get(source, ()), *((known.first_us, known.last_us) if known else ())]
            after[market] = Counted(source, min(ends), max(ends))
        return after


def counted_in(candles: DataFrame) -> dict[Market, Counted]:
    """What gold.candles counts of each market now: by its weeks, the fewest rows."""
    weeks = candles.where((F.col("interval") == "1w") & (F.col("trade_count") > 0))
    rows = (
        weeks.where(F.col("source").isNotNull())
        .groupBy(*SOURCE_KEY)
        .agg(F.min("open_time_us").alias("first"), F.max("close_time_us").alias("last"))
        .collect()
    )
    return {Market(row["exchange"], row["symbol"]): Counted(row["source"], row["first"], row["last"]) for row in rows}


def spans_of(trades: DataFrame) -> dict[Market, dict[str, tuple[int, int]]]:
    """Market → source → first and last event time (µs UTC) of silver.trades."""
    rows = (
        trades.groupBy(*SOURCE_KEY)
        .agg(F.min("event_time_us").alias("first"), F.max("event_time_us").alias("last"))
        .collect()
    )
    spans: dict[Market, dict[str, tuple[int, int]]] = {}
    for row in rows:
        spans.setdefault(Market(row["exchange"], row["symbol"]), {})[row["source"]] = row["first"], row["last"]
    return spans
