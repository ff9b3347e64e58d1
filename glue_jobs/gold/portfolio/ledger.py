"""What one holding's transactions come to: units, average cost and realised profit, hour by hour.

Money is in parts of 10^-8 of the quote currency; every amount is rounded half up once, where it arises:

==========  ==============================================================================================
purchase    cost grows by units x price + fee
sale        cost falls by its part, cost x sold / held; the profit realised is units x price - fee - that
            part
==========  ==============================================================================================

A transaction without a price has the newest close up to the end of its hour. Where there is none either, the cost is
not known until all is sold, and what is realised is not known any more once such units, or at such a price, were sold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from glue_jobs.engine import Flags, Ints
from glue_jobs.gold.portfolio.decimals import Wholes, half_up
from glue_jobs.gold.portfolio.holdings import UNIT, Holding

MONEY: Final = 10**8
"""Money is whole numbers of this part: eight decimals."""
TO_MONEY: Final = UNIT * UNIT // MONEY
"""A product of units and a price is whole numbers of the 10^24th part."""


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """The state behind each hour that has a transaction, by hour."""

    hours: Ints
    """Start of each, µs UTC."""
    units: Wholes
    cost: Wholes
    knows_cost: Flags
    realised: Wholes
    knows_realised: Flags

    def at(self, hours: Ints) -> tuple[Ints, Flags]:
        """Of each hour the row of its state, and whether anything is held at its end, or was sold to the last in it."""
        row = np.searchsorted(self.hours, hours, side="right") - 1
        is_there = row >= 0
        is_held = is_there & ((self.units[row] != 0).astype(np.bool_) | (self.hours[row] == hours))
        return row, is_held


def ledger(holding: Holding, close: Callable[[int], int | None]) -> Ledger:
    """``close``: the newest price up to the end of an hour, in parts of 10^-12."""
    hours: list[int] = []
    states: list[tuple[int, int | None, int | None]] = []
    units, cost, realised = 0, 0, 0  # type: int, int | None, int | None
    for each in holding.transactions:
        price = each.price if each.price >= 0 else close(each.hour)
        paid = None if price is None else each.units * price
        if not each.is_sale:
            bought = None if paid is None else half_up(paid + each.fee * UNIT, TO_MONEY)
            cost = None if cost is None or bought is None else cost + bought
            units += each.units
        else:
            part = None if cost is None else half_up(cost * each.units, units)
            units -= each.units
            if paid is None or part is None:
                realised = None
            elif realised is not None:
                realised += half_up(paid - each.fee * UNIT, TO_MONEY) - part
            cost = 0 if units == 0 else None if cost is None or part is None else cost - part
        if hours and hours[-1] == each.hour:
            states[-1] = (units, cost, realised)
        else:
            hours.append(each.hour)
            states.append((units, cost, realised))
    return Ledger(
        np.array(hours, np.int64),
        np.array([state[0] for state in states], object),
        np.array([state[1] or 0 for state in states], object),
        np.array([state[1] is not None for state in states], np.bool_),
        np.array([state[2] or 0 for state in states], object),
        np.array([state[2] is not None for state in states], np.bool_),
    )
