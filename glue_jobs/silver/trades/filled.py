"""Gaps whose every id is in silver.trades: nothing of them is missing, whether or not a gap_closed record says so.

What is found hangs on what silver holds alone, never on the order in which it came: a ``filled`` row is there beside a
``closed`` one or without it, and a rebuild finds the same rows. An id counts as it is written (``17``, ``a:17``), from
the gap's market and source, and, where the gap has times, within an hour of them: what reads the trades is pruned by
that. A range of ids is counted and never listed, however wide it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any, Final, NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from tapehouse.market import MarketKey
from tapehouse.record import id_number
from tapehouse.tables import FILLED, OPENED, SILVER_GAPS


class GapKey(NamedTuple):
    """What names a gap."""

    exchange: str
    symbol: str
    source: str
    gap_id: str


AROUND_US: Final = 3_600_000_000
"""A missing trade is looked for within an hour of the gap's times."""
REASON: Final = "all its ids are in silver.trades"
_MOST_NAMED: Final = 12
"""Up to so many gaps the look-up names each; beyond, one condition serves all: it compiles faster."""
_MOST_DAYS: Final = 31
"""A gap up to so long is matched with trades by their day; there are few longer ones."""
_MARKS_DDL: Final = (
    "exchange STRING, symbol STRING, source STRING, number INT, first DECIMAL(38,0), last DECIMAL(38,0), "
    "prefix STRING, low_us BIGINT, high_us BIGINT, event_date DATE"
)
_MARKET: Final = MarketKey._fields
_LEAST_US, _MOST_US = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class IdGap:
    """A gap that lacks the ids from ``first`` to ``last``, both inclusive."""

    market: MarketKey
    gap_id: str
    from_id: str
    to_id: str
    from_us: int | None
    to_us: int | None
    arrival_us: int
    first: int
    last: int

    @classmethod
    def of(cls, row: Any) -> "IdGap | None":
        """An opened row of silver.gaps; None where its ids do not count."""
        first, last = id_number(row["from_id"] or ""), id_number(row["to_id"] or "")
        if not 0 <= first <= last or _prefix(row["from_id"]) != _prefix(row["to_id"]):
            return None
        market = MarketKey(row["exchange"], row["symbol"], row["source"])
        times = row["from_us"], row["to_us"], row["arrival_us"]
        return cls(market, row["gap_id"], row["from_id"], row["to_id"], *times, first, last)

    @property
    def key(self) -> GapKey:
        return GapKey(*self.market, self.gap_id)

    @property
    def size(self) -> int:
        """Ids that it lacks."""
        return self.last - self.first + 1

    @property
    def span(self) -> tuple[int, int]:
        """Where its trades are looked for, µs UTC, both inclusive."""
        low = _LEAST_US if self.from_us is None else self.from_us - AROUND_US
        return low, _MOST_US if self.to_us is None else self.to_us + AROUND_US

    @property
    def days(self) -> list[date]:
        """The days of ``span``; none where it is open, or too long to be named by days."""
        low, high = self.span
        if low == _LEAST_US or high == _MOST_US or high - low > _MOST_DAYS * 86_400_000_000:
            return []
        first, last = (datetime.fromtimestamp(instant // 1_000_000, UTC).date() for instant in (low, high))
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class IdsSeen:
    """The numeric ids of one market's feed in a batch."""

    first: int
    last: int
    trades: int


class FillWatch:
    """Which gaps a batch may have filled. Remembers what it read, so that a batch without such a gap costs nothing.

    What it remembers belongs to one turn of silver.gaps and one of silver.trades, and is forgotten with another.
    """

    def __init__(self) -> None:
        self._gaps_turn = -1
        self._trades_turn = -1
        self._unfilled: dict[MarketKey, list[IdGap]] = {}
        self._missing: dict[GapKey, int] = {}
        """At least so many trades must come before the gap can be whole: until then it is not counted again."""

    def knows(self, gaps_turn: int) -> bool:
        """Whether it has seen the unfilled gaps as of this turn of silver.gaps."""
        return gaps_turn == self._gaps_turn

    def learn(self, gaps_turn: int, unfilled: Iterable[IdGap]) -> None:
        """Take the unfilled gaps as of a turn of silver.gaps."""
        self._gaps_turn = gaps_turn
        self._unfilled = {}
        for gap in unfilled:
            self._unfilled.setdefault(gap.market, []).append(gap)

    def due(
        self, seen: Mapping[MarketKey, IdsSeen], opened: frozenset[GapKey], *, trades_turns: tuple[int, int]
    ) -> list[IdGap]:
        """The gaps to count now: those that opened with the batch, and those that its ids may have filled.

        ``seen``: ids of all the batch's trades, known ones too, so that a batch that runs again finds what it left.
        ``trades_turns``: the turn of silver.trades before and after the batch.
        """
        if trades_turns[0] != self._trades_turn:
            self._missing.clear()
        self._trades_turn = trades_turns[1]
        return [
            gap
            for market, gaps in self._unfilled.items()
            for gap in gaps
            if self._is_due(gap, seen.get(market), opened)
        ]

    def _is_due(self, gap: IdGap, ids: IdsSeen | None, opened: frozenset[GapKey]) -> bool:
        missing = self._missing.get(gap.key, 0)
        if ids is not None and ids.first <= gap.last and ids.last >= gap.first:
            self._missing[gap.key] = missing = missing - ids.trades
        elif gap.key not in opened:
            return False
        return missing <= 0

    def counted(self, gap: IdGap, there: int) -> bool:
        """Note how many of the gap's ids are there. True where none is missing."""
        if there >= gap.size:
            return True
        self._missing[gap.key] = gap.size - there
        return False

    def filled(self, gaps_turn: int, gaps: Sequence[IdGap]) -> None:
        """These gaps have their row now, written on this turn of silver.gaps."""
        keys = {gap.key for gap in gaps}
        self.learn(gaps_turn, [gap for known in self._unfilled.values() for gap in known if gap.key not in keys])


def unfilled(gaps: DataFrame) -> list[IdGap]:
    """The gaps of silver.gaps that have ids and no ``filled`` row. Closed ones too: see the module."""
    names = [*_MARKET, "gap_id"]
    opened = gaps.where((F.col("event") == OPENED) & F.col("from_id").isNotNull() & F.col("to_id").isNotNull())
    rows = opened.join(gaps.where(F.col("event") == FILLED).select(*names), on=names, how="left_anti")
    opened_rows = rows.select(
        *names, "from_id", "to_id", "from_us", "to_us", F.unix_micros("arrival_time").alias("arrival_us")
    )
    return [gap for row in opened_rows.collect() if (gap := IdGap.of(row)) is not None]


def count(trades: DataFrame, gaps: Sequence[IdGap]) -> dict[GapKey, tuple[int, int]]:
    """Of each gap that has any: how many of its ids are in ``trades`` (silver.trades), and the last arrival, µs UTC."""
    marks = list(_marks(gaps))
    frame = trades.sparkSession.createDataFrame(marks, _MARKS_DDL)
    near = trades.where(_near(gaps)).alias("t")
    found = [
        _matched(near, F.broadcast(frame.where(F.col("event_date").isNotNull() == dated)).alias("g"), dated)
        for dated in (True, False)
        if any((mark[-1] is not None) == dated for mark in marks)
    ]
    rows = reduce(DataFrame.unionByName, found).collect()
    return {gaps[row["number"]].key: (row["ids"], row["arrival_us"]) for row in rows}


def filled_rows(gaps: Iterable[IdGap], counts: Mapping[GapKey, tuple[int, int]]) -> list[tuple[Any, ...]]:
    """Rows of silver.gaps for gaps that are whole."""
    rows = []
    for gap in gaps:
        latest_us = max(gap.arrival_us, counts[gap.key][1])
        values = {
            **dict(zip(_MARKET, gap.market, strict=True)),
            **{name: getattr(gap, name) for name in ("gap_id", "from_id", "to_id", "from_us", "to_us")},
            "event": FILLED,
            "reason": REASON,
            "arrival_time": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=latest_us),
        }
        rows.append(tuple(values.get(name) for name in SILVER_GAPS.column_names))
    return rows


def _matched(trades: DataFrame, marks: DataFrame, dated: bool) -> DataFrame:
    names = (*_MARKET, "event_date") if dated else _MARKET
    within = [F.col(f"t.{name}") == F.col(f"g.{name}") for name in names]
    within += [
        F.col("t.trade_number").between(F.col("g.first"), F.col("g.last")),
        F.col("t.event_time_us").between(F.col("g.low_us"), F.col("g.high_us")),
        F.col("t.trade_id") == F.concat("g.prefix", F.col("t.trade_number").cast("string")),
    ]
    return (
        trades.join(marks, on=within)
        .groupBy("g.number")
        .agg(
            F.count_distinct("t.trade_number").alias("ids"),
            F.max(F.unix_micros("t.arrival_time")).alias("arrival_us"),
        )
    )


def _marks(gaps: Sequence[IdGap]) -> Iterator[tuple[Any, ...]]:
    for number, gap in enumerate(gaps):
        for day in gap.days or (None,):
            yield (*gap.market, number, Decimal(gap.first), Decimal(gap.last), _prefix(gap.from_id), *gap.span, day)


def _near(gaps: Sequence[IdGap]) -> Column:
    """True for what may be a trade of the gaps: what the files' statistics can tell without reading them."""
    if len(gaps) > _MOST_NAMED:
        low, high = min(gap.span[0] for gap in gaps), max(gap.span[1] for gap in gaps)
        return F.col("event_time_us").between(low, high)
    return reduce(
        lambda either, other: either | other,
        (
            (F.col("exchange") == gap.market.exchange)
            & (F.col("symbol") == gap.market.symbol)
            & F.col("event_time_us").between(*gap.span)
            & F.col("trade_number").between(Decimal(gap.first), Decimal(gap.last))
            for gap in gaps
        ),
    )


def _prefix(trade_id: str) -> str:
    """Ids of aggregates are written with one of their own."""
    return "a:" if trade_id.startswith("a:") else ""
