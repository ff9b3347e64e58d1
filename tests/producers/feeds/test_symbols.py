"""The table of symbols, both ways."""

import pickle

import pytest

from producers.feeds import SymbolError, symbols


@pytest.mark.parametrize(
    ("read", "wire", "symbol"),
    [
        (symbols.from_dash, "BTC-USD", "BTC-USD"),
        (symbols.from_dash, "00-USD", "00-USD"),
        (symbols.from_slash, "BTC/USD", "BTC-USD"),
        (symbols.from_slash, "XBT/USD", "BTC-USD"),
        (symbols.from_slash, "ALGO/XBT", "ALGO-BTC"),
        (symbols.from_slash, "XDG/XBT", "DOGE-BTC"),
        (symbols.from_slash, "AAPLx/USD", "AAPLX-USD"),
        (symbols.from_binance, "BTCUSDT", "BTC-USDT"),
        (symbols.from_binance, "btcusdt", "BTC-USDT"),
        (symbols.from_binance, "BTCBUSD", "BTC-BUSD"),
        (symbols.from_binance, "BTCSTUSDT", "BTCST-USDT"),
        (symbols.from_binance, "RENBTCETH", "RENBTC-ETH"),
        (symbols.from_binance, "BUSDTRY", "BUSD-TRY"),
        (symbols.from_binance, "ADAEUR", "ADA-EUR"),
        (symbols.from_binance, "BTCEURI", "BTC-EURI"),
        (symbols.from_kraken_rest, "XXBTZUSD", "BTC-USD"),
        (symbols.from_kraken_rest, "XBTUSDT", "BTC-USDT"),
        (symbols.from_kraken_rest, "XETHZEUR", "ETH-EUR"),
        (symbols.from_kraken_rest, "XETHXXBT", "ETH-BTC"),
        (symbols.from_kraken_rest, "XTZUSD", "XTZ-USD"),  # Tezos: the X is its own
        (symbols.from_kraken_rest, "XDGUSD", "DOGE-USD"),
        (symbols.from_kraken_rest, "XRPRLUSD", "XRP-RLUSD"),  # the longest quote, not USD
        (symbols.from_kraken_rest, "XCHNGUSD", "XCHNG-USD"),  # eight letters, but no mark before the quote
    ],
)
def test_wire_symbol_becomes_canonical(read, wire: str, symbol: str) -> None:  # type: ignore[no-untyped-def]
    assert read(wire) == symbol


@pytest.mark.parametrize(
    ("read", "wire"),
    [
        (symbols.from_dash, "BTC-USDT-SWAP"),
        (symbols.from_dash, "BTC-USD-220325"),
        (symbols.from_dash, "BTC-PERP-INTX"),
        (symbols.from_dash, "BTC-PERP"),
        (symbols.from_dash, "BTCUSD"),
        (symbols.from_dash, "BTC-"),
        (symbols.from_dash, "BTC-U\u017fD"),  # a long s whose upper case is S
        (symbols.from_dash, "B" * 25 + "-USD"),
        (symbols.from_dash, "B" * 1_000_000),
        (symbols.from_slash, "XBT/USD.d"),
        (symbols.from_slash, "XBTUSD"),
        (symbols.from_slash, "A/B/C"),
        (symbols.from_binance, "BTCUSDT_220325"),
        (symbols.from_binance, "BTCUSD_PERP"),
        (symbols.from_binance, "USDT"),
        (symbols.from_kraken_rest, "XXBTZUSD.d"),
        (symbols.from_kraken_rest, "PF_XBTUSD"),
        (symbols.from_bitstamp, "btcusd-perp"),
        (symbols.from_bitstamp, "usd"),
        (symbols.from_polygon, "X:BTCQQQ"),
        (symbols.from_polygon, "X:"),
        (symbols.from_polygon, "C:EUR-USD"),
    ],
)
def test_what_is_no_spot_pair_is_refused(read, wire: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SymbolError):
        read(wire)


def test_unknown_quote_is_refused_and_the_error_says_what_to_do() -> None:
    with pytest.raises(SymbolError, match="'BTCQQQ' ends in no known quote: give the venue's list of products"):
        symbols.from_binance("BTCQQQ")


def test_table_of_products_goes_before_the_suffix() -> None:
    products = symbols.binance_products(
        {
            "symbols": [
                {"symbol": "BTCAEUR", "baseAsset": "BTC", "quoteAsset": "AEUR"},
                {"symbol": "ABCQQQ", "baseAsset": "ABC", "quoteAsset": "QQQ"},
                {"symbol": "BTCUSDT_220325", "baseAsset": "BTC", "quoteAsset": "USDT_220325"},
            ]
        }
    )
    assert products == {"BTCAEUR": "BTC-AEUR", "ABCQQQ": "ABC-QQQ"}
    assert symbols.from_binance("BTCAEUR", products) == "BTC-AEUR"
    assert symbols.from_binance("ETHUSDT", products) == "ETH-USDT"
    assert symbols.to_binance("ABC-QQQ", products) == "ABCQQQ"


def test_table_of_pairs_goes_before_the_suffix() -> None:
    pairs = symbols.kraken_pairs(
        {
            "error": [],
            "result": {
                "XXBTZUSD": {"altname": "XBTUSD", "wsname": "XBT/USD"},
                "XTZUSD": {"altname": "XTZUSD", "wsname": "XTZ/USD"},
                "XXBTZUSD.d": {"altname": "XBTUSD.d", "wsname": "XBT/USD.d"},
                "OLD": {"altname": "OLD"},
            },
        }
    )
    assert pairs == {"XXBTZUSD": "BTC-USD", "XTZUSD": "XTZ-USD"}
    assert symbols.to_kraken_rest("BTC-USD", pairs) == "XXBTZUSD"


@pytest.mark.parametrize(
    ("wire", "symbol"),
    [
        ("btcusd", "BTC-USD"),
        ("usdtusd", "USDT-USD"),
        ("btcusdt", "BTC-USDT"),
        ("btcusdc", "BTC-USDC"),
        ("linketh", "LINK-ETH"),
        ("xrppax", "XRP-PAX"),
        ("paxusd", "PAX-USD"),
        ("eth2eth", "ETH2-ETH"),
        ("eurteur", "EURT-EUR"),
    ],
)
def test_bitstamps_joined_names_end_in_their_longest_quote(wire: str, symbol: str) -> None:
    assert symbols.from_bitstamp(wire) == symbol
    assert symbols.to_bitstamp(symbol) == wire


@pytest.mark.parametrize("wire", ["BTC-USD", "X:BTC-USD", "X:BTCUSD", "BTCUSD"])
def test_polygons_names_with_and_without_a_dash(wire: str) -> None:
    assert symbols.from_polygon(wire) == "BTC-USD"


@pytest.mark.parametrize(
    ("wire", "derivative"),
    [("BTC-USDT", False), ("BTC-USDT-SWAP", True), ("BTC-USD-220325", True), ("BTC-USD-220325-40000-C", True)],
)
def test_instrument_of_more_than_two_parts_is_a_derivative(wire: str, derivative: bool) -> None:
    assert symbols.is_derivative(wire) is derivative


def test_canonical_symbol_goes_back_to_the_wire() -> None:
    assert symbols.to_slash("BTC-USD") == "BTC/USD"
    assert symbols.to_slash_v1("DOGE-BTC") == "XDG/XBT"
    assert symbols.to_kraken_rest("BTC-USD") == "XBTUSD"
    assert symbols.to_binance("BTC-USDT") == "BTCUSDT"


@pytest.mark.parametrize("symbol", ["btc-usd", "BTC/USD", "BTCUSD", "BTC-USD-SWAP", "BTC-PERP", "", "BTC-USD\n"])
def test_symbol_that_is_not_canonical_is_never_put_into_a_request(symbol: str) -> None:
    for write in (symbols.to_slash, symbols.to_slash_v1, symbols.to_binance, symbols.to_kraken_rest):
        with pytest.raises(SymbolError):
            write(symbol)


def test_error_survives_pickling() -> None:
    error = SymbolError("BTCQQQ", "is unknown")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
