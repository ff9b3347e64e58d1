"""A market's price and the sizes traded at it, made from uniform numbers: the same numbers, the same texts.

The price walks at random, jumps now and then, and is drawn back to where it began: venues that know nothing of each
other stay at one price, as arbitrage keeps real ones. Sizes are log-normal, larger where the market is cheap. The
synthetic source and the simulated venues both trade by it. On any machine and Python it is the same: ``distributions``
says why.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Final

from tapehouse.distributions import CELLS, lognormal, normal

SIZE_DECIMALS: Final = 8
_MEDIAN_NOTIONAL: Final = 500
"""In quote units: sizes of a cheap market are larger."""
_WANDER: Final = 20
"""Prices stay within start / 20 … start × 20, so that no run, however long, leaves what the record can hold."""
_STEP: Final = 2e-5
"""The deviation of one trade's price from the last, of the start price."""
_PULL_BITS: Final = 10
"""A trade draws the price back by 1/1024 of its distance, which is kept in 1/1024 of a price's last decimal: half of a
jump is gone after 710 trades, and nine prices in ten are within 1 % of the start."""
_JUMP: Final = CELLS
"""The cell of the price table, behind the normal ones, that stands for a jump: one trade in 4097."""
_MOVES: Final = CELLS + 1
_JUMP_FROM, _JUMP_TO = 0.002, 0.02
"""A jump's share of the price, up or down."""
_STARTS: Final = {
    "BTC-USD": "64000.00",
    "ETH-USD": "3200.00",
    "SOL-USD": "150.000",
    "XRP-USD": "0.52000",
    "DOGE-USD": "0.123450",
}


def start_price(symbol: str) -> str:
    """Where a market begins; its decimals are those of all its prices."""
    return _STARTS.get(symbol, "100.00")


def plain(units: int, decimals: int) -> str:
    """Exact decimal text of a non-negative scaled integer."""
    whole, part = divmod(units, 10**decimals)
    return f"{whole}.{part:0{decimals}d}" if decimals else str(whole)


@cache
def _steps(start: int) -> tuple[int, ...]:
    """A trade's move from the last price, in units of the price's last decimal, each as likely."""
    step = max(1.0, start * _STEP)
    return tuple(round(value * step) for value in normal())


@cache
def _sizes(start: str) -> tuple[str, ...]:
    """As texts: they need not be written for each trade."""
    median = float(_MEDIAN_NOTIONAL / Decimal(start)) * 10**SIZE_DECIMALS
    return tuple(plain(max(1, int(value * median)), SIZE_DECIMALS) for value in lognormal())


class PriceWalk:
    """One market. ``uniform`` gives the next number of 0 to below 1, as ``random.Random(seed).random`` does."""

    __slots__ = ("_away", "_decimals", "_home", "_one", "_sizes", "_steps", "highest", "lowest", "price")

    def __init__(self, start: str) -> None:
        """``start``: the first price, as exact decimal text with at least one decimal."""
        self._decimals = len(start.partition(".")[2])
        self._one = 10**self._decimals
        self.price = int(Decimal(start).scaleb(self._decimals))
        """In units of its last decimal, as are its bounds."""
        self._home, self._away = self.price, 0
        self.lowest, self.highest = max(1, self.price // _WANDER), self.price * _WANDER
        self._steps, self._sizes = _steps(self.price), _sizes(start)

    def step(self, uniform: Callable[[], float]) -> str:
        """The next trade's price."""
        move = int(uniform() * _MOVES)
        moved = self._steps[move] if move != _JUMP else self._jump(uniform())
        self._away += (moved << _PULL_BITS) - (self._away >> _PULL_BITS)
        price = self._home + (self._away >> _PULL_BITS)
        if not self.lowest <= price <= self.highest:
            price = self.reflected(price)
            self._away = price - self._home << _PULL_BITS
        self.price = price
        if price < self._one:
            return plain(price, self._decimals)
        text = str(price)
        return f"{text[: -self._decimals]}.{text[-self._decimals :]}"

    def size(self, uniform: Callable[[], float]) -> str:
        """The next trade's size."""
        return self._sizes[int(uniform() * CELLS)]

    def _jump(self, share: float) -> int:
        """A move far out of the walk's steps; ``share`` is uniform in 0 to 1, its lower half is downward."""
        span = abs(2 * share - 1)
        move = int(self.price * (_JUMP_FROM + (_JUMP_TO - _JUMP_FROM) * span)) + 1
        return move if share >= 0.5 else -move

    def reflected(self, price: int) -> int:
        """The price inside its bounds, as far from the bound as it was outside."""
        if price < self.lowest:
            return min(2 * self.lowest - price, self.highest)
        return max(2 * self.highest - price, self.lowest)
