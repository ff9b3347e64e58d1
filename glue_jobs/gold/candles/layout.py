"""How the rows of gold.candles lie in files, so that what is written is near what changed.

Rows that still change (their window goes on, or ended just now and is not complete) are in *hot* files, of which a
refresh rewrites those of its symbols. What has settled moves on into a file of tier 0 a refresh; eight runs of one tier
become one of the next, sorted by interval, symbol and time and cut into files of ``FULL_ROWS``. So a row is written
again once a tier, and a file covers few symbols over a long time where there are many rows, and everything where there
are few. A late row rewrites the files that hold its windows, and no others.

A file's tier and run stand in its name, only to choose what to merge: any file may hold any rows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, Rewrite, TableState, Workspace, schema_of, write_file
from glue_jobs.gold.candles.codes import Flags, Ints, numbered
from glue_jobs.gold.candles.recompute import SHORT, Outcome
from glue_jobs.gold.candles.zones import Zone, Zones
from tapehouse.intervals import BY_NAME, INTERVALS, MINUTE_US, SECOND_US
from tapehouse.tables import GOLD_CANDLES

FULL_ROWS: Final = 16_384
"""Of a file that is not cut further: what a late row rewrites of each interval at most."""
HOT_ROWS: Final = 8_192
SETTLED_AFTER_US: Final = MINUTE_US
"""A window that ended so long before the newest trade is settled, though it is not complete."""
RUNS: Final = 8
"""Of one tier that become one of the next."""
_TOP: Final = 6
"""Files above this tier stay as they are."""
MERGE_ROWS: Final = 250_000
"""Of one commit that merges, but for one file of each run."""
_MOST_HOT: Final = 24
_STATISTICS: Final = ("exchange", "symbol", "interval", "window_start")
"""What files are chosen by; the log holds no bounds of other columns."""
_RANK: Final = {each.name: number for number, each in enumerate(INTERVALS)}
_NAMED: Final = re.compile(r"(?:.*/)?(hot|t\d|cold)-(\d+)-")


class Place(NamedTuple):
    """Where a file belongs."""

    tier: int
    """-1 is hot; above ``_TOP`` it stays as it is."""
    run: int
    """The turn of the commit that first wrote its rows."""

    @classmethod
    def of(cls, file: DataFile) -> "Place":
        named = _NAMED.match(file.path)
        if named is None:
            return cls(_TOP + 1, 0)
        kind, run = named[1], int(named[2])
        return cls(-1 if kind == "hot" else _TOP + 1 if kind == "cold" else int(kind[1:]), run)

    @property
    def prefix(self) -> str:
        kind = "hot" if self.tier < 0 else "cold" if self.tier > _TOP else f"t{self.tier}"
        return f"{kind}-{self.run}-"


@dataclass(frozen=True, slots=True)
class Layout:
    """Writes rows into files where they belong."""

    workspace: Workspace
    zones: Zones

    def put(self, base: TableState, outcome: Outcome, newest_us: int | None) -> Rewrite:
        """Write what changed, and the rest of the files that held it. ``newest_us``: the newest trade that counts."""
        remove = [each for each in base.files if each.path in outcome.rest]
        run = base.turn + 1
        is_hot = _is_hot(outcome.changed, newest_us)
        hot, settled = [outcome.changed.filter(pa.array(is_hot))], outcome.changed.filter(pa.array(~is_hot))
        others: list[pa.Table] = []
        left: list[pa.Table] = []
        filed: dict[Place, list[pa.Table]] = {}
        mine = pa.array(outcome.changed.column("symbol").unique().to_pylist(), pa.string())
        for file in remove:
            place, rows = Place.of(file), outcome.rest[file.path]
            if place.tier < 0:
                stays = _is_hot(rows, newest_us)
                left.append(rows.filter(pa.array(~stays)))
                still = rows.filter(pa.array(stays))
                is_mine = pc.is_in(still.column("symbol"), value_set=mine)
                hot.append(still.filter(is_mine))
                # What nothing touched is not written beside what is touched: the next refresh leaves it alone.
                others.append(still.filter(pc.invert(is_mine)))
                continue
            at_home = _lies_in(settled, self.zones.of(file)) if settled.num_rows else np.empty(0, np.bool_)
            filed.setdefault(place, []).extend([rows, settled.filter(pa.array(at_home))])
            settled = settled.filter(pa.array(~at_home))
        left.append(settled)
        homeless = pa.concat_tables(left)
        place = Place(_TOP + 1 if homeless.num_rows > FULL_ROWS // 4 and settled.num_rows else 0, run)
        filed.setdefault(place, []).append(homeless)
        add = [file for rows in (hot, others) for file in self._write(rows, Place(-1, run), HOT_ROWS)]
        for place, tables in filed.items():
            add += self._write(tables, place, FULL_ROWS)
        return Rewrite(add, remove)

    def merge(self, base: TableState, newest_us: int | None) -> Rewrite | None:
        """One merge that is due; None where there is none."""
        tiers: dict[int, dict[int, list[DataFile]]] = {}
        for file in base.files:
            place = Place.of(file)
            if place.tier <= _TOP:
                tiers.setdefault(place.tier, {}).setdefault(place.run, []).append(file)
        hot = [each for files in tiers.pop(-1, {}).values() for each in files if (each.rows or 0) < HOT_ROWS // 2]
        if len(hot) > _MOST_HOT and newest_us is not None:
            return self._cooled(base, hot, newest_us)
        for tier, runs in sorted(tiers.items()):
            if len(runs) >= RUNS:
                oldest = sorted(runs)[:RUNS]
                files = self._slice([each for run in oldest for each in runs[run]])
                rows = [self.workspace.rows(GOLD_CANDLES, [each]) for each in files]
                return Rewrite(self._write(rows, Place(tier + 1, oldest[0]), FULL_ROWS), files)
        return None

    def drop(self, base: TableState, short_from_us: int) -> Rewrite | None:
        """Files without the rows of less than a minute that begin before; None where there are no such rows."""
        add: list[DataFile] = []
        remove: list[DataFile] = []
        rows = 0
        for file in base.files:
            if rows > MERGE_ROWS:
                break
            if not self._is_old(self.zones.of(file), short_from_us):
                continue
            held = self.workspace.rows(GOLD_CANDLES, [file])
            self.zones.learn(file, held)
            if not self._is_old(self.zones.of(file), short_from_us):
                continue
            rows += held.num_rows
            remove.append(file)
            starts = pc.less(held.column("window_start").cast(pa.int64()), short_from_us)
            is_out = pc.and_(pc.is_in(held.column("interval"), value_set=pa.array(SHORT)), starts)
            add += self._write([held.filter(pc.invert(is_out))], Place.of(file), FULL_ROWS)
        return Rewrite(add, remove) if remove else None

    @staticmethod
    def _is_old(zone: Zone, short_from_us: int) -> bool:
        return any(name in zone.starts and zone.starts[name][0] * SECOND_US < short_from_us for name in SHORT)

    def _cooled(self, base: TableState, files: Sequence[DataFile], newest_us: int) -> Rewrite:
        """Small hot files of symbols that are quiet as fewer ones, without what has settled."""
        rows = pa.concat_tables([self.workspace.rows(GOLD_CANDLES, [each]) for each in files])
        stays = _is_hot(rows, newest_us)
        run = base.turn
        add = self._write([rows.filter(pa.array(stays))], Place(-1, run), HOT_ROWS)
        return Rewrite([*add, *self._write([rows.filter(pa.array(~stays))], Place(0, run), FULL_ROWS)], list(files))

    def _slice(self, files: Sequence[DataFile]) -> list[DataFile]:
        """As many of the files as one commit may merge, of the shortest intervals and the first symbols."""

        def order(file: DataFile) -> tuple[int, str]:
            zone = self.zones.of(file)
            return min(_RANK[name] for name in zone.starts), zone.symbols[0]

        taken: list[DataFile] = []
        rows = 0
        for file in sorted(files, key=order):
            if len(taken) > RUNS and rows + (file.rows or 0) > MERGE_ROWS:
                break
            taken.append(file)
            rows += file.rows or 0
        return taken

    def _write(self, tables: Iterable[pa.Table], place: Place, most: int) -> list[DataFile]:
        rows = pa.concat_tables([schema_of(GOLD_CANDLES).empty_table(), *tables])
        found = []
        for piece in pieces(rows, most, by_symbol=place.tier < 0):
            one_symbol = pc.min_max(piece.column("symbol"))
            is_done = piece.num_rows > most // 2 and one_symbol["min"] == one_symbol["max"] and place.tier >= 0
            prefix = (Place(_TOP + 1, place.run) if is_done else place).prefix
            file = self.workspace.stage(GOLD_CANDLES, piece, prefix=prefix, bounds=_STATISTICS, keep=True)
            self.zones.learn(file, piece)
            found.append(file)
        return found


def write_cold(uri: str, rows: pa.Table, run: int) -> list[DataFile]:
    """Write settled rows as files that stay as they are. For tasks of Spark: there is no workspace in them."""
    prefix = Place(_TOP + 1, run).prefix
    return [
        write_file(uri, GOLD_CANDLES, piece, prefix=prefix, bounds=_STATISTICS) for piece in pieces(rows, FULL_ROWS)
    ]


def pieces(rows: pa.Table, most: int, *, by_symbol: bool = False) -> list[pa.Table]:
    """The rows in the order of interval (``by_symbol``: symbol) and time, in pieces of at most ``most``.

    They are cut where an interval or a market ends, where that leaves no piece less than half full.
    """
    if not rows.num_rows:
        return []
    market = _ranked(rows.column("symbol")) * _count(rows.column("exchange")) + _ranked(rows.column("exchange"))
    interval = _by_value(rows.column("interval"), _RANK)
    starts = rows.column("window_start").cast(pa.int64()).to_numpy()
    order = np.lexsort((starts, interval, market) if by_symbol else (starts, market, interval))
    rows, market, interval = rows.take(pa.array(order)), market[order], interval[order]
    new_interval = np.flatnonzero(np.diff(interval)) + 1
    new_market = np.flatnonzero(np.diff(market)) + 1
    found, first = [], 0
    while first < rows.num_rows:
        last = min(first + most, rows.num_rows)
        if last < rows.num_rows:
            for edges in (new_market, new_interval) if by_symbol else (new_interval, new_market):
                at = int(np.searchsorted(edges, last, side="right")) - 1
                if at >= 0 and edges[at] >= first + most // 2:
                    last = int(edges[at])
                    break
        found.append(rows.slice(first, last - first))
        first = last
    return found


def _is_hot(rows: pa.Table, newest_us: int | None) -> Flags:
    """Whether each window may still change: it goes on, or ended just now and is not complete."""
    if not rows.num_rows or newest_us is None:
        return np.zeros(rows.num_rows, np.bool_)
    ends = rows.column("window_end").cast(pa.int64()).to_numpy()
    complete = rows.column("complete").to_numpy()
    found: Flags = ends > np.where(complete, newest_us, newest_us - SETTLED_AFTER_US)
    return found


def _lies_in(rows: pa.Table, zone: Zone) -> Flags:
    """Whether each row lies between those of a file."""
    symbol = rows.column("symbol")
    is_within = pc.and_(pc.greater_equal(symbol, zone.symbols[0]), pc.less_equal(symbol, zone.symbols[1]))
    inside: Flags = is_within.to_numpy()
    seconds = rows.column("window_start").cast(pa.int64()).to_numpy() // SECOND_US
    nowhere = (1, 0)
    first = _by_value(rows.column("interval"), {name: zone.starts.get(name, nowhere)[0] for name in BY_NAME})
    last = _by_value(rows.column("interval"), {name: zone.starts.get(name, nowhere)[1] for name in BY_NAME})
    inside &= (seconds >= first) & (seconds <= last)
    return inside


def _ranked(column: pa.ChunkedArray) -> Ints:
    """Each text's place in their order."""
    codes, values = numbered(column)
    rank = np.empty(len(values), np.int64)
    rank[sorted(range(len(values)), key=values.__getitem__)] = np.arange(len(values))
    return rank[codes]


def _count(column: pa.ChunkedArray) -> int:
    return len(column.unique())


def _by_value(column: pa.ChunkedArray, of: Mapping[str, int]) -> Ints:
    codes, values = numbered(column)
    return np.array([of[value] for value in values], np.int64)[codes]
