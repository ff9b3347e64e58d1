"""Distributions as tables of equally likely values, so that a draw is one uniform number and one look-up.

Python promises the stream of ``Random.random()`` for a seed over its versions, but not those of ``gauss`` or
``expovariate``; and ``math.log`` and ``math.exp`` may differ in the last bit from one C library to the next. The tables
are made with ``decimal``, whose ``ln`` and ``exp`` are rounded correctly by its specification, and with plain sums and
products of doubles. So every draw is the same on every machine that has IEEE doubles.

A table of 4096 cells differs from its distribution by at most 1/8192 in probability. Its tails end there: at 9 times
the mean of an exponential, at 3.7 deviations of a normal.
"""

import itertools
from decimal import Context, Decimal
from functools import cache
from typing import Final

CELLS: Final = 4096
_CONTEXT: Final = Context(prec=16)
_GRID: Final = 256
"""Steps a deviation in which the normal density is summed up."""
_REACH: Final = 5
"""Deviations."""


@cache
def exponential() -> tuple[float, ...]:
    """Of mean 1, in the middle of each cell."""
    return tuple(float(-_CONTEXT.ln(Decimal(2 * cell + 1) / (2 * CELLS))) for cell in range(CELLS))


@cache
def normal() -> tuple[float, ...]:
    """Of mean 0 and deviation 1, in the middle of each cell, ascending."""
    density = [float(_CONTEXT.exp(Decimal(-step * step) / (2 * _GRID * _GRID))) for step in range(_REACH * _GRID + 1)]
    below = [0.0]
    for left, right in itertools.pairwise(density):
        below.append(below[-1] + (left + right) / 2)
    upper: list[float] = []
    step = 0
    for cell in range(CELLS // 2):
        wanted = below[-1] * (2 * cell + 1) / CELLS
        while below[step + 1] < wanted:
            step += 1
        upper.append((step + (wanted - below[step]) / (below[step + 1] - below[step])) / _GRID)
    return (*(-value for value in reversed(upper)), *upper)


@cache
def lognormal() -> tuple[float, ...]:
    """Of median 1, its logarithm of deviation 1, in the middle of each cell, ascending."""
    return tuple(float(_CONTEXT.exp(Decimal(value))) for value in normal())
