"""The kernel against what is known of geometric Brownian motion.

Of n paths, those at or below the true quantile of p are binomial: six of its deviations are left on either side, which
sound draws leave once in 500 million. Seeds are fixed.
"""

import math
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pytest

from glue_jobs.gold.forecast.model import (
    BINS,
    QUANTILES,
    Floats,
    estimate,
    histogram,
    log_paths,
    prices_of,
    seed_of,
)

PATHS = 20_000
MU, SIGMA = 0.0004, 0.01


def paths(seed: int = 7, steps: tuple[int, ...] = (1, 13, 60), *, mu: float = MU, sigma: float = SIGMA) -> list[Floats]:
    return [each.copy() for each in log_paths(mu=mu, sigma=sigma, paths=PATHS, seed=seed, steps=steps)]


@pytest.mark.parametrize("share", QUANTILES.values())
def test_quantiles_at_each_horizon_are_those_of_the_closed_form(share: float) -> None:
    for step, logs in zip((1, 13, 60), paths(), strict=True):
        due = (MU - SIGMA**2 / 2) * step + SIGMA * math.sqrt(step) * NormalDist().inv_cdf(share)
        below = int((logs <= due).sum())
        assert abs(below - PATHS * share) <= 6 * math.sqrt(PATHS * share * (1 - share)), step


def test_the_mean_price_grows_by_mu() -> None:
    prices, _ = prices_of(100.0, paths(steps=(60,))[0])
    spread = 100 * math.exp(MU * 60) * math.sqrt(math.expm1(SIGMA**2 * 60) / PATHS)
    assert abs(prices.mean() - 100 * math.exp(MU * 60)) < 6 * spread


def test_each_path_and_step_has_a_draw_of_its_own() -> None:
    """One draw a path, stretched by the root of time, has the right quantiles too: of it the moves go along."""
    steps = tuple(range(1, 13))
    levels = np.array([np.zeros(PATHS), *paths(steps=steps)])
    moves = np.diff(levels, axis=0)
    assert len(np.unique(moves)) == moves.size
    for one, other in combinations(range(len(steps)), 2):
        assert abs(np.corrcoef(moves[one], moves[other])[0, 1]) < 6 / math.sqrt(PATHS)
    assert abs(np.corrcoef(moves[0][:-1], moves[0][1:])[0, 1]) < 6 / math.sqrt(PATHS)
    # A path's highest point: of one draw it is never above both ends; of true paths mostly.
    inner = (levels[1:-1].max(axis=0) > np.maximum(levels[0], levels[-1])).mean()
    assert inner > 0.5


def test_a_seed_says_everything() -> None:
    assert [each.tolist() for each in paths()] == [each.tolist() for each in paths()]
    assert not np.isin(paths(seed=8)[0], paths(seed=7)[0]).any()
    alone = paths(steps=(60,))[0]
    assert alone.tolist() == paths()[2].tolist(), "asked for alone, a horizon is the same"


def test_seeds_differ_by_market_and_time() -> None:
    asked = [("a", "b", 1), ("a", "b", 2), ("a", "c", 1), ("b", "b", 1), ("a\nb", "", 1), ("a", "\nb", 1)]
    assert len({seed_of(*each) for each in asked}) == len(asked)
    assert all(0 <= seed_of(*each) < 2**63 for each in asked)
    assert seed_of("kraken", "BTC-USD", 1_760_000_000_000_000) == 3026722730615067350, "stored rows name it"


# --- the estimate


def walk(windows: int, trades: int, *, mu: float = MU, sigma: float = SIGMA, seed: int = 5) -> Floats:
    """vwaps of windows with so many trades of one size each, evenly spaced."""
    dice = np.random.default_rng(seed)
    moves = (mu - sigma**2 / 2) / trades + sigma / math.sqrt(trades) * dice.standard_normal(windows * trades)
    return np.asarray(np.exp(np.cumsum(moves)).reshape(windows, trades).mean(axis=1))


def test_the_estimate_is_what_its_formula_says() -> None:
    vwaps = walk(50, 1)
    returns = np.diff(np.log(vwaps))
    rest, count = returns - returns.mean(), len(returns)
    found = estimate(np.arange(50), vwaps)
    assert found is not None
    variance = (rest @ rest + 2 * (rest[1:] @ rest[:-1])) / (count - 3 + 2 / count)
    assert found.return_deviation == pytest.approx(returns.std(ddof=1), rel=1e-9)
    assert found.sigma == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert found.mu == pytest.approx(returns.mean() + variance / 2, rel=1e-9)
    assert found.returns == count


@pytest.mark.parametrize("trades", [1, 2, 40])
def test_the_volatility_is_the_price_s_however_many_trades_a_window_has(trades: int) -> None:
    """Of 10,000 returns sigma is known to 1.3 %. The plain deviation of many-trade vwaps is 18 % too small."""
    found = estimate(np.arange(10_001), walk(10_001, trades))
    assert found is not None
    assert found.sigma == pytest.approx(SIGMA, rel=0.07)
    assert found.mu == pytest.approx(MU, abs=6 * SIGMA / 100)
    if trades == 40:
        assert found.return_deviation == pytest.approx(SIGMA * math.sqrt(2 / 3), rel=0.07)


def test_windows_without_trades_neither_add_nor_take() -> None:
    places = np.sort(np.random.default_rng(3).choice(30_000, 10_000, replace=False))
    found = estimate(places, walk(30_000, 40)[places])
    assert found is not None
    assert found.sigma == pytest.approx(SIGMA, rel=0.07)


def test_a_price_that_only_jumps_to_and_fro_keeps_a_quarter_of_its_variance() -> None:
    found = estimate(np.arange(100), np.tile([100.0, 101.0], 50))
    assert found is not None
    assert found.sigma == pytest.approx(found.return_deviation / 2)


def test_a_window_of_dust_whose_vwap_rounds_to_nothing_is_none() -> None:
    """0.0000001 for 10^-12 is a valid trade, and its quote_size is 0 to 18 digits."""
    places, vwaps = np.arange(41), walk(41, 40)
    dust = vwaps.copy()
    dust[[0, 7, 40]] = 0.0
    without = np.delete(places, [0, 7, 40])
    assert estimate(places, dust) == estimate(without, vwaps[without])
    assert estimate(places, np.zeros(41)) is None


def test_too_little_says_nothing() -> None:
    assert estimate(np.arange(0), np.empty(0)) is None
    assert estimate(np.arange(3), np.array([1.0, 2.0, 3.0])) is None


def test_returns_over_one_great_gap_are_no_division_by_nothing() -> None:
    found = estimate(np.array([0, 1_000_000, 1_000_001, 1_000_002]), np.array([1.0, 2.0, 2.0, 2.0]))
    assert found is not None
    assert math.isfinite(found.sigma)
    assert math.isfinite(found.mu)


def test_a_price_that_stands_has_no_volatility() -> None:
    found = estimate(np.arange(9), np.full(9, 60_000.123456789))
    assert found is not None
    assert (found.mu, found.sigma) == (0.0, 0.0)


# --- prices and bins


@pytest.mark.parametrize("sigma", [50.0, 1e150])
def test_extreme_volatility_is_held_where_prices_end_and_told(sigma: float) -> None:
    for logs in paths(mu=sigma**2 / 2, sigma=sigma):
        prices, bounded = prices_of(60_000.0, logs)
        assert bounded
        assert np.isfinite(prices).all()
        assert np.min(prices) >= 1e-12 * (1 - 1e-9)
        assert np.max(prices) <= 9.99e15 * (1 + 1e-9)


def test_ordinary_paths_are_not_held() -> None:
    assert prices_of(60_000.0, paths()[2])[1] is False


def test_every_path_is_in_one_bin() -> None:
    prices, _ = prices_of(100.0, paths()[2])
    found = histogram(prices)
    assert (len(found.edges), len(found.counts)) == (BINS + 1, BINS)
    assert found.counts.sum() == PATHS
    for number in range(1, BINS - 1):
        inside = (prices >= found.edges[number]) & (prices < found.edges[number + 1])
        assert found.counts[number] == inside.sum()


def test_one_price_is_one_bin() -> None:
    found = histogram(np.full(10, 3.5))
    assert (found.edges.tolist(), found.counts.tolist()) == ([3.5, 3.5], [10])
