"""Assets are found by exact tokens and names, and words that look like tickers are left words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.enrich import symbols
from lambdas.enrich.symbols import ASSETS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$BTC", ["BTC"]),
        ("$btc and $sol", ["BTC", "SOL"]),
        ("BTC's price", ["BTC"]),
        ("Bitcoin and ETHEREUM", ["BTC", "ETH"]),
        ("btc to the moon, eth next", ["BTC", "ETH"]),
        ("BTC/USD, ETH-PERP and SOLUSDT", ["BTC", "ETH", "SOL"]),
        ("#Bitcoin #XRP", ["BTC", "XRP"]),
        ("$WIF pumps", ["WIF"]),
        ("paid $5 and $70k", []),
        ("Stronger TOGETHER", []),
        ("together, whether, method", []),
        ("follow the link", []),
        ("LINK in bio", []),
        ("Chainlink (LINK) rises", ["LINK"]),
        ("the LINK token", ["LINK"]),
        ("this is THE ONE coin that YOU NEED RIGHT NOW", []),
        ("The token ONE of Harmony", ["ONE"]),
        ("sol de España", []),
        ("el SOL", []),
        ("Solana's SOL", ["SOL"]),
        ("NEAR miss on the runway", []),
        ("NEAR Protocol unveils", ["NEAR"]),
        ("an avalanche of sellers hits crypto", []),
        ("Avalanche blockchain adds", ["AVAX"]),
        ("Avalanche kills two skiers", []),
        ("Bitcoin Cash forks", ["BCH"]),
        ("Bitcoin, cash and gold", ["BTC"]),
        ("Ethereum Classic and Ethereum", ["ETC", "ETH"]),
        ("Researchers of ETH Zurich", []),
        ("Ripple effects in crypto", []),
        ("Ripple wins against the SEC over XRP token", ["XRP"]),
        ("ether falls as crypto slides", ["ETH"]),
        ("ether anaesthesia", []),
        ("Shiba Inu burns", ["SHIB"]),
        ("", []),
    ],
)
def test_assets_are_found(text: str, found: list[str]) -> None:
    assert list(symbols.symbols(text)) == found


def test_the_table_names_each_asset_and_name_once() -> None:
    listed = [asset.symbol for asset in ASSETS]
    names = [name for asset in ASSETS for name in (*asset.names, *asset.cased)]
    assert len(set(listed)) == len(listed)
    assert len(set(names)) == len(names)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_names_sorted_assets(text: str) -> None:
    found = symbols.symbols(text)
    assert list(found) == sorted(set(found))
    assert all(symbol == symbol.upper() for symbol in found)
