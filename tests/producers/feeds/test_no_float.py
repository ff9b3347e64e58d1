"""No number of a trade goes through a binary float, in any feed: neither its digits nor the means."""

import builtins
from typing import Any, Final

import pytest

from producers.feeds import FEEDS, Feed, Parsed
from tapehouse.record import Trade

AT: Final = 1_700_000_000_000_000
PRICE: Final = "65000.1000000000000000055511151231257827"
SIZE: Final = "9007199254740993.0000000000000000001"
"""Neither is a float; both would be changed by one."""

MESSAGES: Final = {
    "coinbase": '{"type":"match","trade_id":1,"time":"2024-03-13T11:00:17.710679Z","product_id":"BTC-USD","size":SIZE,'
    '"price":PRICE,"side":"sell"}',
    "coinbase-advanced": '{"channel":"market_trades","events":[{"type":"update","trades":[{"product_id":"BTC-USD",'
    '"trade_id":"1","price":PRICE,"size":SIZE,"time":"2024-10-08T09:10:52.378779Z","side":"BUY"}]}]}',
    "kraken": '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":PRICE,"qty":SIZE,'
    '"trade_id":1,"timestamp":"2023-10-06T17:35:55.440295Z"}]}',
    "binance": '{"e":"trade","s":"BNBBTC","t":12345,"p":PRICE,"q":SIZE,"T":1672515782136,"m":true}',
    "bitstamp": '{"event":"trade","channel":"live_trades_btcusd","data":{"id":1,"timestamp":"1583691851",'
    '"amount":SIZE,"price":PRICE,"type":0}}',
    "okx": '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"1","px":PRICE,'
    '"sz":SIZE,"side":"buy","ts":"1630048897897"}]}',
    "bybit": '{"topic":"publicTrade.BTCUSDT","data":[{"i":"1","T":1786310822605,"p":PRICE,"v":SIZE,"S":"Buy",'
    '"s":"BTCUSDT"}]}',
    "finnhub": '{"data":[{"p":PRICE,"s":"BINANCE:BTCUSDT","t":1768655932976,"v":SIZE}],"type":"trade"}',
    "polygon": '[{"ev":"XT","pair":"BTC-USD","p":PRICE,"t":1610462007425,"s":SIZE,"c":[2],"i":1,"x":1}]',
}
PAGES: Final = {
    "coinbase": '[{"trade_id":1,"side":"sell","size":SIZE,"price":PRICE,"time":"2024-03-13T11:00:17.710679Z"}]',
    "coinbase-advanced": '{"trades":[{"trade_id":"1","product_id":"BTC-USD","price":PRICE,"size":SIZE,'
    '"time":"2024-10-08T09:10:52.378779Z","side":"BUY"}]}',
    "kraken": '{"error":[],"result":{"XXBTZUSD":[[PRICE,SIZE,1688669448.330884,"b","l","",98240918]],"last":"1"}}',
    "binance": '[{"id":28457,"price":PRICE,"qty":SIZE,"time":1499865549590,"isBuyerMaker":true}]',
    "bitstamp": '[{"amount":SIZE,"date":"1710327533","price":PRICE,"tid":"326595342","type":"0"}]',
    "okx": '{"code":"0","data":[{"instId":"BTC-USDT","side":"sell","sz":SIZE,"px":PRICE,"tradeId":"9",'
    '"ts":"1630048897897"}]}',
    "polygon": '{"results":[{"exchange":1,"id":"1","participant_timestamp":1625097600103000000,"price":PRICE,'
    '"size":SIZE}],"status":"OK"}',
}
CASES: Final = [*((name, text, False) for name, text in MESSAGES.items()), *((n, t, True) for n, t in PAGES.items())]


class PoisonError(Exception):
    """Somebody made a float."""


class Poison(float):
    """Stands where ``float`` stood."""

    def __new__(cls, *_: Any) -> "Poison":
        raise PoisonError


def read(feed: Feed, text: str, rest: bool) -> Parsed:
    return feed.parse_rest(text, "BTC-USD", AT) if rest else feed.parse(text, AT)


def test_every_feed_is_tried() -> None:
    assert tuple(MESSAGES) == tuple(FEEDS)
    assert set(PAGES) == {name for name, feed in FEEDS.items() if feed.traits.paging is not None}


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize(("name", "text", "rest"), CASES)
def test_numbers_keep_digits_that_no_float_has(name: str, text: str, *, rest: bool, quoted: bool) -> None:
    price, size = (f'"{PRICE}"', f'"{SIZE}"') if quoted else (PRICE, SIZE)
    text = text.replace("PRICE", price).replace("SIZE", size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "float", Poison)
        records = read(FEEDS[name], text, rest).records
    (trade,) = records
    assert isinstance(trade, Trade), trade
    assert (trade.price, trade.size) == (PRICE, SIZE)


def test_poison_is_one() -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(PoisonError):
        patch.setattr(builtins, "float", Poison)
        float("1.5")


def test_exponents_print_plainly_in_every_feed() -> None:
    for name, pattern, rest in CASES:
        text = pattern.replace("PRICE", "4.522e-05").replace("SIZE", "1E-8")
        (trade,) = read(FEEDS[name], text, rest).records
        assert isinstance(trade, Trade)
        assert (trade.price, trade.size) == ("0.00004522", "0.00000001")
