"""The hourly closes of held markets, read from gold.candles: only files that may hold them, each once a process."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, Ints, TableState, Workspace, instant_us, ints_of
from glue_jobs.gold.portfolio.decimals import Wholes, wholes_of
from tapehouse.intervals import HOUR_US
from tapehouse.market import Market
from tapehouse.tables import GOLD_CANDLES

_INTERVAL: Final = "1h"
_COLUMNS: Final = ("exchange", "symbol", "window_start", "close", "close_time_us")
_MOST_KEPT: Final = 500_000
"""Rows of held markets that are kept in memory, 60 bytes each."""
_AHEAD_US: Final = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Closes:
    """The closes of one market, one an hour in which it traded, ascending."""

    hours: Ints
    """Start of each, µs UTC."""
    prices: Wholes
    """In parts of 10^-12."""
    times: Ints
    """Of the trades that made them, µs UTC."""

    def at(self, hours: Ints) -> Ints:
        """The row of the newest close up to each hour's end; -1 where there is none."""
        return np.searchsorted(self.hours, hours, side="right") - 1

    def price(self, hour: int) -> int | None:
        """The newest price up to an hour's end."""
        row = int(np.searchsorted(self.hours, hour, side="right")) - 1
        return int(self.prices[row]) if row >= 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """What one file holds of the held markets."""

    market: Ints
    """By its place among the markets."""
    hour: Ints
    price: Wholes
    time: Ints

    def __len__(self) -> int:
        """Its rows, and what it takes beside them: most files have none."""
        return len(self.hour) + 16

    def where(self, is_kept: npt.NDArray[np.bool_]) -> "_Rows":
        return _Rows(self.market[is_kept], self.hour[is_kept], self.price[is_kept], self.time[is_kept])


class Prices:
    """Looks closes up. What it keeps of files, which never change, saves work and decides nothing."""

    def __init__(self, workspace: Workspace, markets: Sequence[Market]) -> None:
        """``markets``: those that are held, in order."""
        self._ws = workspace
        self.markets = tuple(markets)
        self._number = {market: number for number, market in enumerate(self.markets)}
        self._symbols = sorted({market.symbol for market in self.markets})
        self._kept: dict[str, _Rows] = {}
        self._rows = 0

    def closes(self, candles: TableState, since: Mapping[Market, int], until: int) -> dict[Market, Closes]:
        """The closes of markets from the newest one up to the hour ``since`` on, of hours before ``until``, µs UTC.

        A market that did not trade for long is looked for further back, newest files first, until it is found.
        """
        if not since:
            return {}
        wanted = np.full(len(self.markets), _AHEAD_US, np.int64)
        for market, hour in since.items():
            wanted[self._number[market]] = hour
        is_wanted = wanted < _AHEAD_US
        # Of the newest close up to its hour, how far back each market is found; markets that nobody asks for are found.
        found = np.where(is_wanted, np.iinfo(np.int64).min, _AHEAD_US)
        parts = []
        for newest, file in self._files(candles, until):
            if newest < np.min(wanted) and newest <= np.min(found):
                break
            held = self._of_file(file)
            held = held.where(is_wanted[held.market] & (held.hour < until))
            is_before = held.hour <= wanted[held.market]
            np.maximum.at(found, held.market[is_before], held.hour[is_before])
            parts.append(held)
        return dict(self._by_market(parts, since, np.minimum(found, wanted)))

    def changed(self, added: Sequence[DataFile], removed: Sequence[DataFile]) -> dict[Market, int]:
        """Market → the earliest hour whose close is not in the removed files just as it is in the added ones.

        Raises:
            FileNotFoundError: a removed file is gone from the disk.
        """
        # What came and went again is neither: its rows may have come to stay in another file.
        passing = {each.path for each in added} & {each.path for each in removed}
        came = self._values([each for each in added if each.path not in passing and self._may_hold(each)])
        went = self._values([each for each in removed if each.path not in passing])
        found: dict[Market, int] = {}
        for number, hour, *_ in came ^ went:
            market = self.markets[number]
            found[market] = min(hour, found.get(market, hour))
        return found

    def _values(self, files: Sequence[DataFile]) -> set[tuple[int, int, int, int]]:
        return {
            value
            for held in map(self._of_file, files)
            for value in zip(
                held.market.tolist(), held.hour.tolist(), held.price.tolist(), held.time.tolist(), strict=True
            )
        }

    def _files(self, candles: TableState, until: int) -> Iterator[tuple[int, DataFile]]:
        """(the newest hour that it may hold, file), newest first, of files that may hold an hour before ``until``."""
        found = []
        for file in candles.files:
            low, high = file.low.get("window_start"), file.high.get("window_start")
            if self._may_hold(file) and (not isinstance(low, str) or instant_us(low) < until):
                found.append((instant_us(high) + 1000 if isinstance(high, str) else _AHEAD_US, file.path, file))
        found.sort(key=lambda each: each[:2], reverse=True)
        return ((newest, file) for newest, _, file in found)

    def _may_hold(self, file: DataFile) -> bool:
        """Whether the statistics leave it open that the file has hours of a held market."""
        if not file.may_hold("interval", _INTERVAL, _INTERVAL):
            return False
        low, high = file.low.get("symbol", ""), file.high.get("symbol", "\U0010ffff")
        at = bisect_left(self._symbols, low)
        return at < len(self._symbols) and self._symbols[at] <= high

    def _of_file(self, file: DataFile) -> _Rows:
        kept = self._kept.get(file.path)
        if kept is None:
            kept = self._read(file)
            while self._kept and self._rows + len(kept) > _MOST_KEPT:
                self._rows -= len(self._kept.pop(next(iter(self._kept))))
            self._kept[file.path] = kept
            self._rows += len(kept)
        return kept

    def _read(self, file: DataFile) -> _Rows:
        where = (pc.field("interval") == _INTERVAL) & pc.field("symbol").isin(self._symbols)
        rows = self._ws.rows(GOLD_CANDLES, [file], _COLUMNS, where & pc.field("close").is_valid())
        names = zip(rows.column("exchange").to_pylist(), rows.column("symbol").to_pylist(), strict=True)
        market = np.array([self._number.get(Market(*each), -1) for each in names], np.int64)
        hour, time = ints_of(rows.column("window_start")), ints_of(rows.column("close_time_us"))
        return _Rows(market, hour, wholes_of(rows.column("close")), time).where(market >= 0)

    def _by_market(
        self, parts: Sequence[_Rows], since: Mapping[Market, int], least: Ints
    ) -> Iterator[tuple[Market, Closes]]:
        """``least``: of each market the first hour that is of interest."""
        market, hour, time = (
            np.concatenate([np.empty(0, np.int64), *(getattr(each, name) for each in parts)])
            for name in ("market", "hour", "time")
        )
        price = np.concatenate([np.empty(0, object), *(each.price for each in parts)])
        order = np.lexsort((hour, market))
        order = order[hour[order] >= least[market[order]]]
        market, hour, price, time = market[order], hour[order], price[order], time[order]
        for each in since:
            number = self._number[each]
            at = slice(*np.searchsorted(market, [number, number + 1]))
            yield each, Closes(hour[at], price[at], time[at])


def newest_hour(candles: TableState) -> int | None:
    """Start of the newest hour that any row of the candles lies in, by the log's statistics alone; None without any.

    No clock is asked: an hour is there when something traded in it, at whatever market.
    """
    highs = [each.high.get("window_start") for each in candles.files]
    newest = max((each for each in highs if isinstance(each, str)), default=None)
    return None if newest is None else instant_us(newest) // HOUR_US * HOUR_US
