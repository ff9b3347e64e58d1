"""Symbols: what a venue writes ↔ the canonical BASE-QUOTE in upper case. XBT is BTC, XDG is DOGE.

Only spot pairs have a canonical symbol: swaps, futures, options and dark pools are refused, since their sizes are
contracts or their ids are another book's. USD, USDT and USDC are three different quotes.

Where the wire writes both assets without a mark between them (Binance, Bitstamp, Kraken's REST keys, Polygon's
tickers) the venue's own list is the look-up: ``binance_products``, ``bitstamp_pairs`` and ``kraken_pairs`` build the
tables. Without a table the longest known quote at the end decides; that is a guess, made from the quotes listed here,
and an unknown quote is refused.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from tapehouse.errors import TerminalError

_CACHED: Final = 4096
_CANONICAL = re.compile(r"[A-Z0-9.]{1,24}-[A-Z0-9.]{1,24}")
_LEG = re.compile(r"[A-Za-z0-9.]{1,24}")
_JOINED = re.compile(r"[A-Za-z0-9]{2,48}")
_ALIASES: Final = {"XBT": "BTC", "XDG": "DOGE"}
_OLD_NAMES: Final = {"BTC": "XBT", "DOGE": "XDG"}
_NOT_SPOT: Final = frozenset({"PERP", "PERPETUAL", "SWAP", "FUT", "FUTURES"})

# AEUR and XUSD are left out: ADAEUR and the like end in them by chance. USD is no quote of Binance.
_BINANCE: Final = (
    "USDT USDC FDUSD TUSD BUSD USDP USDS USD1 UST DAI VAI PAX BTC ETH BNB XRP TRX DOGE SOL DOT EUR EURI GBP AUD BRL"
    " TRY RUB UAH NGN ZAR PLN RON ARS COP CZK JPY MXN IDRT BIDR BVND BKRW"
)
_KRAKEN: Final = "USD EUR GBP CAD JPY AUD CHF XBT BTC ETH USDT USDC USDG USDQ USDR RLUSD DAI EURC"
_BITSTAMP: Final = "USD EUR GBP BTC ETH USDT USDC PAX RLUSD"
_POLYGON: Final = "USD EUR GBP JPY CAD AUD CHF KRW BTC ETH USDT USDC"
BINANCE_QUOTES: Final = frozenset(_BINANCE.split())
KRAKEN_QUOTES: Final = frozenset(_KRAKEN.split())
BITSTAMP_QUOTES: Final = frozenset(_BITSTAMP.split())
POLYGON_QUOTES: Final = frozenset(_POLYGON.split())


class SymbolError(TerminalError):
    """A symbol that is no spot pair, or cannot be mapped."""

    def __init__(self, symbol: str, reason: str) -> None:
        super().__init__(symbol, reason)
        self.symbol = symbol
        self.reason = reason

    def __str__(self) -> str:
        return f"symbol {self.symbol[:48]!a} {self.reason}"


def canonical(symbol: str) -> str:
    """``symbol`` itself if it is a canonical spot symbol; raises SymbolError if not."""
    if not _CANONICAL.fullmatch(symbol):
        raise SymbolError(symbol, "is not BASE-QUOTE in upper case")
    if not _NOT_SPOT.isdisjoint(symbol.split("-")):
        raise SymbolError(symbol, "is no spot pair")
    return symbol


def _pair(wire: str, mark: str) -> str:
    legs = wire.split(mark) if isinstance(wire, str) and len(wire) <= 64 else []
    if len(legs) != 2 or not all(_LEG.fullmatch(leg) for leg in legs):
        raise SymbolError(str(wire)[:64], f"is no spot pair BASE{mark}QUOTE")
    if legs[1].endswith(".d"):
        raise SymbolError(wire, "is a dark pool")
    base, quote = (leg.upper() for leg in legs)
    return canonical(f"{_ALIASES.get(base, base)}-{_ALIASES.get(quote, quote)}")


@lru_cache(maxsize=_CACHED)
def from_dash(wire: str) -> str:
    """``BTC-USD`` (Coinbase) → ``BTC-USD``; a third part (``BTC-USD-220325``, ``BTC-PERP-INTX``) is not spot."""
    return _pair(wire, "-")


@lru_cache(maxsize=_CACHED)
def from_slash(wire: str) -> str:
    """``XBT/USD`` (Kraken v1), ``BTC/USD`` (Kraken v2) → ``BTC-USD``."""
    return _pair(wire, "/")


def to_slash(symbol: str) -> str:
    """``BTC-USD`` → ``BTC/USD``, as Kraken v2 writes it."""
    return canonical(symbol).replace("-", "/")


def to_slash_v1(symbol: str) -> str:
    """``BTC-USD`` → ``XBT/USD``, as Kraken v1 writes it."""
    return "/".join(_OLD_NAMES.get(leg, leg) for leg in canonical(symbol).split("-"))


def _split_at_quote(wire: str, quotes: frozenset[str]) -> tuple[str, str]:
    for length in range(len(wire) - 1, 0, -1):
        if wire[-length:] in quotes:
            return wire[:-length], wire[-length:]
    raise SymbolError(wire, "ends in no known quote: give the venue's list of products as the look-up table")


@lru_cache(maxsize=_CACHED)
def _from_binance_suffix(wire: str) -> str:
    if not _JOINED.fullmatch(wire):
        raise SymbolError(wire[:64], "is no spot pair of Binance")
    return canonical("-".join(_split_at_quote(wire.upper(), BINANCE_QUOTES)))


def from_binance(wire: str, products: Mapping[str, str] | None = None) -> str:
    """``BTCUSDT`` → ``BTC-USDT``, by the table (see ``binance_products``), else by the longest known quote."""
    found = products.get(wire) if products else None
    return found or _from_binance_suffix(wire)


def to_binance(symbol: str, products: Mapping[str, str] | None = None) -> str:
    """``BTC-USDT`` → ``BTCUSDT``, by the table where it knows the symbol."""
    wanted = canonical(symbol)
    return next((wire for wire, known in (products or {}).items() if known == wanted), wanted.replace("-", ""))


@lru_cache(maxsize=_CACHED)
def _from_kraken_suffix(wire: str) -> str:
    if not _JOINED.fullmatch(wire):
        raise SymbolError(wire[:64], "is no spot pair of Kraken")
    # The old keys mark both assets, X for a coin and Z for a currency, in three letters each: XXBTZUSD. XTZUSD is not
    # one of them: it is Tezos.
    if len(wire) == 8 and wire[0] in "XZ" and wire[4] in "XZ" and wire[5:] in KRAKEN_QUOTES:
        return _pair(f"{wire[1:4]}/{wire[5:]}", "/")
    return _pair("/".join(_split_at_quote(wire, KRAKEN_QUOTES)), "/")


def from_kraken_rest(wire: str, pairs: Mapping[str, str] | None = None) -> str:
    """``XXBTZUSD``, ``XBTUSD`` → ``BTC-USD``, by the table (see ``kraken_pairs``), else by the longest known quote."""
    found = pairs.get(wire) if pairs else None
    return found or _from_kraken_suffix(wire)


def to_kraken_rest(symbol: str, pairs: Mapping[str, str] | None = None) -> str:
    """``BTC-USD`` → the table's key, else ``XBTUSD``, the short name that the venue takes as well."""
    wanted = canonical(symbol)
    short = to_slash_v1(wanted).replace("/", "")
    return next((wire for wire, known in (pairs or {}).items() if known == wanted), short)


@lru_cache(maxsize=_CACHED)
def _from_bitstamp_suffix(wire: str) -> str:
    if not _JOINED.fullmatch(wire):
        raise SymbolError(wire[:64], "is no spot pair of Bitstamp")
    return canonical("-".join(_split_at_quote(wire.upper(), BITSTAMP_QUOTES)))


def from_bitstamp(wire: str, pairs: Mapping[str, str] | None = None) -> str:
    """``btcusd`` → ``BTC-USD``, by the table (see ``bitstamp_pairs``), else by the longest known quote.

    Perpetuals (``btcusd-perp``) are refused.
    """
    found = pairs.get(wire) if pairs else None
    return found or _from_bitstamp_suffix(wire)


def to_bitstamp(symbol: str, pairs: Mapping[str, str] | None = None) -> str:
    """``BTC-USD`` → ``btcusd``, by the table where it knows the symbol."""
    wanted = canonical(symbol)
    return next((wire for wire, known in (pairs or {}).items() if known == wanted), wanted.replace("-", "").lower())


@lru_cache(maxsize=_CACHED)
def from_polygon(wire: str) -> str:
    """``BTC-USD``, ``X:BTC-USD`` → ``BTC-USD``; a ticker without a dash (``X:BTCUSD``) by the longest known quote."""
    bare = wire.removeprefix("X:")
    if "-" in bare or not _JOINED.fullmatch(bare):
        return _pair(bare, "-")
    return canonical("-".join(_split_at_quote(bare.upper(), POLYGON_QUOTES)))


def is_derivative(wire: str) -> bool:
    """Whether an instrument of OKX is none of spot: ``BTC-USDT-SWAP``, ``BTC-USD-220325``, an option."""
    return wire.count("-") > 1


def binance_products(exchange_info: Mapping[str, Any]) -> dict[str, str]:
    """``GET /api/v3/exchangeInfo``, decoded → wire symbol → canonical symbol, of the spot products."""
    table: dict[str, str] = {}
    for row in exchange_info["symbols"]:
        try:
            table[row["symbol"]] = _pair(f"{row['baseAsset']}/{row['quoteAsset']}", "/")
        except SymbolError:
            continue
    return table


def kraken_pairs(asset_pairs: Mapping[str, Any]) -> dict[str, str]:
    """``GET /0/public/AssetPairs``, decoded → REST key → canonical symbol; dark pools are left out."""
    table: dict[str, str] = {}
    for key, row in asset_pairs["result"].items():
        try:
            table[key] = from_slash(row["wsname"])
        except (KeyError, SymbolError):
            continue
    return table


def bitstamp_pairs(trading_pairs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """``GET /api/v2/trading-pairs-info/``, decoded → channel suffix → canonical symbol, of the spot pairs."""
    table: dict[str, str] = {}
    for row in trading_pairs:
        try:
            table[row["url_symbol"]] = from_slash(row["name"])
        except (KeyError, SymbolError):
            continue
    return table
