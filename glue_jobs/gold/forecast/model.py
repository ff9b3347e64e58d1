"""Geometric Brownian motion: its drift and volatility from vwaps, and paths of it by true Monte Carlo.

Pure numpy. A price moves a step by ``exp(mu - sigma**2 / 2 + sigma * z)``, with a z of its own for each path and step.
Two machines of one version of numpy draw the same; what libraries round in the last place is below the twelve digits
that are kept.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

MODEL: Final = 1
"""Another number, and so other draws, whenever something in here makes other prices of the same candles."""
QUANTILES: Final = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
BINS: Final = 50
LEAST_RETURNS: Final = 3
"""Of fewer there is nothing to estimate."""
_LEAST_PRICE: Final = 1e-12
_MOST_PRICE: Final = 9.99e15
"""What a trade's price can be; twelve digits of more do not fit its column."""
_LEAST_SHARE: Final = 0.25
_PLACES: Final = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a window of vwaps says of a step."""

    mu: float
    """Drift of the price a step: the mean log return + sigma² / 2."""
    sigma: float
    """Deviation of a step's log return, as the price at two instants has it."""
    return_deviation: float
    """Plain sample deviation of the vwaps' log returns a step."""
    returns: int


def estimate(places: Ints, vwaps: Floats) -> Estimate | None:
    """Drift and volatility a step; None where fewer than ``LEAST_RETURNS`` returns, or nothing but gaps, say nothing.

    ``places``: the numbers of the windows that have a vwap, ascending; ``vwaps``: that of dust alone rounds to 0, which
    no return leads to, and its window is none. A return over k windows counts as one of k steps, so a gap neither adds
    to the volatility nor takes from it.

    A vwap is a mean over its window, and differences of means vary less than the price does: by a third where trades
    fill the windows. What is missing is in the covariance of neighbours, wherever in their windows the trades lie; so
    the variance is that of the returns and twice that covariance. Where prices jump to and fro without going anywhere
    the sum is near 0, or below: a quarter of the plain variance is the least.
    """
    places, vwaps = places[vwaps > 0], vwaps[vwaps > 0]
    gaps = np.diff(places).astype(np.float64)
    returns = np.diff(np.log(vwaps))
    if len(returns) < LEAST_RETURNS:
        return None
    steps = float(gaps.sum())
    mean = float(returns.sum()) / steps
    rest = returns - mean * gaps
    squares, across = float(rest @ rest), 2 * float(rest[1:] @ rest[:-1])
    # The mean was taken of the same returns: so many steps' variance is lost to it.
    lost_plain = float(gaps @ gaps) / steps
    lost = lost_plain + 2 * float(gaps[1:] @ gaps[:-1]) / steps
    plain = squares / (steps - lost_plain)
    variance = max((squares + across) / (steps - lost), _LEAST_SHARE * plain) if steps - lost > 0.5 else plain
    sigma, deviation = _kept(math.sqrt(variance)), _kept(math.sqrt(plain))
    return Estimate(_kept(mean + sigma**2 / 2), sigma, deviation, len(returns))


def seed_of(exchange: str, symbol: str, as_of_us: int) -> int:
    """The seed of a market's forecast, 0 … 2^63 - 1: the same on any machine."""
    told = json.dumps([MODEL, exchange, symbol, as_of_us]).encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big") >> 1


def log_paths(*, mu: float, sigma: float, paths: int, seed: int, steps: Sequence[int]) -> Iterator[Floats]:
    """At each of ``steps`` (ascending, from 1), every path's log of its price over the first one's.

    The array is written on by the next: use it first. Memory is that of two steps, however many there are.
    """
    dice = np.random.Generator(np.random.PCG64(seed))
    drift = mu - sigma**2 / 2
    at, move = np.zeros(paths), np.empty(paths)
    asked = set(steps)
    for step in range(1, max(asked) + 1):
        dice.standard_normal(out=move)
        move *= sigma
        move += drift
        at += move
        if step in asked:
            yield at


def prices_of(last_price: float, logs: Floats) -> tuple[Floats, bool]:
    """The paths' prices, and whether one had to be held where a trade's price ends (nothing ever overflows)."""
    low, high = math.log(_LEAST_PRICE / last_price), math.log(_MOST_PRICE / last_price)
    held = np.clip(logs, low, high)
    return last_price * np.exp(held), bool((held != logs).any())


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many prices lie in which bin."""

    edges: Floats
    """One more than there are bins; two equal ones where all prices are one."""
    counts: Ints


def histogram(prices: Floats) -> Histogram:
    """The prices in ``BINS`` bins from the lowest to the highest, equally wide in the log: also of prices far apart."""
    low, high = float(np.min(prices)), float(np.max(prices))
    edges = np.array([rounded(each) for each in np.geomspace(low, high, BINS + 1)]) if high > low else np.empty(0)
    # What twelve digits, or twelve decimals, do not tell apart is one price.
    if not len(edges) or (np.diff(edges) <= 0).any():
        return Histogram(np.array([rounded(low), rounded(high)]), np.array([len(prices)], np.int64))
    edge_of = np.searchsorted(edges, prices, side="right") - 1
    counts = np.bincount(np.clip(edge_of, 0, BINS - 1), minlength=BINS)
    return Histogram(edges, counts.astype(np.int64))


def rounded(price: float) -> float:
    """A price as it is kept: twelve digits, and at most twelve decimals."""
    return float(kept_price(price))


def kept_price(price: float) -> Decimal:
    """The same as a decimal."""
    return Decimal(f"{price:.12g}").quantize(_PLACES)


def _kept(value: float) -> float:
    """Twelve digits: the same wherever it was reckoned, as far as that can be."""
    return float(f"{value:.12g}")
