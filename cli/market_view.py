"""What run-app shows of the lake: the newest candles while it runs, the account of each market at the end."""

import signal
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Final

from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.query.port import QueryPort, Result

CANDLES: Final = """
    SELECT exchange, symbol, window_start, open, high, low, close, volume, trade_count, complete
    FROM (
        SELECT *, row_number() OVER (PARTITION BY exchange, symbol ORDER BY window_start DESC) AS place
        FROM gold.candles
        WHERE interval = '1m' AND trade_count > 0 AND window_start >= TIMESTAMP '{since} UTC'
    ) newest
    WHERE place = 1 AND exchange <> 'ALL' ORDER BY window_start DESC, exchange, symbol LIMIT 16"""
NEWEST_TRADE: Final = "SELECT max(event_time_us) AS newest_us FROM silver.trades WHERE event_time_us >= {since_us}"
NEWEST_SUMMED: Final = "SELECT max(last_time_us) AS newest_us FROM gold.market_summary"
"""The newest trade of all: of a table of a row a market, so that the look every few seconds grows with no history."""
LOOKS: Final = 60
SHOWN_US: Final = 3_600_000_000
"""A market whose newest candle is older than the newest of all by more than this is not shown."""
MARKETS: Final = """
    SELECT t.exchange, t.symbol, t.source, t.trades, t.first_id, t.last_id, coalesce(c.candles, 0) AS candles
    FROM (
        SELECT exchange, symbol, source, count(*) AS trades,
            min_by(trade_id, (event_time_us, coalesce(try_cast(trade_id AS decimal(38, 0)), 0), trade_id)) AS first_id,
            max_by(trade_id, (event_time_us, coalesce(try_cast(trade_id AS decimal(38, 0)), 0), trade_id)) AS last_id
        FROM silver.trades GROUP BY exchange, symbol, source
    ) t LEFT JOIN (
        SELECT exchange, symbol, count(*) AS candles FROM gold.candles WHERE trade_count > 0 GROUP BY exchange, symbol
    ) c ON t.exchange = c.exchange AND t.symbol = c.symbol
    ORDER BY 1, 2, 3"""


@dataclass(frozen=True, slots=True)
class MarketView:
    """The markets at one moment."""

    candles: Result
    lag_s: float | None
    """How old the newest trade is; None without trades."""


NOTHING_SEEN: Final = MarketView(Result((), ()), None)


class Lookout:
    """Looks at a lake's markets in a process of its own, which is replaced every so many looks. Close it.

    DuckDB's reader of Delta tables (1.5.5) keeps about a MB of each look for ever: that would be 20 GB a day.
    """

    def __init__(self, lake: Lake, *, looks: int = LOOKS) -> None:
        self._lake, self._looks = lake, looks
        self._pool: ProcessPoolExecutor | None = None

    def newest(self) -> MarketView:
        """``newest``, or an empty view where the process was lost; the next look has another."""
        try:
            return self._alive().submit(_look).result()
        except BrokenProcessPool:
            self.close()
            return NOTHING_SEEN

    def _alive(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1,
                mp_context=get_context("spawn"),
                initializer=_begin,
                initargs=(self._lake.uri,),
                max_tasks_per_child=self._looks,
            )
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


_port: list[QueryPort] = []
"""Of the process that looks."""


def _begin(uri: str) -> None:
    from tapehouse.query.duckdb_port import DuckdbPort

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; run-app ends this one
    _port.append(DuckdbPort(Lake(uri), memory_mb=256))


def _look() -> MarketView:
    return newest(_port[0])


def newest(port: QueryPort) -> MarketView:
    """The newest candle of each market that traded lately. Empty where the tables are not there yet."""
    try:
        summed_us = port.run(NEWEST_SUMMED).rows[0][0]
        if summed_us is None:
            return NOTHING_SEEN
        since_us = summed_us - SHOWN_US
        candles = port.run(
            CANDLES.format(since=datetime.fromtimestamp(since_us // 1_000_000, UTC).replace(tzinfo=None))
        )
        newest_us = port.run(NEWEST_TRADE.format(since_us=since_us)).rows[0][0]
    except TerminalError:
        return NOTHING_SEEN
    return MarketView(candles, time.time() - max(newest_us or 0, summed_us) / 1e6)
