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


@pytest.mark.parametrize("side", [-1, 1])
def test_a_price_that_jumped_is_drawn_back_and_venues_stay_at_one_price(side: int) -> None:
    walk, uniform = PriceWalk("64000.00"), Random(1).random
    walk.price += side * 64_000
    away = [abs(walk.price - 6_400_000)]
    for _ in range(2_840):
        walk.step(lambda: uniform() * 0.99)  # never the jump, which is the last of the moves
        away.append(abs(walk.price - 6_400_000))
    assert away[710] < 45_000
    assert max(away[-500:]) < 20_000


def test_the_pull_prefers_no_side() -> None:
    walks = [PriceWalk("64000.00") for _ in range(8)]
    for seed, walk in enumerate(walks):
        uniform = Random(seed).random
        for _ in range(20_000):
            walk.step(uniform)
    assert {walk.price > 6_400_000 for walk in walks} == {True, False}


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
