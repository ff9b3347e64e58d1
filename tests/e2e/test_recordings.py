"""Every recorded trade of Coinbase, Kraken and Binance goes the whole way: real WebSocket, Kinesis, Spark, gold."""

import gzip
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from producers.feeds import feed
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tapehouse.record import Trade, encode
from tests import oracle
from tests.e2e.once import ROOT, run_once
from tests.oracle import Arrived

pytestmark = [pytest.mark.e2e, pytest.mark.recorded, pytest.mark.spark, pytest.mark.timeout(900)]

RECORDED = Path(os.environ.get("RECORDINGS") or ROOT.parent / "shared" / "data" / "recorded").absolute()
# Counts and id ranges of the recordings' own README: market, source → trades, first id, last id (contiguous).
MARKETS = {
    ("coinbase", "BTC-USD", "coinbase-advanced"): (147, 1068571991, 1068572137),
    ("coinbase", "ETH-USD", "coinbase-advanced"): (132, 833140679, 833140810),
    ("binance", "BTC-USDT", "binance"): (9757 + 10147, 3735683259, 3735703162),
    ("binance", "ETH-USDT", "binance"): (6106, 1520538925, 1520545030),
    ("binance", "DENT-USDT", "binance-agg"): (716, 12692423, 12693138),
}
WITHOUT_IDS = {("kraken", "BTC-USD"): 22, ("kraken", "ALGO-BTC"): 3, ("kraken", "DASH-EUR"): 3}
BY_SOURCE = {
    "coinbase": 97 + 10,
    "coinbase-advanced": 279,
    "kraken-v1": 28,
    "binance": 9757 + 10147 + 6106,
    "binance-agg": 1240 + 24 + 2,
}
# Binance's own one-minute candles of which the recording holds every trade: n, volume, open, high, low, close.
KLINES = ("binance/spot-aggtrade-kline_2021-04-17.jsonl.gz", "binance/spot-aggtrade-kline_2021-10-12.jsonl.gz")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake that took all recordings by the very command that people run."""
    if not RECORDED.is_dir():
        message = f"the recordings are not there: {RECORDED}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder = tmp_path_factory.mktemp("recorded") / "lake"
    run_once(folder, RECORDINGS=str(RECORDED))
    return Lake(folder)


@pytest.fixture(scope="module")
def port(lake: Lake) -> DuckdbPort:
    return DuckdbPort(lake)


def _messages(name: str) -> Iterator[tuple[str, int]]:
    with gzip.open(RECORDED / name, "rt", encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            yield told["raw"], int(told["received"] * 1_000_000)


def _recorded_trades() -> list[Trade]:
    names = {"coinbase/advanced": "coinbase-advanced", "coinbase": "coinbase", "kraken": "kraken", "binance": "binance"}
    trades: list[Trade] = []
    for path in sorted(RECORDED.glob("*/*.jsonl.gz")):
        name = str(path.relative_to(RECORDED))
        of = next((feed_name for start, feed_name in names.items() if name.startswith(start)), None)
        if of is None:
            continue
        for raw, received_us in _messages(name):
            trades += [each for each in feed(of).parse(raw, received_us).records if isinstance(each, Trade)]
    return trades


def test_every_recorded_trade_is_in_silver_once(port: DuckdbPort) -> None:
    rows = port.run(
        "SELECT source, count(*), count(DISTINCT (symbol, trade_id)) FROM silver.trades GROUP BY source"
    ).rows
    assert {row[0]: (row[1], row[2]) for row in rows} == {name: (count, count) for name, count in BY_SOURCE.items()}
    assert port.run("SELECT count(*) FROM silver.rejected").rows == [(0,)]


def test_ids_have_no_holes_where_the_venues_are_contiguous(port: DuckdbPort) -> None:
    rows = port.run(
        "SELECT exchange, symbol, source, count(*), min(trade_number), max(trade_number) FROM silver.trades "
        "GROUP BY exchange, symbol, source"
    ).rows
    found = {(row[0], row[1], row[2]): (row[3], int(row[4]), int(row[5])) for row in rows}
    for market, (count, first, last) in MARKETS.items():
        assert found[market] == (count, first, last)
        assert last - first + 1 == count
    for key, (count, first, last) in found.items():
        if key[0] != "kraken":
            assert last - first + 1 == count, key
    assert {key[:2]: told[0] for key, told in found.items() if key[0] == "kraken"} == WITHOUT_IDS


def test_gold_equals_the_oracle_over_what_was_recorded(port: DuckdbPort) -> None:
    trades = _recorded_trades()
    arrived = [
        Arrived(encode(each), each.received_time_us + 86_400_000_000, ("s", at, 0)) for at, each in enumerate(trades)
    ]
    expected = oracle.silver(arrived)
    spans = port.run("SELECT exchange, symbol, source, from_us, through_us FROM silver.coverage").rows
    names = ("exchange", "symbol", "source", "from_us", "through_us")
    expected.coverage = [dict(zip(names, row, strict=True)) for row in spans]
    wanted = oracle.candles(expected, {(key[0], key[1]): key[2] for key in expected.trades})
    columns = ("open", "high", "low", "close", "volume", "quote_volume", "vwap", "trade_count", "buy_volume",
               "sell_volume", "close_time_us", "complete")  # fmt: skip
    rows = port.run(
        f"SELECT exchange, symbol, interval, to_unixtime(window_start), {', '.join(columns)} FROM gold.candles"
    ).rows
    found: dict[Any, Any] = {
        (row[0], row[1], row[2], round(row[3] * 1_000_000)): dict(zip(columns, row[4:], strict=True)) for row in rows
    }
    assert len(found) == len(rows)
    assert found.keys() == wanted.keys()
    assert {key: row for key, row in found.items() if row != wanted[key]} == {}


@pytest.mark.parametrize(("name", "symbols"), [(KLINES[0], {"ONT-TRY", "QSP-BTC"}), (KLINES[1], {"LRC-BTC"})])
def test_a_candle_of_which_all_trades_were_recorded_equals_the_venues_own(
    port: DuckdbPort, name: str, symbols: set[str]
) -> None:
    klines: dict[str, Any] = {}
    seen: dict[str, list[Any]] = {}
    for raw, _ in _messages(name):
        told = json.loads(raw)
        told = told.get("data", told)
        if told.get("e") == "kline" and told["k"]["n"]:
            klines[told["s"]] = told["k"]
        elif told.get("e") == "aggTrade":
            seen.setdefault(told["s"], []).append(told)
    whole = {
        symbol: kline
        for symbol, kline in klines.items()
        if (kline["f"], kline["L"]) == (seen[symbol][0]["f"], seen[symbol][-1]["l"])
    }
    assert {f"{symbol[:3]}-{symbol[3:]}" for symbol in whole} == symbols
    for symbol, kline in whole.items():
        market = f"{symbol[:3]}-{symbol[3:]}"
        rows = port.run(
            f"SELECT open, high, low, close, volume FROM gold.candles WHERE symbol = '{market}' "
            f"AND exchange = 'binance' AND interval = '1m' AND to_unixtime(window_start) * 1000 = {kline['t']}"
        ).rows
        assert [[str(value.normalize()) for value in row] for row in rows] == [
            [str(Decimal(kline[key]).normalize()) for key in ("o", "h", "l", "c", "v")]
        ]
