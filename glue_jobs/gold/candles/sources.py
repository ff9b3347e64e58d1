"""Which source gold counts of a market: one, or volumes would double where a vendor relays a venue's trades."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tapehouse.market import Market, MarketKey


@dataclass(frozen=True, slots=True)
class Counted:
    """What gold counts of one market."""

    source: str
    first_us: int
    """Its first trade, µs UTC."""
    last_us: int

    def joined(self, other: "Counted | None") -> "Counted":
        """With the time of another of the same source: another one's trades do not count any more."""
        if other is None or other.source != self.source:
            return self
        return Counted(self.source, min(self.first_us, other.first_us), max(self.last_us, other.last_us))


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
            after[market] = Counted(source, *spans[source]).joined(known) if source in spans else before[market]
        return after


def counted_in(weeks: pa.Table) -> dict[Market, Counted]:
    """What gold counts of each market, by its weeks: rows of gold.candles of interval 1w, the fewest."""
    traded = weeks.filter(pc.and_(pc.greater(weeks.column("trade_count"), 0), pc.is_valid(weeks.column("source"))))
    found: dict[Market, dict[str, Counted]] = {}
    columns = (traded.column(name).to_pylist() for name in (*MarketKey._fields, "open_time_us", "close_time_us"))
    for exchange, symbol, source, first_us, last_us in zip(*columns, strict=True):
        market, week = Market(exchange, symbol), Counted(source, first_us, last_us)
        of = found.setdefault(market, {})
        of[source] = week.joined(of.get(source))
    # While a change of source is under way, the newest week has the new one.
    return {market: max(of.values(), key=lambda each: each.last_us) for market, of in found.items()}
