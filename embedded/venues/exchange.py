"""A seeded synthetic market: what was really traded at one exchange, known exactly.

The sequence (market, number, price, size, side) is fixed by the seed; only the times are the clock's. Numbers of a
market count up by one. A taker's order is filled one to three times at one price, as aggregate trades need it.
"""

import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from embedded.venues.bars import Bars
from tapehouse.price_walk import PriceWalk, start_price
from tapehouse.record import Trade

HISTORY: Final = 10_000
"""Prints a market that the venue's REST interface still remembers."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One match of a taker's order: what a venue publishes as a trade."""

    exchange: str
    symbol: str
    number: int
    order: int
    """Counts the takers' orders of a market: an aggregate trade's own number."""
    price: str
    size: str
    side: str
    """The taker's."""
    time_us: int


def rfc3339(time_us: int) -> str:
    """UTC with six decimals and a Z."""
    seconds, micros = divmod(time_us, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


@dataclass(slots=True)
class _Numbers:
    """The last trade's number, of one market or of all that share one sequence."""

    last: int


class _Market:
    """One symbol: its price and its counters."""

    def __init__(self, symbol: str, dice: random.Random) -> None:
        self.symbol = symbol
        self.walk = PriceWalk(start_price(f"{symbol.partition('-')[0]}-USD"))
        self.numbers = _Numbers(dice.randrange(1_000_000, 9_000_000))
        self.order = dice.randrange(100_000, 900_000)


class Exchange:
    """All markets of one simulated exchange, and what was traded there."""

    def __init__(
        self,
        name: str,
        symbols: Sequence[str],
        *,
        seed: int,
        resolution_us: int = 1,
        shared_numbers: bool = False,
        history: int = HISTORY,
    ) -> None:
        """``resolution_us``: its times come in steps of this (1000 where it gives milliseconds).

        ``shared_numbers``: one sequence for all its markets, as Bitstamp has: within a market the numbers jump.
        """
        self.name = name
        self.made = 0
        self.ended = False
        """No more will be traded: clients learn it by a normal close."""
        self._dice = random.Random(f"{seed}:{name}")
        self._markets = {symbol: _Market(symbol, self._dice) for symbol in symbols}
        if shared_numbers:
            numbers = _Numbers(self._dice.randrange(100_000_000, 900_000_000))
            for market in self._markets.values():
                market.numbers = numbers
        self._history: dict[str, deque[Fill]] = {symbol: deque(maxlen=history) for symbol in symbols}
        self._bars = {symbol: Bars() for symbol in symbols}
        self._resolution_us = resolution_us
        self._last_us = 0

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._markets)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._markets

    def past(self, symbol: str) -> Sequence[Fill]:
        """The remembered fills of a market, oldest first."""
        return list(self._history[symbol])

    def bars(self, symbol: str) -> Bars:
        """What was traded in a market, minute by minute."""
        return self._bars[symbol]

    def last(self, symbol: str) -> Fill | None:
        history = self._history[symbol]
        return history[-1] if history else None

    def make(self, count: int, now_us: int, symbol: str | None = None) -> list[Fill]:
        """Trade ``count`` times, spread over the time since the last one; in one market if it is named."""
        begin_us = max(self._last_us, now_us - 50_000)
        span_us = max(0, now_us - begin_us)
        fills: list[Fill] = []
        while len(fills) < count:
            time_us = begin_us + span_us * (len(fills) + 1) // count
            fills.extend(self._order(time_us, symbol)[: count - len(fills)])
        for one in fills:
            self._history[one.symbol].append(one)
            self._bars[one.symbol].add(one.time_us, one.price, one.size)
            self._markets[one.symbol].numbers.last = one.number
        self._last_us = max(begin_us, now_us)
        self.made += len(fills)
        return fills

    def _order(self, time_us: int, symbol: str | None) -> list[Fill]:
        dice = self._dice
        market = self._markets[dice.choice(list(self._markets)) if symbol is None else symbol]
        market.order += 1
        price, side = market.walk.step(dice.random), dice.choice(("buy", "sell"))
        time_us -= time_us % self._resolution_us
        fills = []
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            market.numbers.last += 1
            size = market.walk.size(dice.random)
            number, order = market.numbers.last, market.order
            fills.append(Fill(self.name, market.symbol, number, order, price, size, side, time_us))
        return fills


def as_trades(fills: Iterable[Fill], source: str, *, resolution_us: int = 1, sides: bool = True) -> list[Trade]:
    """What the feed ``source`` must make of these fills; a vendor may give coarser times and no sides."""
    trades = [_trade(one, source, str(one.number), one.size) for one in fills]
    if resolution_us == 1 and sides:
        return trades
    return [_coarser(trade, resolution_us, sides=sides) for trade in trades]


def as_aggregates(fills: Iterable[Fill], source: str) -> list[Trade]:
    """What a feed of aggregate trades must make of these fills: one trade a taker's order."""
    trades = []
    for order in orders(fills):
        size = sum((Decimal(one.size) for one in order), Decimal(0))
        trades.append(_trade(order[0], source, f"a:{order[0].order}", f"{size:.8f}"))
    return trades


def orders(fills: Iterable[Fill]) -> list[list[Fill]]:
    """The fills by taker's order, in the order of their first fills."""
    grouped: dict[tuple[str, int], list[Fill]] = {}
    for one in fills:
        grouped.setdefault((one.symbol, one.order), []).append(one)
    return list(grouped.values())


def _trade(one: Fill, source: str, trade_id: str, size: str) -> Trade:
    return Trade(
        exchange=one.exchange,
        symbol=one.symbol,
        source=source,
        trade_id=trade_id,
        price=one.price,
        size=size,
        side=one.side,
        event_time_us=one.time_us,
        received_time_us=one.time_us,
    )


def _coarser(trade: Trade, resolution_us: int, *, sides: bool) -> Trade:
    time_us = trade.event_time_us - trade.event_time_us % resolution_us
    side = trade.side if sides else None
    return replace(trade, event_time_us=time_us, received_time_us=time_us, side=side)
