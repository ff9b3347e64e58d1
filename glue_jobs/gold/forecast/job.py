"""gold.candles to gold.forecast, its histogram and its calibration.

A batch does two things: forecasts of markets that passed the time of one, and the price that came, joined to forecasts
whose time has passed or whose candles changed. A forecast's histogram and the count of what came are committed before
the rows that they are of, so a kill in between leaves nothing that the same batch, run again, does not put right.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import (
    Batch,
    DataFile,
    TableState,
    Workspace,
    codes_of,
    date_of,
    days_of,
    instant_us,
    ints_of,
    schema_of,
    upsert,
)
from glue_jobs.gold.forecast import actual
from glue_jobs.gold.forecast.calibration import ASKED, calibration
from glue_jobs.gold.forecast.due import Due, Market, due
from glue_jobs.gold.forecast.parameters import Parameters
from glue_jobs.gold.forecast.paths import INPUTS, simulated_by
from glue_jobs.gold.forecast.touched import Touched
from tapehouse.intervals import DAY_US, HOUR_US, SECOND_US
from tapehouse.tables import (
    GOLD_CANDLES,
    GOLD_FORECAST,
    GOLD_FORECAST_CALIBRATION,
    GOLD_FORECAST_HISTOGRAM,
    Table,
)

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {
    GOLD_FORECAST: (GOLD_CANDLES,),
    GOLD_FORECAST_HISTOGRAM: (GOLD_FORECAST,),
    GOLD_FORECAST_CALIBRATION: (GOLD_FORECAST,),
}
_MARKET: Final = ["exchange", "symbol"]
_BANDS: Final = ("p05", "p25", "p50", "p75", "p95", "mean", "band_low", "band_high", "bounded")
_FOR_TURN: Final = "for_turn"
"""In the metadata of the calibration: the turn of gold.forecast whose rows are counted."""


class ForecastJob:
    """Writes gold.forecast (a file a day), gold.forecast_histogram (one file) and gold.forecast_calibration."""

    def __init__(self, workspace: Workspace, parameters: Parameters | None = None) -> None:
        self._ws, self._parameters = workspace, parameters or Parameters()

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        """Forecasts that are due, and the price that came.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        with self._ws.steps.step("gold.forecast") as step:
            candles, base = self._ws.state(GOLD_CANDLES), self._ws.state(GOLD_FORECAST)
            touched = Touched.of(batch)
            windows = touched.of_interval(self._parameters.interval.name)
            made, bins = self._made(due(self._ws, candles, base, windows, self._parameters))
            made = actual.judged(self._ws, candles, made)  # of a lake that catches up it may be known already
            files = [each for each in base.files if _may_hang_on(each, touched)]
            came, days = self._came(candles, files, touched)
            if made.num_rows:
                self._put_histogram(bins)
            rows = pa.concat_tables([came, made])
            step.rows = rows.num_rows
            self._count(base, pa.concat_tables([came, made.filter(made.column("judged"))]), days)
            rewrite = upsert(self._ws, base, rows, near="as_of")
            if rewrite:
                self._ws.commit(base, add=rewrite.add, remove=rewrite.remove)

    def more(self) -> bool:
        """Nothing waits."""
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        """Join what came anew, a file of forecasts at a time, count it anew, and draw the newest paths again.

        What was forecast stays: it is what was thought then. Of candles of less than a minute that are kept no longer,
        what came stays too.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        with self._ws.steps.step("gold.forecast rebuild"):
            if GOLD_FORECAST in tables:
                for file in self._ws.state(GOLD_FORECAST).files:
                    self._rejoin(file)
            base = self._ws.state(GOLD_FORECAST)
            if GOLD_FORECAST_CALIBRATION in tables:
                found = [calibration(self._ws.rows(GOLD_FORECAST, [each], ASKED)) for each in base.files]
                self._replace(GOLD_FORECAST_CALIBRATION, _added_up(found), {_FOR_TURN: base.turn})
            if GOLD_FORECAST_HISTOGRAM in tables:
                _, bins = self._made(self._newest(base))
                self._replace(GOLD_FORECAST_HISTOGRAM, bins)

    # -- what is made

    def _made(self, given: Due) -> tuple[pa.Table, pa.Table]:
        """Rows of gold.forecast, and of its histogram."""
        rows, bins = [], []
        for found in simulated_by(self._ws.spark, given.inputs).to_pylist():
            told = given.told[found["exchange"], found["symbol"]]
            as_of_us, horizon_us = found["as_of_us"], found["steps"] * told["step_us"]
            times = {"as_of": as_of_us, "target_time": as_of_us + horizon_us, "horizon_s": horizon_us // SECOND_US}
            row = {**found, **times}
            rows.append({**told, **row, "judged": False})
            bins += _bins(row, told["paths"])
        return _table(GOLD_FORECAST, rows), _table(GOLD_FORECAST_HISTOGRAM, bins)

    def _newest(self, base: TableState) -> Due:
        """Each market's newest forecast of the last day, as it was asked for."""
        newest_us = max((instant_us(each.high["as_of"]) for each in base.files), default=0)
        files = [each for each in base.files if instant_us(each.high["as_of"]) > newest_us - DAY_US]
        rows = self._ws.rows(GOLD_FORECAST, files).sort_by([("as_of", "descending"), ("steps", "ascending")])
        asked: dict[Market, dict[str, Any]] = {}
        for row in rows.filter(pc.greater(rows.column("as_of").cast(pa.int64()), newest_us - DAY_US)).to_pylist():
            market = row["exchange"], row["symbol"]
            first = asked.setdefault(
                market, {**row, "steps": [], "step_us": row["horizon_s"] * SECOND_US // row["steps"]}
            )
            if first["as_of"] == row["as_of"]:
                first["steps"].append(row["steps"])
        as_of = pa.array([each["as_of"] for each in asked.values()], schema_of(GOLD_FORECAST).field("as_of").type)
        inputs = [
            {**row, "as_of_us": at} for row, at in zip(asked.values(), as_of.cast(pa.int64()).to_pylist(), strict=True)
        ]
        return Due(pa.Table.from_pylist(inputs, schema=INPUTS), asked)

    # -- what came

    def _came(self, candles: TableState, files: Sequence[DataFile], touched: Touched) -> tuple[pa.Table, set[int]]:
        """Rows of gold.forecast in which what came changes, and the days (since the epoch) that were looked at."""
        short_from_us = (candles.metadata or {}).get("short_from_us")
        found, days = [schema_of(GOLD_FORECAST).empty_table()], set[int]()
        for file in files:
            asked = self._ws.rows(GOLD_FORECAST, [file], actual.ASKED)
            is_due = actual.to_judge(asked, touched, short_from_us)
            days |= set(days_of(asked.column("as_of")).tolist())
            if is_due.any():
                found.append(self._rejudged(candles, self._ws.rows(GOLD_FORECAST, [file]).filter(pa.array(is_due))))
        return pa.concat_tables(found), days

    def _rejudged(self, candles: TableState, rows: pa.Table) -> pa.Table:
        """The rows as what came makes them, without those that it leaves as they are."""
        after = actual.judged(self._ws, candles, rows)
        codes = codes_of(pa.concat_tables([rows, after]), GOLD_FORECAST.column_names)
        return after.filter(pa.array(~np.isin(codes[rows.num_rows :], codes[: rows.num_rows])))

    def _rejoin(self, file: DataFile) -> None:
        """What came, anew for all rows of a file of gold.forecast."""
        candles, base = self._ws.state(GOLD_CANDLES), self._ws.state(GOLD_FORECAST)
        rows = self._ws.rows(GOLD_FORECAST, [file])
        kept = actual.is_kept(rows, (candles.metadata or {}).get("short_from_us"))
        rewrite = upsert(self._ws, base, self._rejudged(candles, rows.filter(pa.array(kept))), near="as_of")
        if rewrite:
            self._ws.commit(base, add=rewrite.add, remove=rewrite.remove)

    # -- what hangs on it

    def _count(self, base: TableState, changed: pa.Table, looked_at: set[int]) -> None:
        """Count the days in which what came changed; after a kill before its rows were there, all looked at."""
        there = self._ws.state(GOLD_FORECAST_CALIBRATION)
        days = set(days_of(changed.column("as_of")).tolist())
        if (there.metadata or {}).get(_FOR_TURN, 0) > base.turn:
            days |= looked_at
        if not days:
            return
        files = [each for each in base.files if days & set(range(*_days(each)))]
        rows = [self._ws.rows(GOLD_FORECAST, [each], ASKED) for each in files]
        all_rows = pa.concat_tables([*rows, changed.select(ASKED)])
        codes = codes_of(all_rows, GOLD_FORECAST.key)
        is_old = np.arange(len(codes)) < len(codes) - changed.num_rows
        is_asked = np.isin(days_of(all_rows.column("as_of")), list(days))
        counted = all_rows.filter(pa.array(is_asked & ~(is_old & np.isin(codes, codes[~is_old]))))
        low, high = (date_of(each).isoformat() for each in (min(days), max(days)))
        files = [each for each in there.files if each.may_hold("day", low, high)]
        held = self._ws.rows(GOLD_FORECAST_CALIBRATION, files, GOLD_FORECAST_CALIBRATION.key)
        gone = held.filter(pa.array(np.isin(days_of(held.column("day")), list(days))))
        rewrite = upsert(self._ws, there, calibration(counted), near="day", gone=gone)
        if rewrite:
            self._ws.commit(there, add=rewrite.add, remove=rewrite.remove, metadata={_FOR_TURN: base.turn + 1})

    def _put_histogram(self, bins: pa.Table) -> None:
        """Put markets' bins in the place of those before, and drop what is a day older than the newest."""
        there = self._ws.state(GOLD_FORECAST_HISTOGRAM)
        rows = self._ws.rows(GOLD_FORECAST_HISTOGRAM, there.files)
        codes = codes_of(pa.concat_tables([rows.select(_MARKET), bins.select(_MARKET)]), _MARKET)
        rows = rows.filter(pa.array(~np.isin(codes[: rows.num_rows], codes[rows.num_rows :])))
        rows = pa.concat_tables([rows, bins])
        as_of = ints_of(rows.column("as_of"))
        self._replace(GOLD_FORECAST_HISTOGRAM, rows.filter(pa.array(as_of > np.max(as_of) - DAY_US)))

    def _replace(self, table: Table, rows: pa.Table, metadata: Mapping[str, Any] | None = None) -> None:
        """Put the rows in the place of all of a small table."""
        base = self._ws.state(table)
        added = [self._ws.stage(table, rows, keep=True)] if rows.num_rows else []
        if added or base.files:
            self._ws.commit(base, add=added, remove=base.files, metadata=metadata)


def _may_hang_on(file: DataFile, touched: Touched) -> bool:
    """Whether what came for a forecast in the file may hang on a window that was touched."""
    first, end = _days(file)
    days = touched.days()
    ahead = actual.WAITS_US // DAY_US
    # A window begins up to an hour before as_of at the earliest: where a horizon is one step.
    low = np.searchsorted(days, (first * DAY_US - HOUR_US) // DAY_US)
    return bool(low < np.searchsorted(days, end + ahead))


def _days(file: DataFile) -> tuple[int, int]:
    """The UTC days since the epoch that a file of forecasts reaches over: the first, and the one behind the last."""
    return instant_us(file.low["as_of"]) // DAY_US, instant_us(file.high["as_of"]) // DAY_US + 1


def _bins(row: Mapping[str, Any], paths: int) -> list[dict[str, Any]]:
    edges, found = row["edges"], []
    for number, (low, high, count) in enumerate(zip(edges[:-1], edges[1:], row["counts"], strict=True)):
        width = float(high - low)
        density = count / (paths * width) if width else None
        found.append({**row, "bin": number, "low": low, "high": high, "paths": count, "density": density})
    return found


def _added_up(found: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables([schema_of(GOLD_FORECAST_CALIBRATION).empty_table(), *found])


def _table(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows by name as a table's; what it does not declare is left out. Timestamps are µs UTC."""
    schema = schema_of(table)
    columns = []
    for field in schema:
        kind = pa.int64() if pa.types.is_timestamp(field.type) else field.type
        columns.append(pa.array([row.get(field.name) for row in rows], kind).cast(field.type))
    return pa.table(columns, schema=schema)
