"""Tables of equally likely values."""

import math
import statistics

import pytest

from tapehouse.distributions import CELLS, exponential, lognormal, normal


def test_the_tables_are_their_distributions() -> None:
    middles = [(cell + 0.5) / CELLS for cell in range(CELLS)]
    assert exponential() == pytest.approx([-math.log(middle) for middle in middles], rel=1e-12)
    assert normal() == pytest.approx([statistics.NormalDist().inv_cdf(middle) for middle in middles], abs=1e-3)
    assert lognormal() == pytest.approx([math.exp(value) for value in normal()], rel=1e-12)
    assert statistics.fmean(exponential()) == pytest.approx(1, abs=2e-4)
    assert statistics.pstdev(normal()) == pytest.approx(1, abs=2e-3)
    assert sum(normal()) == pytest.approx(0, abs=1e-9)
