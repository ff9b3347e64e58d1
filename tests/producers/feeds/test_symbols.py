"""The table of symbols, both ways."""

import pickle

import pytest

from producers.feeds import SymbolError, binance, bitstamp, bybit, kraken, okx, polygon, symbols


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
        (binance.read_symbol, "BTCUSDT", "BTC-USDT"),
        (binance.read_symbol, "btcusdt", "BTC-USDT"),
        (binance.read_symbol, "BTCBUSD", "BTC-BUSD"),
        (binance.read_symbol, "BTCSTUSDT", "BTCST-USDT"),
        (binance.read_symbol, "RENBTCETH", "RENBTC-ETH"),
        (binance.read_symbol, "BUSDTRY", "BUSD-TRY"),
        (binance.read_symbol, "ADAEUR", "ADA-EUR"),
        (binance.read_symbol, "BTCEURI", "BTC-EURI"),
        (bybit.read_symbol, "BTCUSDT", "BTC-USDT"),
        (bybit.read_symbol, "USDCUSDT", "USDC-USDT"),
        (bybit.read_symbol, "BTCUSDE", "BTC-USDE"),
        (kraken.read_symbol, "XXBTZUSD", "BTC-USD"),
        (kraken.read_symbol, "XBTUSDT", "BTC-USDT"),
        (kraken.read_symbol, "XETHZEUR", "ETH-EUR"),
        (kraken.read_symbol, "XETHXXBT", "ETH-BTC"),
        (kraken.read_symbol, "XTZUSD", "XTZ-USD"),  # Tezos: the X is its own
        (kraken.read_symbol, "XDGUSD", "DOGE-USD"),
        (binance.read_symbol, "XBTUSDT", "XBT-USDT"),  # old names are Kraken's
        (kraken.read_symbol, "XRPRLUSD", "XRP-RLUSD"),  # the longest quote, not USD
        (kraken.read_symbol, "XCHNGUSD", "XCHNG-USD"),  # eight letters, but no mark before the quote
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
        (binance.read_symbol, "BTCUSDT_220325"),
        (binance.read_symbol, "BTCUSD_PERP"),
        (binance.read_symbol, "USDT"),
        (kraken.read_symbol, "XXBTZUSD.d"),
        (kraken.read_symbol, "PF_XBTUSD"),
        (kraken.read_symbol, "xxbtzusd"),
        (kraken.read_symbol, "XBTU\u017fD"),
        (bitstamp.read_symbol, "btcusd-perp"),
        (bitstamp.read_symbol, "usd"),
        (bybit.read_symbol, "BTCPERP"),
        (polygon.read_symbol, "X:BTCQQQ"),
        (polygon.read_symbol, "X:"),
        (polygon.read_symbol, "C:EUR-USD"),
    ],
)
def test_what_is_no_spot_pair_is_refused(read, wire: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SymbolError):
        read(wire)


def test_unknown_quote_is_refused_and_the_error_says_what_to_do() -> None:
    with pytest.raises(SymbolError, match="'BTCQQQ' ends in no known quote: list it in QUOTES"):
        binance.read_symbol("BTCQQQ")


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
    assert bitstamp.read_symbol(wire) == symbol
    assert bitstamp.write_symbol(symbol) == wire


@pytest.mark.parametrize("wire", ["BTC-USD", "X:BTC-USD", "X:BTCUSD", "BTCUSD"])
def test_polygons_names_with_and_without_a_dash(wire: str) -> None:
    assert polygon.read_symbol(wire) == "BTC-USD"


@pytest.mark.parametrize(
    ("wire", "derivative"),
    [("BTC-USDT", False), ("BTC-USDT-SWAP", True), ("BTC-USD-220325", True), ("BTC-USD-220325-40000-C", True)],
)
def test_instrument_of_more_than_two_parts_is_a_derivative(wire: str, derivative: bool) -> None:
    assert okx.is_derivative(wire) is derivative


def test_canonical_symbol_goes_back_to_the_wire() -> None:
    assert symbols.to_slash("BTC-USD") == "BTC/USD"
    assert kraken.write_symbol("DOGE-BTC") == "XDGXBT"
    assert kraken.write_symbol("BTC-USD") == "XBTUSD"
    assert binance.write_symbol("BTC-USDT") == "BTCUSDT"


@pytest.mark.parametrize("symbol", ["btc-usd", "BTC/USD", "BTCUSD", "BTC-USD-SWAP", "BTC-PERP", "", "BTC-USD\n"])
def test_symbol_that_is_not_canonical_is_never_put_into_a_request(symbol: str) -> None:
    for write in (symbols.to_slash, bitstamp.write_symbol, binance.write_symbol, kraken.write_symbol):
        with pytest.raises(SymbolError):
            write(symbol)


def test_error_survives_pickling() -> None:
    error = SymbolError("BTCQQQ", "is unknown")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
