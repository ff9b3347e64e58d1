"""A stretch of the market's past, told in one go: thin, and ending where the live market begins, at its price.

It is made of its ``Stretch`` alone: whoever tells it again after a kill tells the same trades under the same ids. They
say that they are told afterwards (``backfilled``). Ids count on from the stretch's first microsecond, behind those of
what came before it and before those of what follows.

A trade of it stands for several: pauses are long, and steps and sizes as much larger, so that candles move, and volumes
weigh, as those of a market that trades all the time.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Final

from producers.synthetic.market import BLOCK, EXCHANGE, MarketRecord, people, wholly_seen
from tapehouse.distributions import CELLS, exponential, normal
from tapehouse.intervals import HOUR_US
from tapehouse.price_walk import SIZE_DECIMALS, PriceWalk, plain, start_price
from tapehouse.record import Coverage, Trade, new_trade

COVERAGE_US: Final = HOUR_US
"""Each market is declared wholly seen this often, in event time."""
NEAR_US: Final = HOUR_US
"""So long before its end the tape is thicker."""
NEAR_PAUSE_S: Final = 3
FAR_PAUSE_S: Final = 12
"""The mean time between two trades of a market, near its end and far from it."""
_ROOT_S: Final = 1e-4
"""A price's deviation after a second, of the start price; it grows with the root of the time, to 3 % a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is to be told."""

    from_us: int
    """µs UTC, inclusive."""
    until_us: int
    """Exclusive: here the live market begins, each at its start price."""
    seed: int
    symbols: tuple[str, ...]
    traders: int
    prices: Mapping[str, str]
    """Each market's last price before it, as exact decimal text; one that is not named begins where its walk leads."""


@dataclass(frozen=True, slots=True)
class _Tick:
    """A trade in the making."""

    market: int
    at_us: int
    pause_s: int
    move: float
    """From the price before it, in deviations."""


def past(stretch: Stretch) -> Iterator[list[MarketRecord]]:
    """Its trades and coverage in the order of their times, in blocks; every market is covered up to ``until_us``."""
    uniform = Random(f"past of {stretch.seed} from {stretch.from_us}").random
    ticks = list(_ticks(stretch, uniform))
    of_market: list[list[_Tick]] = [[] for _ in stretch.symbols]
    for tick in ticks:
        of_market[tick.market].append(tick)
    markets = [_Told(symbol, stretch, own) for symbol, own in zip(stretch.symbols, of_market, strict=True)]
    persons = people(stretch.traders, stretch.seed)
    covers_us = stretch.from_us + COVERAGE_US
    block: list[MarketRecord] = []
    for tick in ticks:
        while covers_us <= tick.at_us:
            block += [each.coverage(covers_us) for each in markets]
            covers_us += COVERAGE_US
        block.append(markets[tick.market].trade(tick, persons[int(uniform() * len(persons))], uniform))
        if len(block) >= BLOCK:
            yield block
            block = []
    yield block + [each.coverage(stretch.until_us) for each in markets]


def _ticks(stretch: Stretch, uniform: Callable[[], float]) -> Iterator[_Tick]:
    pauses, moves, markets = exponential(), normal(), len(stretch.symbols)
    at_us = stretch.from_us
    while True:
        pause_s = NEAR_PAUSE_S if stretch.until_us - at_us <= NEAR_US else FAR_PAUSE_S
        at_us += round(pauses[int(uniform() * CELLS)] * (pause_s * 1_000_000 / markets))
        if at_us >= stretch.until_us:
            return
        yield _Tick(int(uniform() * markets), at_us, pause_s, moves[int(uniform() * CELLS)])


class _Told:
    """One symbol: its prices, its ids, and up to where it was covered."""

    def __init__(self, symbol: str, stretch: Stretch, ticks: list[_Tick]) -> None:
        self._symbol, self._until_us = symbol, stretch.until_us
        self._prices = iter(_prices(symbol, stretch.prices.get(symbol), ticks))
        self._sizes = PriceWalk(start_price(symbol)).size
        self._first_id = self._next_id = self._covered_us = stretch.from_us

    def trade(self, tick: _Tick, person: tuple[str, str], uniform: Callable[[], float]) -> Trade:
        number, self._next_id = self._next_id, self._next_id + 1
        side, trader = person
        return new_trade(
            exchange=EXCHANGE,
            symbol=self._symbol,
            source=EXCHANGE,
            trade_id=str(number),
            price=next(self._prices),
            size=plain(int(self._sizes(uniform).replace(".", "")) * tick.pause_s, SIZE_DECIMALS),
            side=side,
            event_time_us=tick.at_us,
            received_time_us=self._until_us,
            backfilled=True,
            trader=trader,
        )

    def coverage(self, through_us: int) -> Coverage:
        from_us, self._covered_us = self._covered_us, through_us
        last_id = str(self._next_id - 1) if self._next_id > self._first_id else None
        return wholly_seen(self._symbol, from_us, through_us, last_id, told_us=self._until_us)


def _prices(symbol: str, first: str | None, ticks: list[_Tick]) -> Iterator[str]:
    """A walk that ends at the symbol's start price; where the price before it is known, bent to begin there."""
    start = start_price(symbol)
    decimals = len(start.partition(".")[2])
    walk = PriceWalk(start)
    last = walk.price
    moves = (round(last * _ROOT_S * math.sqrt(tick.pause_s) * tick.move) for tick in ticks)
    path = list(accumulate(moves))
    if not path:
        return
    before = last - path[-1] if first is None else int(first.replace(".", ""))
    bend = last - path[-1] - before
    for number, moved in enumerate(path, 1):
        price = before + moved + bend * number // len(path)
        yield plain(price if walk.lowest <= price <= walk.highest else walk.reflected(price), decimals)
