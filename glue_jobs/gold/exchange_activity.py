"""gold.exchange_activity from silver.trades: each trade that counts is added once, whenever it arrives.

Which source of a market counts is kept with the sums. Where another one turns out to, what was added of the first
cannot be told from the rest of its exchange, and all is counted anew; that is once a market, when its venue's own feed
joins a vendor's. A trade that comes for a time before silver's floor is not added: it may be one that was, and is kept
no longer.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import CountAnewError, Counts, DataFile, SumsJob, SumsTable, Workspace, read_once, units_of
from glue_jobs.gold.candles import SourceChoice, of_sources
from tapehouse.intervals import HOUR_US
from tapehouse.market import Market
from tapehouse.tables import GOLD_EXCHANGE_ACTIVITY, NO_SIDE, SILVER_TRADES, Table

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {GOLD_EXCHANGE_ACTIVITY: (SILVER_TRADES,)}
_COLUMNS: Final = ("exchange", "symbol", "source", "quote", "side", "event_time_us", "quote_size")
_KEY: Final = ("hour", "exchange", "quote", "side")
_FEED: Final = ("exchange", "symbol", "source")
_COUNTED: Final = "counted"


class ExchangeActivityJob(SumsJob):
    """Adds the trades of a batch to the rows of their hours."""

    def __init__(self, workspace: Workspace, *, choice: SourceChoice = SourceChoice()) -> None:  # noqa: B008 - frozen
        super().__init__(workspace, [_Sums(workspace, choice)])


class _Sums(SumsTable):
    """Of the one source of each market that counts."""

    def __init__(self, workspace: Workspace, choice: SourceChoice) -> None:
        super().__init__(workspace, GOLD_EXCHANGE_ACTIVITY, {SILVER_TRADES: self._counts})
        self._choice = choice
        self._sources: dict[Market, str] = {}
        """What counts in the files at hand."""

    def _noted(self, metadata: Mapping[str, Any], files: Sequence[DataFile]) -> dict[str, Any]:
        known = {
            Market(exchange, symbol): source
            for exchange, of in (metadata.get(_COUNTED) or {}).items()
            for source, symbols in of.items()
            for symbol in symbols
        }
        seen = {market: {source} for market, source in known.items()}
        for file in files:
            feeds = read_once(self._ws, SILVER_TRADES, file, _FEED).group_by(list(_FEED)).aggregate([])
            for exchange, symbol, source in zip(*(column.to_pylist() for column in feeds.columns), strict=True):
                seen.setdefault(Market(exchange, symbol), set()).add(source)
        self._sources = {
            market: min(names, key=lambda name: self._choice.rank(market.exchange, name))
            for market, names in seen.items()
        }
        if any(self._sources[market] != source for market, source in known.items()):
            raise CountAnewError
        told: dict[str, dict[str, list[str]]] = {}
        for market, source in sorted(self._sources.items()):
            told.setdefault(market.exchange, {}).setdefault(source, []).append(market.symbol)
        return {_COUNTED: told}

    def _counts(self, workspace: Workspace, file: DataFile) -> Counts:
        rows = of_sources(read_once(workspace, SILVER_TRADES, file, _COLUMNS), self._sources)
        if (floor_us := workspace.state(SILVER_TRADES).floor_us) is not None:
            rows = rows.filter(pc.greater_equal(rows.column("event_time_us"), floor_us))
        at_us = rows.column("event_time_us")
        hour = pc.multiply(pc.divide(at_us, HOUR_US), HOUR_US)  # no event time is before 1970
        side = pc.fill_null(rows.column("side"), NO_SIDE)
        of = pa.table([hour, rows.column("exchange"), rows.column("quote"), side, rows.column("quote_size")],
                      [*_KEY, "quote_size"])  # fmt: skip
        # A file holds less than 10^8 trades, and a trade is worth less than 10^12: the sum has less than 38 digits.
        sums = of.group_by(list(_KEY), use_threads=False).aggregate([([], "count_all"), ("quote_size", "sum")])
        return {
            tuple(row[name] for name in _KEY): {
                "trades": row["count_all"],
                "quote_volume": units_of(row["quote_size_sum"]),
            }
            for row in sums.to_pylist()
        }
