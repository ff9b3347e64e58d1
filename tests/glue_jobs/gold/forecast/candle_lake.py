"""A lake without Spark whose gold.candles tests write by hand, and the forecasts behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from glue_jobs.engine import Workspace, upsert
from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.gold.forecast import ForecastJob, Parameters
from tapehouse.intervals import BY_NAME, MINUTE_US
from tapehouse.lake import Lake
from tapehouse.tables import (
    GOLD_CANDLES,
    GOLD_FORECAST,
    GOLD_FORECAST_CALIBRATION,
    GOLD_FORECAST_HISTOGRAM,
    Table,
)
from tests.glue_jobs.tables_on_disk import rows_of, without_spark

TABLES: Final = (GOLD_CANDLES, GOLD_FORECAST, GOLD_FORECAST_HISTOGRAM, GOLD_FORECAST_CALIBRATION)
DAY: Final = datetime(2025, 10, 9, tzinfo=UTC)
ASKED: Final = Parameters(
    every_us=15 * MINUTE_US,
    window_us=240 * MINUTE_US,
    horizons_us=(5 * MINUTE_US, 15 * MINUTE_US),
    paths=400,
    least_returns=20,
)
CAME: Final = ("judged", "actual_price", "actual_time_us", "inside_band")


def instant(minutes: float) -> datetime:
    """So many minutes into the day."""
    return DAY + timedelta(minutes=minutes)


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def candle(minute: float, price: float | str, *, market: str = "BTC-USD", **changes: Any) -> dict[str, Any]:
    """A window that begins at a minute of the day, whose trades have all this price; the last in its last second."""
    exchange, _, symbol = market.rpartition(":")
    exact = Decimal(str(price)).quantize(Decimal("1e-12"))
    row = {
        "exchange": exchange or "kraken",
        "symbol": symbol,
        "interval": "1m",
        "window_start": instant(minute),
        **dict.fromkeys(("open", "high", "low", "close", "vwap"), exact),
        **dict.fromkeys(("volume", "quote_volume", "buy_volume", "sell_volume"), Decimal(1)),
        "trade_count": 1,
        "complete": True,
        **changes,
    }
    end = row["window_start"] + timedelta(microseconds=BY_NAME[row["interval"]].length_us)
    return {"close_time_us": micros(end) - 1_000_000, **row, "window_end": end}


class CandleLake:
    """gold.candles as told, and what the job makes of it."""

    def __init__(self, lake: Lake, parameters: Parameters = ASKED) -> None:
        self.lake, self.parameters = lake, parameters
        self.workspace = without_spark(lake, TABLES)
        self.begin()

    def begin(self, **changes: Any) -> None:
        """As a new process does, perhaps with other settings."""
        tables = self.workspace._there
        self.workspace = Workspace(None, self.lake, self.workspace.steps)  # type: ignore[arg-type]
        self.workspace._there.update(tables)
        self.parameters = replace(self.parameters, **changes)
        self.job = ForecastJob(self.workspace, self.parameters)
        self.follower = Follower(self.workspace, "forecast", (GOLD_CANDLES,), BatchLimits())

    def put(self, rows: Sequence[Mapping[str, Any]], *, metadata: Mapping[str, Any] | None = None) -> None:
        """Candles, in the place of those of the same window."""
        self._commit(rows_of(GOLD_CANDLES, [dict(each) for each in rows]), None, metadata)

    def add(self, rows: pa.Table) -> None:
        """Candles of windows of which there are none."""
        staged = self.workspace.stage(GOLD_CANDLES, rows)
        self.workspace.commit(self.workspace.state(GOLD_CANDLES), add=[staged])

    def take_away(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Candles are no more, and nothing comes in their place."""
        gone = rows_of(GOLD_CANDLES, [dict(each) for each in rows]).select(list(GOLD_CANDLES.key))
        self._commit(rows_of(GOLD_CANDLES, []), gone, None)

    def _commit(self, rows: pa.Table, gone: pa.Table | None, metadata: Mapping[str, Any] | None) -> None:
        base = self.workspace.state(GOLD_CANDLES)
        rewrite = upsert(self.workspace, base, rows, near="window_start", gone=gone)
        self.workspace.commit(base, add=rewrite.add, remove=rewrite.remove, metadata=metadata)

    def refresh(self) -> None:
        while (batch := self.follower.next()) is not None:
            self.job.write(batch)
            self.follower.done(batch)

    def pass_with(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.put(rows)
        self.refresh()

    def rows(self, table: Table = GOLD_FORECAST) -> list[dict[str, Any]]:
        """The rows of a table by its key, which no two share."""
        found = self.workspace.rows(table, self.workspace.state(table).files)
        rows = sorted(found.to_pylist(), key=lambda row: [row[name] for name in table.key])
        assert len({tuple(row[name] for name in table.key) for row in rows}) == len(rows)
        return rows

    def everything(self) -> list[list[dict[str, Any]]]:
        return [self.rows(table) for table in TABLES[1:]]

    def by_horizon(self, minute: float, market: str = "BTC-USD") -> dict[int, dict[str, Any]]:
        """The forecasts of a market as of a minute of the day, by their minutes ahead."""
        return {
            row["horizon_s"] // 60: row
            for row in self.rows()
            if row["as_of"] == instant(minute) and row["symbol"] == market
        }
