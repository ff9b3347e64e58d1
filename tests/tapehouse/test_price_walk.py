"""A market's price and sizes."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapehouse.price_walk import PriceWalk, plain, start_price


def test_same_numbers_make_the_same_market_and_other_numbers_another() -> None:
    def made(seed: int) -> list[str]:
        walk, uniform = PriceWalk("64000.00"), Random(seed).random
        return [text for _ in range(50) for text in (walk.step(uniform), walk.size(uniform))]

    assert made(7) == made(7) != made(8)


def test_market_without_a_known_price_starts_at_a_hundred() -> None:
    assert (start_price("BTC-USD"), start_price("NO-PE")) == ("64000.00", "100.00")


@pytest.mark.parametrize("start", ["lowest", "highest"])
def test_the_price_is_reflected_at_its_bounds(start: str) -> None:
    walk = PriceWalk(start_price("DOGE-USD"))
    assert (walk.lowest, walk.highest) == (123_450 // 20, 123_450 * 20)
    bound = getattr(walk, start)
    inward = 1 if start == "lowest" else -1
    assert walk.reflected(bound - 7 * inward) == bound + 7 * inward
    assert walk.lowest <= walk.reflected(bound - 10**9 * inward) <= walk.highest


@given(units=st.integers(0, 10**20), decimals=st.integers(0, 12))
def test_scaled_integers_are_printed_exactly(units: int, decimals: int) -> None:
    assert Decimal(plain(units, decimals)) == Decimal(units).scaleb(-decimals)
    assert "E" not in plain(units, decimals)
