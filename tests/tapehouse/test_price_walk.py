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


@pytest.mark.parametrize("symbol", ["BTC-USD", "DOGE-USD", "NO-PE"])
@pytest.mark.parametrize("share", [0.0, 0.999])
def test_a_price_that_jumped_is_drawn_back_and_venues_stay_at_one_price(symbol: str, share: float) -> None:
    walk, uniform = PriceWalk(start_price(symbol)), Random(1).random
    start = walk.price
    jump = iter([0.99999, share])
    walk.step(lambda: next(jump))
    away = [abs(walk.price - start) / start]
    for _ in range(7_100):
        walk.step(lambda: uniform() * 0.99)  # never the jump, which is the last of the moves
        away.append(abs(walk.price - start) / start)
    assert away[0] == pytest.approx(0.02, rel=0.01)
    assert away[710] == pytest.approx(0.01, abs=0.005)
    assert max(away[-500:]) < 0.008


@pytest.mark.parametrize("symbol", ["BTC-USD", "XRP-USD", "NO-PE"])
def test_nine_prices_in_ten_are_near_the_start(symbol: str) -> None:
    walk, uniform = PriceWalk(start_price(symbol)), Random(7).random
    start, near = walk.price, 0
    for _ in range(200_000):
        walk.step(uniform)
        near += abs(walk.price - start) * 100 <= start
    assert 180_000 < near < 200_000


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
