"""Symbols: what venues write ↔ the canonical BASE-QUOTE in upper case. XBT is BTC, XDG is DOGE.

Only spot pairs have a canonical symbol: swaps, futures, options and dark pools are refused, since their sizes are
contracts or their ids are another book's. USD, USDT and USDC are three different quotes.

Where a venue writes both assets without a mark between them (Binance, Bitstamp, Kraken's REST keys, Polygon's tickers),
its feed lists the quotes that there are, and the longest one at the end decides; an unknown quote is refused.
"""

import re
from functools import lru_cache
from typing import Final

from tapehouse.errors import TerminalError

_CACHED: Final = 4096
_CANONICAL = re.compile(r"[A-Z0-9.]{1,24}-[A-Z0-9.]{1,24}")
_LEG = re.compile(r"[A-Za-z0-9.]{1,24}")
_JOINED = re.compile(r"[A-Za-z0-9]{2,48}")
_ALIASES: Final = {"XBT": "BTC", "XDG": "DOGE"}
_NOT_SPOT: Final = frozenset({"PERP", "PERPETUAL", "SWAP", "FUT", "FUTURES"})


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


def _pair(text: str, mark: str) -> str:
    legs = text.split(mark) if isinstance(text, str) and len(text) <= 64 else []
    if len(legs) != 2 or not all(_LEG.fullmatch(leg) for leg in legs):
        raise SymbolError(str(text)[:64], f"is no spot pair BASE{mark}QUOTE")
    if legs[1].endswith(".d"):
        raise SymbolError(text, "is a dark pool")
    base, quote = (leg.upper() for leg in legs)
    return canonical(f"{_ALIASES.get(base, base)}-{_ALIASES.get(quote, quote)}")


@lru_cache(maxsize=_CACHED)
def from_dash(text: str) -> str:
    """``BTC-USD`` (Coinbase) → ``BTC-USD``; a third part (``BTC-USD-220325``, ``BTC-PERP-INTX``) is not spot."""
    return _pair(text, "-")


@lru_cache(maxsize=_CACHED)
def from_slash(text: str) -> str:
    """``XBT/USD`` (Kraken v1), ``BTC/USD`` (Kraken v2) → ``BTC-USD``."""
    return _pair(text, "/")


def to_slash(symbol: str) -> str:
    """``BTC-USD`` → ``BTC/USD``, as Kraken v2 writes it."""
    return canonical(symbol).replace("-", "/")


@lru_cache(maxsize=_CACHED)
def from_joined(text: str, quotes: frozenset[str]) -> str:
    """``BTCUSDT``, ``btcusdt`` → ``BTC-USDT``: the longest of ``quotes`` that it ends in is its quote."""
    joined = text.upper() if _JOINED.fullmatch(text) else ""
    if not joined:
        raise SymbolError(text[:64], "is no spot pair")
    for length in range(len(joined) - 1, 0, -1):
        if joined[-length:] in quotes:
            return canonical(f"{joined[:-length]}-{joined[-length:]}")
    raise SymbolError(text, "ends in no known quote: list it in QUOTES of its venue's feed")


def to_joined(symbol: str) -> str:
    """``BTC-USDT`` → ``BTCUSDT``."""
    return canonical(symbol).replace("-", "")
