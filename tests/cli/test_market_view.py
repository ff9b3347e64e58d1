"""What run-app says of the markets, over tables written by hand."""

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from cli import market_view
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort

CANDLE = {
    **dict.fromkeys(("exchange", "symbol", "interval"), "string"),
    "window_start": "timestamp",
    **dict.fromkeys(("open", "high", "low", "close", "volume"), "decimal(28,12)"),
    "trade_count": "long",
    "complete": "boolean",
}
TRADE = {**dict.fromkeys(("exchange", "symbol", "source", "trade_id"), "string"), "event_time_us": "long"}


def candle(symbol: str, minute_us: int, trades: int, exchange: str = "kraken") -> tuple[object, ...]:
    price = Decimal(100) if trades else None
    return (exchange, symbol, "1m", minute_us, price, price, price, price, Decimal(trades), trades, True)


@pytest.fixture
def port(lake: Lake, write_table: Callable[..., None]) -> DuckdbPort:
    now_us = time.time_ns() // 1000
    minute = now_us // 60_000_000 * 60_000_000
    write_table(
        "gold.candles",
        CANDLE,
        [
            candle("BTC-USD", minute, 0),  # inside a gap
            candle("BTC-USD", minute - 60_000_000, 4),
            candle("BTC-USD", minute - 120_000_000, 2),
            candle("ETH-USD", minute, 7),
            candle("ETH-USD", minute, 7, exchange="ALL"),
            candle("OLD-USD", minute - 7_200_000_000, 5),
        ],
    )
    write_table("gold.market_summary", {"last_time_us": "long"}, [(now_us - 1_000_000,), (now_us - 7_200_000_000,)])
    ids = [("BTC-USD", "9", -3), ("BTC-USD", "10", -3), ("BTC-USD", "8", -5), ("ETH-USD", "a:1", 0)]
    write_table("silver.trades", TRADE, [("kraken", s, "kraken", i, now_us + at * 1_000_000) for s, i, at in ids])
    return DuckdbPort(lake)


def test_the_newest_candle_with_trades_of_each_market_is_shown(port: DuckdbPort) -> None:
    found = market_view.newest(port)
    assert [(row[1], row[8]) for row in found.candles.rows] == [("ETH-USD", 7), ("BTC-USD", 4)]
    assert found.lag_s is not None
    assert 0 <= found.lag_s < 300


def test_the_process_that_looks_is_replaced_and_may_be_lost(port: DuckdbPort, lake: Lake) -> None:
    lookout = market_view.Lookout(lake, looks=2)
    seen = []
    try:
        for _ in range(4):
            assert lookout.newest().candles.rows
            assert lookout._pool is not None
            seen.append(set(lookout._pool._processes))
        assert len(set.union(*seen)) >= 2
        assert lookout._pool is not None
        for process in lookout._pool._processes.values():
            process.kill()
            process.join()
        looks = [lookout.newest() for _ in range(2)]
        assert looks[-1].candles.rows
    finally:
        lookout.close()


def test_a_lake_without_tables_is_an_empty_view(tmp_path: Path) -> None:
    found = market_view.newest(DuckdbPort(Lake(tmp_path)))
    assert (list(found.candles.rows), found.lag_s) == ([], None)


def test_the_account_orders_ids_by_their_number(port: DuckdbPort) -> None:
    assert port.run(market_view.MARKETS).rows == [
        ("kraken", "BTC-USD", "kraken", 3, "8", "10", 2),
        ("kraken", "ETH-USD", "kraken", 1, "a:1", "a:1", 1),
    ]
