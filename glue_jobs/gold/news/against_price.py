"""gold.sentiment_daily beside the candles of 1d: what the price did on the day of the stories, and on the next.

What holds: the rows of each day are what the two inputs come to as they are. A batch computes the days again of which
a mood changed, or a candle of 1d of that day or one beside it; days without any scored story cost nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Batch, Workspace, days_there, instant_text, put_all, put_days, table_of
from glue_jobs.gold.candles import may_hold_interval
from glue_jobs.gold.news.changed import changed_values
from glue_jobs.gold.news.daily import ALL
from tapehouse.intervals import DAY_US
from tapehouse.tables import GOLD_CANDLES, GOLD_SENTIMENT_DAILY, GOLD_SENTIMENT_VS_PRICE, Table

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {GOLD_SENTIMENT_VS_PRICE: (GOLD_SENTIMENT_DAILY, GOLD_CANDLES)}
_DAY: Final = "published_date"
_CANDLE: Final = ("exchange", "symbol", "interval", "window_start", "close", "trade_count")
_IS_DAY: Final = pc.field("interval") == "1d"
_EPOCH: Final = date(1970, 1, 1)
_ONE: Final = timedelta(days=1)
Row = dict[str, Any]
Candles = Mapping[tuple[str, str, date], Row]


class AgainstPriceJob:
    """Writes gold.sentiment_vs_price: a ``BatchJob``."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        """Compute the days again that the batch changed.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        days = self._touched(batch)
        if not days:
            return
        with self._ws.steps.step("gold.sentiment_vs_price") as step:
            rows = self._rows(self._moods(), days)
            step.rows = put_days(self._ws, self._ws.state(GOLD_SENTIMENT_VS_PRICE), rows, near=_DAY, days=days)

    def more(self) -> bool:
        """Nothing waits."""
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute all rows anew, in one commit.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        put_all(self._ws, tables, self.computed(tables), near={GOLD_SENTIMENT_VS_PRICE: _DAY})

    def computed(self, tables: Collection[Table]) -> Iterator[tuple[Table, pa.Table]]:
        """All rows that the inputs come to."""
        if GOLD_SENTIMENT_VS_PRICE in tables:
            moods = self._moods()
            yield GOLD_SENTIMENT_VS_PRICE, self._rows(moods, moods)

    def _moods(self) -> dict[date, dict[str, Row]]:
        """Day → base asset → its row of all sources."""
        where = (pc.field("source") == ALL) & (pc.field("symbol") != ALL)
        columns = [_DAY, "symbol", "source", "documents", "mean_sentiment"]
        found: dict[date, dict[str, Row]] = defaultdict(dict)
        files = self._ws.state(GOLD_SENTIMENT_DAILY).files
        for row in self._ws.rows(GOLD_SENTIMENT_DAILY, files, columns, where).to_pylist():
            found[row[_DAY]][row["symbol"]] = row
        return found

    def _touched(self, batch: Batch) -> set[date]:
        """The days whose row may be another; those without a mood and without a row come to nothing."""
        moods = changed_values(batch, GOLD_SENTIMENT_DAILY, _DAY)
        lost = batch.read_removed(GOLD_CANDLES, _CANDLE, _IS_DAY)
        if moods is None or lost is None:
            tables = (GOLD_SENTIMENT_DAILY, GOLD_SENTIMENT_VS_PRICE)
            return {day for table in tables for day in days_there(self._ws, table, _DAY)}
        found = {day for day in moods if isinstance(day, date)}
        came = self._ws.rows(GOLD_CANDLES, batch.files(GOLD_CANDLES), _CANDLE, _IS_DAY)
        for *_, day in _candles_of(lost) ^ _candles_of(came):
            found |= {day - _ONE, day, day + _ONE}
        return found

    def _rows(self, moods: Mapping[date, Mapping[str, Row]], days: Collection[date]) -> pa.Table:
        candles = self._candles({each for day in days if day in moods for each in (day - _ONE, day, day + _ONE)})
        rows = [row for day in sorted(days) for row in _rows_of(day, moods.get(day, {}), candles)]
        return table_of(GOLD_SENTIMENT_VS_PRICE, rows)

    def _candles(self, days: Collection[date]) -> Candles:
        """The candles of 1d of some days that have a close."""
        if not days:
            return {}
        low, high = (instant_text((day - _EPOCH).days * DAY_US) for day in (min(days), max(days)))
        found: dict[tuple[str, str, date], Row] = {}
        for file in self._ws.state(GOLD_CANDLES).files:
            if not (may_hold_interval(file, "1d") and file.may_hold("window_start", low, high)):
                continue
            for row in self._ws.rows(GOLD_CANDLES, [file], _CANDLE, _IS_DAY).to_pylist():
                day = row["window_start"].date()
                if day in days and row["close"] is not None:
                    found[row["exchange"], row["symbol"], day] = row
        return found


def _rows_of(day: date, moods: Mapping[str, Row], candles: Candles) -> Iterator[Row]:
    for (exchange, symbol, of), candle in sorted(candles.items()):
        mood = moods.get(symbol.partition("-")[0])
        if of != day or mood is None:
            continue
        before, after = (candles.get((exchange, symbol, each)) for each in (day - _ONE, day + _ONE))
        yield {
            "published_date": day,
            "exchange": exchange,
            "symbol": symbol,
            "documents": mood["documents"],
            "mean_sentiment": mood["mean_sentiment"],
            "close": candle["close"],
            "return_pct": None if before is None else _pct(before["close"], candle["close"]),
            "next_return_pct": None if after is None else _pct(candle["close"], after["close"]),
            "trade_count": candle["trade_count"],
            "day_start_us": (day - _EPOCH).days * DAY_US,
        }


def _pct(then: Decimal, now: Decimal) -> float:
    return float((now - then) / then * 100)


def _candles_of(rows: pa.Table) -> set[tuple[Any, ...]]:
    """Candles as tuples, the day last: one that is in both sides of a batch only moved."""
    names = [name for name in _CANDLE if name != "window_start"]
    return {(*(row[name] for name in names), row["window_start"].date()) for row in rows.to_pylist()}
