"""A seeded synthetic market: what was really traded at one exchange, known exactly.

The sequence (market, number, price, size, side) is fixed by the seed; only the times are the clock's. Numbers of a
market count up by one. A taker's order fills in one to three prints at one price, as aggregate trades need it.
"""

import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from tapehouse.record import Trade

PRICES: Final = {"BTC": "64000.00", "ETH": "1900.00", "SOL": "140.00", "XRP": "0.5200", "DOGE": "0.07000"}
"""Where the walk of a base starts; its decimals are the market's tick."""
HISTORY: Final = 10_000
"""Prints a market that the venue's REST interface still remembers."""
SIZE_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class Print:
    """One trade on the tape."""

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


class _Walk:
    """One market's price, in ticks, and its counters."""

    def __init__(self, symbol: str, dice: random.Random) -> None:
        start = PRICES.get(symbol.partition("-")[0], "100.00")
        self.symbol = symbol
        self.decimals = len(start.partition(".")[2])
        self.ticks = int(start.replace(".", ""))
        self.numbers = _Numbers(dice.randrange(1_000_000, 9_000_000))
        self.order = dice.randrange(100_000, 900_000)

    def price(self) -> str:
        return f"{Decimal(self.ticks).scaleb(-self.decimals):.{self.decimals}f}"


class Tape:
    """All markets of one exchange."""

    def __init__(
        self,
        exchange: str,
        symbols: Sequence[str],
        *,
        seed: int,
        resolution_us: int = 1,
        shared_numbers: bool = False,
        history: int = HISTORY,
    ) -> None:
        """``resolution_us``: the exchange tells times in steps of this (1000 where it tells milliseconds).

        ``shared_numbers``: one sequence for all its markets, as Bitstamp has: within a market the numbers jump.
        """
        self.exchange = exchange
        self.made = 0
        self.ended = False
        """No more will be traded: clients are told so by a normal close."""
        self._dice = random.Random(f"{seed}:{exchange}")
        self._walks = {symbol: _Walk(symbol, self._dice) for symbol in symbols}
        if shared_numbers:
            numbers = _Numbers(self._dice.randrange(100_000_000, 900_000_000))
            for walk in self._walks.values():
                walk.numbers = numbers
        self._history: dict[str, deque[Print]] = {symbol: deque(maxlen=history) for symbol in symbols}
        self._resolution_us = resolution_us
        self._last_us = 0

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._walks)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._walks

    def past(self, symbol: str) -> Sequence[Print]:
        """The remembered prints of a market, oldest first."""
        return list(self._history[symbol])

    def last(self, symbol: str) -> Print | None:
        history = self._history[symbol]
        return history[-1] if history else None

    def make(self, count: int, now_us: int, symbol: str | None = None) -> list[Print]:
        """Trade ``count`` times, spread over the time since the last one; in one market if it is named."""
        begin_us = max(self._last_us, now_us - 50_000)
        span_us = max(0, now_us - begin_us)
        prints: list[Print] = []
        while len(prints) < count:
            time_us = begin_us + span_us * (len(prints) + 1) // count
            prints.extend(self._order(time_us, symbol)[: count - len(prints)])
        for one in prints:
            self._history[one.symbol].append(one)
            self._walks[one.symbol].numbers.last = one.number
        self._last_us = max(begin_us, now_us)
        self.made += len(prints)
        return prints

    def _order(self, time_us: int, symbol: str | None) -> list[Print]:
        dice = self._dice
        walk = self._walks[dice.choice(list(self._walks)) if symbol is None else symbol]
        walk.ticks = max(1, walk.ticks + dice.randint(-5, 5))
        walk.order += 1
        side = dice.choice(("buy", "sell"))
        time_us -= time_us % self._resolution_us
        fills = dice.choice((1, 1, 1, 2, 3))
        sizes = [Decimal(dice.randrange(1, 10**SIZE_DECIMALS)).scaleb(-SIZE_DECIMALS) for _ in range(fills)]
        prints = [
            Print(
                self.exchange,
                walk.symbol,
                walk.numbers.last + nth,
                walk.order,
                walk.price(),
                f"{size:.8f}",
                side,
                time_us,
            )
            for nth, size in enumerate(sizes, 1)
        ]
        walk.numbers.last += fills
        return prints


def as_trades(prints: Iterable[Print], source: str, *, resolution_us: int = 1, sides: bool = True) -> list[Trade]:
    """What the feed ``source`` must make of these prints; a vendor may tell coarser times and no sides."""
    trades = [_trade(one, source, str(one.number), one.size) for one in prints]
    if resolution_us == 1 and sides:
        return trades
    return [_coarser(trade, resolution_us, sides=sides) for trade in trades]


def as_aggregates(prints: Iterable[Print], source: str) -> list[Trade]:
    """What a feed of aggregate trades must make of these prints: one trade a taker's order."""
    trades = []
    for fills in orders(prints):
        size = sum((Decimal(one.size) for one in fills), Decimal(0))
        trades.append(_trade(fills[0], source, f"a:{fills[0].order}", f"{size:.8f}"))
    return trades


def orders(prints: Iterable[Print]) -> list[list[Print]]:
    """The prints by taker's order, in the order of their first fills."""
    grouped: dict[tuple[str, int], list[Print]] = {}
    for one in prints:
        grouped.setdefault((one.symbol, one.order), []).append(one)
    return list(grouped.values())


def _trade(one: Print, source: str, trade_id: str, size: str) -> Trade:
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
