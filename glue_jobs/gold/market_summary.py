"""gold.market_summary: each market at a glance, from its one-minute candles.

"Now" is the minute of the market's newest trade. 24 hours are the 1,440 minutes that end with it; "then" is the last
price before the minute that lies so long back, not older than a day before that.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Batch, DataFile, TableState, Workspace, schema_of
from glue_jobs.gold.candles import Spans, floor, may_hold_interval, numbered, traded, traded_in
from tapehouse.intervals import DAY_US, HOUR_US, MINUTE_US
from tapehouse.tables import GOLD_CANDLES, GOLD_MARKET_SUMMARY, Table

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {GOLD_MARKET_SUMMARY: (GOLD_CANDLES,)}
_CHANGES: Final = {"change_1h": HOUR_US, "change_24h": DAY_US, "change_7d": 7 * DAY_US}
_LONGEST_US: Final = 7 * DAY_US
_COLUMNS: Final = ("exchange", "symbol", "window_start", "high", "low", "close", "volume", "quote_volume",
                   "trade_count", "close_time_us")  # fmt: skip
_MARKET: Final = ("exchange", "symbol")
_KEYS: Final = (*_MARKET, "interval", "window_start", "trade_count")
_MINUTES_A_YEAR: Final = 525_600
_SUMS: Final = {"volume": "volume_24h", "quote_volume": "quote_volume_24h", "trade_count": "trades_24h"}


class MarketSummaryJob:
    """Writes gold.market_summary: one small file, of which the rows of touched symbols are computed anew."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        """Compute the rows of the symbols of which the batch brings minutes, or takes them away.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        with self._ws.steps.step("gold.market_summary") as step:
            candles, base = self._ws.state(GOLD_CANDLES), self._ws.state(GOLD_MARKET_SUMMARY)
            there = self._ws.rows(GOLD_MARKET_SUMMARY, base.files)
            minutes = _minutes(batch.read(GOLD_CANDLES, _KEYS))
            symbols = pa.concat_tables([minutes.select(["symbol"]), self._lost(batch, minutes, there)])
            symbols = symbols.column("symbol").unique()
            if not len(symbols):
                return
            is_touched = pc.is_in(there.column("symbol"), value_set=symbols)
            known = pa.table(
                {name: there.column(name) for name in ("exchange", "symbol")}
                | {"at": floor(there.column("last_time_us").to_numpy(), MINUTE_US)}
            ).filter(is_touched)
            came = _newest(minutes)
            now = pa.concat_tables([came, known.cast(came.schema)])
            rows = self._rows(candles, now.group_by(["exchange", "symbol"]).aggregate([("at", "max")]))
            step.rows = rows.num_rows
            others = there.filter(pc.invert(is_touched))
            self._commit(base, pa.concat_tables([others, rows]))

    def _lost(self, batch: Batch, minutes: pa.Table, there: pa.Table) -> pa.Table:
        """symbol: of minutes that the batch takes away without putting others in their place."""
        removed = batch.read_removed(GOLD_CANDLES, _KEYS, pc.field("interval") == "1m")
        if removed is None:
            return there.select(["symbol"])
        key = ["exchange", "symbol", "window_start"]
        lost = _minutes(removed).select(key).join(minutes.select(key), key, join_type="left anti")
        return lost.select(["symbol"])

    def more(self) -> bool:
        """Nothing waits."""
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute every row anew.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        candles, base = self._ws.state(GOLD_CANDLES), self._ws.state(GOLD_MARKET_SUMMARY)
        with self._ws.steps.step("gold.market_summary rebuild") as step:
            files = [each for each in candles.files if may_hold_interval(each, "1m")]
            rows = self._rows(candles, self._newest_of(files))
            step.rows = rows.num_rows
            self._commit(base, rows)

    def _commit(self, base: TableState, rows: pa.Table) -> None:
        """Put the rows in the place of all."""
        added = [self._ws.stage(GOLD_MARKET_SUMMARY, rows)] if rows.num_rows else []
        if added or base.files:
            self._ws.commit(base, add=added, remove=base.files)

    def _rows(self, candles: TableState, now: pa.Table) -> pa.Table:
        """The summary of markets, but for those without any minute.

        ``now``: exchange, symbol, at_max (the minute that is thought to be of the newest trade, µs UTC). Where gold has
        no such minute (any more: it turned to another source), the newest one is looked for.
        """
        minutes = self._around(candles, now)
        is_there = _are_there(minutes, now)
        if not is_there.all():
            gone = now.filter(pa.array(~is_there))
            least, most = (pc.min_max(gone.column("symbol"))[name].as_py() for name in ("min", "max"))
            files = [
                each for each in candles.files if may_hold_interval(each, "1m") and each.may_hold("symbol", least, most)
            ]
            found = self._newest_of(files).join(gone.select(_MARKET), list(_MARKET), join_type="left semi")
            now = pa.concat_tables([now.filter(pa.array(is_there)), found.select(now.column_names)])
            minutes = self._around(candles, now)
        if not now.num_rows:
            return schema_of(GOLD_MARKET_SUMMARY).empty_table()
        return summary(minutes, now)

    def _newest_of(self, files: Sequence[DataFile]) -> pa.Table:
        """exchange, symbol, at_max of every market in the files."""
        found = [_newest(_minutes(self._ws.rows(GOLD_CANDLES, [each], _KEYS))) for each in files]
        newest = pa.concat_tables(found or [_newest(_minutes(schema_of(GOLD_CANDLES).empty_table()))])
        return newest.group_by(list(_MARKET)).aggregate([("at", "max")])

    def _around(self, candles: TableState, now: pa.Table) -> pa.Table:
        """The minutes that the summary of these markets needs."""
        newest = list(zip(now.column("symbol").to_pylist(), now.column("at_max").to_pylist(), strict=True))
        near = [(symbol, at - DAY_US - HOUR_US, at + MINUTE_US) for symbol, at in newest]
        near += [(symbol, at - _LONGEST_US - HOUR_US, at - _LONGEST_US + MINUTE_US) for symbol, at in newest]
        minutes = self._read(candles, Spans.of_micros(near))
        # As a rule a market traded within the hour before each "then"; where it did not, the day before is read.
        quiet = _quiet(minutes, now)
        if not quiet:
            return minutes
        spans = [(symbol, then - DAY_US, then - HOUR_US) for symbol, then in quiet]
        return pa.concat_tables([minutes, self._read(candles, Spans.of_micros(spans) - Spans.of_micros(near))])

    def _read(self, candles: TableState, spans: Spans) -> pa.Table:
        """The minutes with trades that begin in the spans."""
        return traded_in(self._ws, candles, "1m", spans, _COLUMNS)


def _are_there(minutes: pa.Table, now: pa.Table) -> npt.NDArray[np.bool_]:
    """Of each market, whether its newest minute is among the minutes."""
    market = _numbers(now, minutes)
    at = minutes.column("window_start").cast(pa.int64()).to_numpy()
    is_newest = (market >= 0) & (now.column("at_max").to_numpy()[market] == at) if now.num_rows else market >= 0
    return np.bincount(market[is_newest], minlength=now.num_rows) > 0


def _quiet(minutes: pa.Table, now: pa.Table) -> list[tuple[str, int]]:
    """Symbol and "then" (µs UTC) of the markets that did not trade in the hour up to it."""
    market = _numbers(now, minutes)
    at = minutes.column("window_start").cast(pa.int64()).to_numpy()
    newest = now.column("at_max").to_numpy()
    symbols = now.column("symbol").to_pylist()
    found = []
    for back_us in _CHANGES.values():
        then = newest[market] - back_us if len(market) else at
        is_near = (market >= 0) & (at <= then) & (at > then - HOUR_US)
        traded = np.bincount(market[is_near], minlength=now.num_rows) > 0
        found += [(symbols[number], int(newest[number]) - back_us) for number in np.flatnonzero(~traded).tolist()]
    return found


def summary(minutes: pa.Table, now: pa.Table) -> pa.Table:
    """Rows of gold.market_summary.

    In: one-minute rows of gold.candles with trades, as far as the columns ask for them, in any order; and
    exchange, symbol, at_max of each market: the minute of its newest trade, µs UTC. Out: one row a market.
    """
    market = _numbers(now, minutes)
    at = minutes.column("window_start").cast(pa.int64()).to_numpy()
    order = np.lexsort((at, market))
    order = order[market[order] >= 0]
    rows, market, at = minutes.take(pa.array(order)), market[order], at[order]
    now_us = now.column("at_max").to_numpy()
    age = now_us[market] - at
    rows, market, at, age = (
        each for each in (rows.filter(pa.array(age >= 0)), *(x[age >= 0] for x in (market, at, age)))
    )
    firsts = np.searchsorted(market, np.arange(now.num_rows))
    lasts = np.searchsorted(market, np.arange(now.num_rows), side="right") - 1
    last = rows.take(pa.array(lasts))
    close = rows.column("close").cast(pa.float64()).to_numpy()
    is_today = age < DAY_US
    day = rows.filter(pa.array(is_today)).append_column("market", pa.array(market[is_today]))
    sums = day.group_by("market", use_threads=False).aggregate(
        [("high", "max"), ("low", "min"), *((name, "sum") for name in _SUMS)]
    )
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "exchange": now.column("exchange"),
        "symbol": now.column("symbol"),
        "last_price": last.column("close"),
        "last_time_us": last.column("close_time_us"),
        "last_time": last.column("close_time_us").cast(pa.timestamp("us", tz="UTC")),
        "high_24h": sums.column("high_max"),
        "low_24h": sums.column("low_min"),
        **{to: sums.column(f"{name}_sum") for name, to in _SUMS.items()},
        "volatility_24h": _volatility(close, market, is_today, now.num_rows),
    }
    for name, back_us in _CHANGES.items():
        then = _then(at, firsts, lasts, now_us - back_us)
        price = np.where(then >= 0, close[np.maximum(then, 0)], np.nan)
        change = (close[lasts] - price) / price * 100.0
        columns[name] = pa.array(change, pa.float64(), mask=then < 0)
    schema = schema_of(GOLD_MARKET_SUMMARY)
    return pa.table([pc.cast(columns[field.name], field.type) for field in schema], schema=schema)


def _then(at: Ints, firsts: Ints, lasts: Ints, until_us: Ints) -> Ints:
    """Of each market the row of the newest minute that is not behind an instant, at most a day older; -1 without."""
    found = np.full(len(firsts), -1, np.int64)
    for number in range(len(firsts)):
        row = int(np.searchsorted(at[firsts[number] : lasts[number] + 1], until_us[number], side="right")) - 1
        if row >= 0 and at[firsts[number] + row] > until_us[number] - DAY_US:
            found[number] = firsts[number] + row
    return found


def _volatility(close: Floats, market: Ints, is_today: npt.NDArray[np.bool_], markets: int) -> pa.Array:
    """The sample deviation of the day's log returns, of a year's length. The return into its first minute is none."""
    steps = np.diff(np.log(close))
    is_step = (market[1:] == market[:-1]) & is_today[:-1] & is_today[1:]
    of, steps = market[1:][is_step], steps[is_step]
    count = np.bincount(of, minlength=markets)
    mean = np.bincount(of, steps, markets) / np.maximum(count, 1)
    squares = np.bincount(of, (steps - mean[of]) ** 2, markets)
    deviation = np.sqrt(squares / np.maximum(count - 1, 1)) * np.sqrt(float(_MINUTES_A_YEAR))
    return pa.array(deviation, mask=count < 2)


def _numbers(markets: pa.Table, rows: pa.Table) -> Ints:
    """Each row's market by its place among the markets; -1 of another."""
    key = {(e, s): number for number, (e, s) in enumerate(
        zip(markets.column("exchange").to_pylist(), markets.column("symbol").to_pylist(), strict=True)
    )}  # fmt: skip
    exchange, exchanges = numbered(rows.column("exchange"))
    symbol, symbols = numbered(rows.column("symbol"))
    table = np.array([[key.get((e, s), -1) for s in symbols] for e in exchanges], np.int64)
    return table[exchange, symbol] if rows.num_rows else np.empty(0, np.int64)


def _minutes(candles: pa.Table) -> pa.Table:
    """The one-minute rows with trades."""
    return traded(candles, "1m")


def _newest(minutes: pa.Table) -> pa.Table:
    """exchange, symbol, at: the newest minute of each market."""
    at = minutes.column("window_start").cast(pa.int64())
    rows = pa.table({"exchange": minutes.column("exchange"), "symbol": minutes.column("symbol"), "at": at})
    newest = rows.group_by(["exchange", "symbol"]).aggregate([("at", "max")])
    return newest.select(["exchange", "symbol", "at_max"]).rename_columns(["exchange", "symbol", "at"])
