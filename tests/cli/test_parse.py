"""``tapehouse parse`` over every feed's messages and pages, as texts of a venue come."""

import io
import json
import sys
from typing import Any

import pytest

from cli.main import main
from producers.feeds import FEEDS

MESSAGES = {
    "coinbase_exchange": '{"type":"match","trade_id":10,"time":"2014-11-07T08:19:27.028459Z","product_id":"BTC-USD",'
    '"size":"5.2","price":"400.23","side":"sell"}',
    "coinbase_advanced": '{"channel":"market_trades","events":[{"type":"update","trades":[{"product_id":"BTC-USD",'
    '"trade_id":"10","price":"400.23","size":"5.2","time":"2024-10-08T09:10:52.378779Z","side":"SELL"}]}]}',
    "kraken_v2": '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":400.23,'
    '"qty":5.2,"trade_id":10,"timestamp":"2023-10-06T17:35:55.440295Z"}]}',
    "kraken_v1": '[321,[["400.23","5.2","1616333924.737428","b","m",""]],"trade","XBT/USD"]',
    "binance": '{"e":"trade","s":"BTCUSDT","t":10,"p":"400.23","q":"5.2","T":1672515782136,"m":false}',
    "bitstamp": '{"event":"trade","channel":"live_trades_btcusd","data":{"id":10,"microtimestamp":"1583691851934000",'
    '"amount_str":"5.2","price_str":"400.23","type":0}}',
    "okx": '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"10","px":"400.23",'
    '"sz":"5.2","side":"buy","ts":"1630048897897"}]}',
    "bybit": '{"topic":"publicTrade.BTCUSDT","data":[{"i":"10","T":1786310822605,"p":"400.23","v":"5.2","S":"Buy",'
    '"s":"BTCUSDT"}]}',
    "finnhub": '{"data":[{"p":400.23,"s":"BINANCE:BTCUSDT","t":1768655932976,"v":5.2}],"type":"trade"}',
    "polygon": '[{"ev":"XT","pair":"BTC-USD","p":400.23,"t":1610462007425,"s":5.2,"c":[2],"i":10,"x":1}]',
}
PAGES = {
    "coinbase_exchange": (
        "BTC-USD",
        '[{"trade_id":10,"side":"sell","size":"5.2","price":"400.23","time":"2024-03-13T11:00:17.710679Z"}]',
    ),
    "kraken": ("XBTUSD", '{"error":[],"result":{"XXBTZUSD":[["400.23","5.2",1688669448.5,"b","l","",10]],"last":"1"}}'),
    "binance": ("BTCUSDT", '[{"id":10,"price":"400.23","qty":"5.2","time":1499865549590,"isBuyerMaker":false}]'),
    "bitstamp": ("btcusd", '[{"amount":"5.2","date":"1710327533","price":"400.23","tid":"10","type":"0"}]'),
    "okx": (
        "BTC-USDT",
        '{"code":"0","msg":"","data":[{"instId":"BTC-USDT","side":"buy","sz":"5.2","px":"400.23","tradeId":"10",'
        '"ts":"1630048897897"}]}',
    ),
    "polygon": (
        "X:BTC-USD",
        '{"results":[{"conditions":[2],"exchange":1,"id":"10","participant_timestamp":1625097600103000000,'
        '"price":400.23,"size":5.2}],"status":"OK"}',
    ),
}


def records(words: list[str], text: str, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode() + b"\n")))
    assert main(["parse", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", MESSAGES)
def test_message_of_every_feed_becomes_a_record(name: str, capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (record,) = records([name], MESSAGES[name], capsysbinary, monkeypatch)
    assert (record["kind"], record["price"], record["size"]) == ("trade", "400.23", "5.2")
    assert record["side"] == (None if name == "finnhub" else "buy")
    assert record["symbol"] in ("BTC-USD", "BTC-USDT")
    assert record["trade_id"] == "10" or name in ("kraken_v1", "finnhub")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("by_option", [True, False])
def test_page_of_every_feed_becomes_a_record(
    name: str, by_option: bool, capsysbinary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    symbol, text = PAGES[name]
    words = [name, "--rest"] if by_option else [f"{name}-rest"]
    (record,) = records([*words, "--symbol", symbol], text, capsysbinary, monkeypatch)
    assert (record["trade_id"], record["price"], record["side"], record["backfilled"]) == ("10", "400.23", "buy", True)


def test_unknown_feed_is_answered_with_the_names_of_all(capsys: Any) -> None:
    assert main(["parse", "krakn"]) == 1
    assert ", ".join(FEEDS) in capsys.readouterr().err
