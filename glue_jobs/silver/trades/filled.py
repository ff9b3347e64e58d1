"""Gaps whose every id is in silver.trades: nothing of them is missing, whether or not a gap_closed record says so.

What is found hangs on what silver holds alone, never on the order in which it came: a ``filled`` row is there beside a
``closed`` one or without it, and a rebuild finds the same rows. An id counts as it is written (``17``, ``a:17``), from
the gap's market and source, and, where the gap has times, within an hour of them: what reads the trades is pruned by
that. A range of ids is counted and never listed, however wide it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, TableState, Workspace, read_files, schema_of
from glue_jobs.engine.cache import MOST_FILE_BYTES
from tapehouse.intervals import instant_of
from tapehouse.market import MarketKey
from tapehouse.record import id_number
from tapehouse.tables import FILLED, OPENED, SILVER_GAPS, SILVER_TRADES


class GapKey(NamedTuple):
    """What names a gap."""

    exchange: str
    symbol: str
    source: str
    gap_id: str


AROUND_US: Final = 3_600_000_000
"""A missing trade is looked for within an hour of the gap's times."""
REASON: Final = "all its ids are in silver.trades"
_MARKET: Final = MarketKey._fields
_GAP_COLUMNS: Final = (*GapKey._fields, "event", "from_id", "to_id", "from_us", "to_us", "arrival_time")
_COUNTED: Final = (*_MARKET, "event_time_us", "trade_id", "trade_number", "arrival_time")
_NUMBER: Final = schema_of(SILVER_TRADES).field("trade_number").type
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


@dataclass(frozen=True, slots=True)
class IdsSeen:
    """The numeric ids of one market's feed in a batch."""

    first: int
    last: int
    trades: int


def ids_seen(trades: pa.Table, symbols: Collection[str]) -> dict[MarketKey, IdsSeen]:
    """The numeric ids of a batch's trades of these symbols, by market and source."""
    if not symbols:
        return {}
    counted = trades.select([*_MARKET, "trade_number"]).filter(
        pc.field("symbol").isin(list(symbols)) & (pc.field("trade_number") >= pa.scalar(0, _NUMBER))
    )
    found = counted.group_by(list(_MARKET)).aggregate([("trade_number", how) for how in ("min", "max", "count")])
    return {
        MarketKey(*(row[name] for name in _MARKET)): IdsSeen(
            int(row["trade_number_min"]), int(row["trade_number_max"]), row["trade_number_count"]
        )
        for row in found.to_pylist()
    }


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

    @property
    def symbols(self) -> frozenset[str]:
        """Those in which a gap is not filled."""
        return frozenset(market.symbol for market in self._unfilled)

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


class Unfilled:
    """The gaps of silver.gaps that have ids and no ``filled`` row. Closed ones too: see the module.

    The table only grows: a look at it reads what was added since the last one.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._paths: frozenset[str] = frozenset()
        self._gaps: dict[GapKey, IdGap] = {}

    def at(self, state: TableState) -> list[IdGap]:
        """Those of a state of the table."""
        paths = frozenset(file.path for file in state.files)
        if not self._paths <= paths:  # compacted, or made anew
            self._paths, self._gaps = frozenset(), {}
        new = [file for file in state.files if file.path not in self._paths]
        if new:
            rows = self._ws.rows(SILVER_GAPS, new, _GAP_COLUMNS)
            self._gaps |= {gap.key: gap for gap in id_gaps(rows)}
            for key in _keys(rows.filter(pc.field("event") == FILLED)):
                self._gaps.pop(key, None)
        self._paths = paths
        return list(self._gaps.values())


def id_gaps(rows: pa.Table) -> list[IdGap]:
    """The gaps that opened rows of silver.gaps tell with ids."""
    opened = rows.filter((pc.field("event") == OPENED) & pc.field("from_id").is_valid() & pc.field("to_id").is_valid())
    arrivals = opened.column("arrival_time").cast(pa.int64())
    told = opened.append_column("arrival_us", arrivals).drop_columns(["arrival_time"]).to_pylist()
    return [gap for row in told if (gap := IdGap.of(row)) is not None]


def _keys(rows: pa.Table) -> list[GapKey]:
    return [GapKey(**row) for row in rows.select(GapKey._fields).to_pylist()]


def count(workspace: Workspace, files: Sequence[DataFile], gap: IdGap) -> tuple[int, int]:
    """How many of the gap's ids are in files of silver.trades, and the last arrival of them, µs UTC (0 of none).

    Where the files have fewer rows than the gap has ids, they are not read: the rows are more than the ids at least.
    """
    met = [file for file in files if _may_hold(file, gap)]
    rows = sum(file.rows if file.rows is not None else gap.size for file in met)
    if rows < gap.size:
        return rows, 0
    numbers: list[pa.Array] = []
    arrival_us = 0
    for file in met:
        if file.size <= MOST_FILE_BYTES:  # kept, since an outage leaves a gap in each of many markets
            found = workspace.rows(SILVER_TRADES, [file], _COUNTED).filter(_is_of(gap))
        else:
            found = read_files(workspace.uri(SILVER_TRADES), SILVER_TRADES, [file], _COUNTED, _is_of(gap))
        texts = pc.binary_join_element_wise(_prefix(gap.from_id), found.column("trade_number").cast(pa.string()), "")
        found = found.filter(pc.equal(texts, found.column("trade_id")))
        if found.num_rows:
            numbers.append(pc.unique(found.column("trade_number")))
            arrival_us = max(arrival_us, pc.max(found.column("arrival_time")).cast(pa.int64()).as_py())
    return (len(pc.unique(pa.chunked_array(numbers))) if numbers else 0), arrival_us


def _may_hold(file: DataFile, gap: IdGap) -> bool:
    market, (low, high) = gap.market, gap.span
    return (
        file.may_hold("exchange", market.exchange, market.exchange)
        and file.may_hold("symbol", market.symbol, market.symbol)
        and file.may_hold("source", market.source, market.source)
        and file.may_hold("event_time_us", low, high)
        and file.may_hold("trade_number", Decimal(gap.first), Decimal(gap.last))
    )


def _is_of(gap: IdGap) -> pc.Expression:
    low, high = gap.span
    found = (pc.field("event_time_us") >= low) & (pc.field("event_time_us") <= high)
    for name, value in zip(_MARKET, gap.market, strict=True):
        found = found & (pc.field(name) == value)
    first, last = (pa.scalar(Decimal(number), _NUMBER) for number in (gap.first, gap.last))
    return found & (pc.field("trade_number") >= first) & (pc.field("trade_number") <= last)


def filled_rows(gaps: Iterable[IdGap], arrivals: Mapping[GapKey, int]) -> pa.Table:
    """Rows of silver.gaps for gaps that are whole. ``arrivals``: the last arrival of each one's trades, µs UTC."""
    rows = []
    for gap in gaps:
        latest_us = max(gap.arrival_us, arrivals[gap.key])
        values = {
            **gap.market._asdict(),
            **{name: getattr(gap, name) for name in ("gap_id", "from_id", "to_id", "from_us", "to_us")},
            "event": FILLED,
            "reason": REASON,
            "arrival_time": instant_of(latest_us),
        }
        rows.append({name: values.get(name) for name in SILVER_GAPS.column_names})
    return pa.Table.from_pylist(rows, schema=schema_of(SILVER_GAPS))


def _prefix(trade_id: str) -> str:
    """Ids of aggregates are written with one of their own."""
    return "a:" if trade_id.startswith("a:") else ""
