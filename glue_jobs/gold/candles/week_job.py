"""``week.week_candles`` as Spark runs it: one call a symbol and week, with what the driver knows handed along."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import ddl
from glue_jobs.gold.candles import week
from glue_jobs.gold.candles.completeness import GapSpan
from glue_jobs.gold.candles.scope import Scope
from glue_jobs.gold.candles.week import Counted, Span
from tapehouse import intervals
from tapehouse.intervals import WEEK_US
from tapehouse.market import Market
from tapehouse.tables import EVERYWHERE

WEEK_DDL: Final = ddl(week.ROW_COLUMNS)
"""The rows of ``WeekJob.run``."""


class SpanRow(NamedTuple):
    """Part of one market's time, [from_us, to_us), µs UTC."""

    exchange: str
    symbol: str
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class WeekJob:
    """``week.week_candles`` with what the driver knows: what each task of a rewriting is handed, by symbol."""

    markets: Mapping[str, Mapping[str, Counted]]
    """symbol → exchange → what is counted"""
    covered: Mapping[str, Sequence[Span]]
    gaps: Mapping[str, Sequence[Span]]
    """Open ones."""
    now_us: int | None
    """The newest trade of all that are counted."""
    buckets: Mapping[str, frozenset[int]] | None

    @classmethod
    def of(
        cls, markets: Mapping[Market, Counted], scope: Scope, covered: Sequence[SpanRow], gaps: Sequence[GapSpan]
    ) -> "WeekJob":
        by_symbol: dict[str, dict[str, Counted]] = {}
        for (exchange, symbol), counted in markets.items():
            by_symbol.setdefault(symbol, {})[exchange] = counted
        return cls(by_symbol, _by_symbol(covered), _by_symbol(gaps), newest_us(markets), scope.buckets())

    def run(self, key: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
        symbol, week_us = (part.as_py() for part in key)
        fresh = rows.column("fresh")
        parts = rows.select(week.PARTS.names).cast(week.PARTS)
        made = week.week_candles(
            week_us,
            parts.filter(fresh),
            parts.filter(pc.invert(fresh)),
            covered=self.covered.get(symbol, ()),
            gaps=(*self.gaps.get(symbol, ()), *self.gaps.get(EVERYWHERE, ())),
            markets=self.markets.get(symbol, {}),
            now_us=self.now_us,
            buckets=self.buckets,
        )
        return made.add_column(0, "symbol", pa.array([symbol] * made.num_rows, pa.string()))

    def silent_weeks(self) -> list[tuple[str, int]]:
        """Symbols and weeks that open gaps lie in: they have rows even where nothing traded."""
        return sorted(
            {
                (symbol, start_us)
                for symbol, gaps in self.gaps.items()
                for gap in gaps
                if symbol != EVERYWHERE
                for start_us in range(
                    intervals.floor_us(gap.from_us, WEEK_US),
                    (self.now_us or 0) if gap.to_us is None else gap.to_us,
                    WEEK_US,
                )
            }
        )


def newest_us(markets: Mapping[Market, Counted]) -> int | None:
    """The newest trade of all that are counted; None without any."""
    return max((counted.last_us for counted in markets.values()), default=None)


def _by_symbol(rows: Iterable[SpanRow | GapSpan]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for row in rows:
        found.setdefault(row.symbol, []).append(Span(row.exchange, row.from_us, row.to_us))
    return found
