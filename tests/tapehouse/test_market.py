"""What names a market, as a value and as text in a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapehouse.market import MarketKey

_NAMES = st.text(st.characters(codec="utf-8", exclude_characters=":"), min_size=1)


@given(_NAMES, st.text(), _NAMES)
def test_text_gives_the_key_back(exchange: str, symbol: str, source: str) -> None:
    key = MarketKey(exchange, symbol, source)
    assert MarketKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "kraken", "kraken:BTC-USD", ":BTC-USD:kraken", "::x", "kraken:BTC-USD:"])
def test_what_lacks_a_part_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="is not exchange:symbol:source"):
        MarketKey.parse(text)
