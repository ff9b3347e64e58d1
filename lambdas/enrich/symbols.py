"""Which assets a text names, by exact tokens and names. A small table: what it does not list is found by ``$`` alone.

Three ways to be found, for an asset of the table:

- ``$BTC`` or ``$btc``: always; for an asset out of the table too, as ``$WIF``, in upper case.
- its ticker in upper case, alone or in a pair (``BTC``, ``BTC/USD``, ``SOL-PERP``). A ticker that is a word
  (``plain=False``: LINK, ONE, NEAR) needs a pair, or a text about crypto that does not shout.
- its name (``Bitcoin``); a name that is a word (``cased``: Avalanche) as it is written, in a text about crypto.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MOST_CHARS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Asset:
    """One row of the table."""

    symbol: str
    names: tuple[str, ...] = ()
    """In lower case; found in any case."""
    cased: tuple[str, ...] = ()
    """Words of their own: found as they are written here, in a text about crypto."""
    plain: bool = True
    """Whether the ticker in upper case is no English word."""
    lower: bool = False
    """Whether people write the ticker in lower case too, and mean nothing else."""


ASSETS: Final = (
    Asset("BTC", ("bitcoin", "bitcoins", "xbt"), lower=True),
    Asset("ETH", ("ethereum",), ("Ether", "ether"), lower=True),
    Asset("USDT", ("tether",), lower=True),
    Asset("USDC", ("usd coin",), lower=True),
    Asset("BNB", ("binance coin", "bnb chain"), lower=True),
    Asset("SOL", ("solana",), plain=False),
    Asset("XRP", (), ("Ripple",), lower=True),
    Asset("ADA", ("cardano",), plain=False),
    Asset("DOGE", ("dogecoin",), lower=False),
    Asset("TRX", ("tronix",), ("Tron", "TRON"), lower=True),
    Asset("TON", ("toncoin",), plain=False),
    Asset("AVAX", (), ("Avalanche",), lower=True),
    Asset("SHIB", ("shiba inu",), lower=True),
    Asset("DOT", ("polkadot",), plain=False),
    Asset("LINK", ("chainlink",), plain=False),
    Asset("BCH", ("bitcoin cash",)),
    Asset("BSV", ("bitcoin sv",)),
    Asset("WBTC", ("wrapped bitcoin", "wrapped btc"), lower=True),
    Asset("LTC", ("litecoin",), lower=True),
    Asset("POL", ("polygon labs", "polygon network"), ("Polygon",), plain=False),
    Asset("MATIC", (), lower=True),
    Asset("NEAR", ("near protocol",), plain=False),
    Asset("UNI", ("uniswap",), plain=False),
    Asset("APT", (), ("Aptos",), plain=False),
    Asset("ICP", ("internet computer protocol",), plain=False),
    Asset("ETC", ("ethereum classic",), plain=False),
    Asset("XLM", ("stellar lumens",), ("Stellar",), lower=True),
    Asset("XMR", ("monero",), lower=True),
    Asset("ZEC", ("zcash",), lower=True),
    Asset("ATOM", ("cosmos hub",), ("Cosmos",), plain=False),
    Asset("HBAR", ("hedera", "hashgraph")),
    Asset("FIL", ("filecoin",), plain=False),
    Asset("ARB", ("arbitrum",), plain=False),
    Asset("OP", (), ("Optimism",), plain=False),
    Asset("SUI", (), ("Sui",), plain=False),
    Asset("SEI", (), ("Sei",), plain=False),
    Asset("INJ", ()),
    Asset("ALGO", ("algorand",), plain=False),
    Asset("AAVE", ("aave",)),
    Asset("MKR", ("makerdao",)),
    Asset("DAI", (), plain=False),
    Asset("CRV", ("curve dao",)),
    Asset("LDO", ("lido dao",), ("Lido",)),
    Asset("ONE", (), ("Harmony",), plain=False),
    Asset("GRT", (), ("The Graph",)),
    Asset("SAND", ("the sandbox",), plain=False),
    Asset("MANA", ("decentraland",), plain=False),
    Asset("AXS", ("axie infinity",)),
    Asset("APE", ("apecoin",), plain=False),
    Asset("PEPE", (), ("Pepe",)),
    Asset("WLD", ("worldcoin",)),
    Asset("XTZ", ("tezos",)),
    Asset("EOS", (), plain=False),
    Asset("DASH", (), plain=False),
    Asset("VET", ("vechain",), plain=False),
    Asset("KAS", ("kaspa",)),
    Asset("TAO", ("bittensor",), plain=False),
    Asset("HYPE", ("hyperliquid",), plain=False),
    Asset("LUNA", ("terra luna",), plain=False),
    Asset("UST", ("terrausd",), plain=False),
    Asset("FTT", ("ftx token",)),
)
_BY_SYMBOL: Final = {asset.symbol: asset for asset in ASSETS}
_BY_NAME: Final = {name: asset.symbol for asset in ASSETS for name in asset.names}
_BY_CASED: Final = {name: asset.symbol for asset in ASSETS for name in asset.cased}
_FIRST: Final = {name.split()[0] for name in _BY_NAME if " " in name}
_NO_ASSET: Final = frozenset({"eth zurich", "eth zürich", "ripple effect", "ripple effects"})
"""Two words that hold a name or ticker, and are something else."""
_QUOTES: Final = frozenset(
    (
        "USD",
        "USDT",
        "USDC",
        "EUR",
        "GBP",
        "JPY",
        "KRW",
        "BTC",
        "ETH",
        "BUSD",
        "FDUSD",
        "DAI",
        "TRY",
        "BRL",
        "AUD",
        "PERP",
    )
)
_CONTEXT: Final = re.compile(
    r"\b(?:crypto\w*|tokens?|altcoins?|coins?|blockchains?|stablecoins?|memecoins?|defi|staking|staked|on-?chain|web3"
    r"|airdrops?|wallets?|exchanges?|binance|coinbase|kraken|layer[ -][12]|hodl\w*|mainnet|testnet|etfs?|dex|nfts?"
    r"|validators?|hashrate|bull run|market cap|bitcoin|btc|ethereum|eth|usdt|xrp|satoshis?)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[$#]?[^\W_]+(?:[/-][^\W_]+)*|[^\s\w]")
"""Marks too: between \"Bitcoin, cash\" there is one, so that it is no Bitcoin Cash."""
_CASHTAG: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{1,9}")
_SHOUT: Final = 0.5


def symbols(cleaned: str) -> tuple[str, ...]:
    """The base assets that a cleaned text names, upper case, sorted, without repeats."""
    read = cleaned[:_MOST_CHARS]
    found = [match.group() for match in _WORD.finditer(read)]
    about_crypto = _CONTEXT.search(read) is not None
    loose = about_crypto and not _shouts(found)
    return tuple(sorted(set(_found(found, about_crypto=about_crypto, loose=loose))))


def _shouts(found: list[str]) -> bool:
    """Whether most words are in upper case, so that upper case tells nothing: ``BITCOIN IS THE ONE``."""
    letters = [word for word in found if len(word) > 1 and word.isalpha()]
    return len(letters) > 3 and sum(map(str.isupper, letters)) >= _SHOUT * len(letters)


def _found(words: list[str], *, about_crypto: bool, loose: bool) -> Iterator[str]:
    taken = 0
    for place, word in enumerate(words):
        if place < taken:
            continue
        following = words[place + 1 : place + 3]
        if " ".join((word, *following[:1])).lower() in _NO_ASSET:
            taken = place + 2
            continue
        named = _long_name(word, following)
        if named:
            taken = place + named[1]
            yield named[0]
            continue
        yield from _of_word(word, about_crypto=about_crypto, loose=loose)


def _long_name(word: str, following: list[str]) -> tuple[str, int] | None:
    """(symbol, words) of a name of several words, the longest first: Bitcoin Cash is no Bitcoin."""
    if word.lower() in _FIRST:
        for more in (2, 1):
            symbol = _BY_NAME.get(" ".join((word, *following[:more])).lower())
            if symbol and len(following) >= more:
                return symbol, more + 1
    return None


def _of_word(word: str, *, about_crypto: bool, loose: bool) -> Iterator[str]:
    if len(word) > 1 and word[0] in "$#":
        tag = word[1:].partition("-")[0].partition("/")[0]
        if word[0] == "$" and _CASHTAG.fullmatch(tag):
            yield tag.upper()
            return
        word = word[1:]
    parts = re.split(r"[/-]", word)
    if len(parts) > 1:
        pair = parts[0] in _BY_SYMBOL and parts[1] in _QUOTES
        yield from (
            [parts[0]] if pair else (each for part in parts if part for each in _plain(part, about_crypto, loose))
        )
        return
    yield from _plain(word, about_crypto, loose)


def _plain(word: str, about_crypto: bool, loose: bool) -> Iterator[str]:
    lower = word.lower()
    asset = _BY_SYMBOL.get(word) or _BY_SYMBOL.get(_base_of(word))
    if asset is not None and (asset.plain or loose or asset.symbol != word):
        yield asset.symbol
    elif lower in _BY_NAME:
        yield _BY_NAME[lower]
    elif about_crypto and word in _BY_CASED:
        yield _BY_CASED[word]
    elif lower == word and (found := _BY_SYMBOL.get(word.upper())) is not None and found.lower:
        yield found.symbol


def _base_of(word: str) -> str:
    """BTC of BTCUSDT; otherwise nothing."""
    for quote in ("USDT", "USDC", "USD", "EUR"):
        if word.endswith(quote) and len(word) > len(quote):
            return word.removesuffix(quote)
    return ""
