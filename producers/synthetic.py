"""A seeded market: trades by people with names, the same bytes for the same seed.

Arrivals are Poisson, prices walk at random, sizes are log-normal. Times come from the start and the seeded arrivals
alone; the clock only holds a trade back until its time has come. A start in the past is therefore caught up as fast as
it goes, and no trade is ever dated ahead of its arrival, which silver would quarantine.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from random import Random
from typing import Final

from mimesis import Person
from mimesis.locales import Locale

from producers.source import Batch
from tapehouse.errors import SettingsError
from tapehouse.record import EARLIEST_US, Coverage, Trade

EXCHANGE: Final = "synthetic"
COVERAGE_US: Final = 10_000_000
"""Each market is declared wholly seen this often, in event time."""
NOMINAL_RATE_PER_S: Final = 1000.0
"""Trades a second of event time when no rate is given."""
BATCH: Final = 500
_SIZE_DECIMALS: Final = 8
_MEDIAN_NOTIONAL: Final = 500
"""In quote units: sizes of a cheap market are larger."""
_WANDER: Final = 20
"""Prices stay within start / 20 … start × 20, so that no run, however long, leaves what the record can hold."""
_PRICES: Final = {
    "BTC-USD": "64000.00",
    "ETH-USD": "3200.00",
    "SOL-USD": "150.000",
    "XRP-USD": "0.52000",
    "DOGE-USD": "0.123450",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticConfig:
    """What to make. Raises SettingsError with every fault when values are out of range."""

    seed: int = 1
    symbols: Sequence[str] = ("BTC-USD", "ETH-USD", "SOL-USD")
    """Canonical BASE-QUOTE; a symbol without a known price starts at 100.00."""
    rate_per_s: float | None = None
    """Trades a second of event time over all markets; None is 1000, meant for a start in the past."""
    count: int | None = None
    """Trades in all; None: endless."""
    start_us: int | None = None
    """Event time of the beginning, µs UTC. None: now where a rate is given; where none is, so far back that all
    ``count`` trades (endless: a year of them) are due at once."""
    first_id: int | None = None
    """Id of each market's first trade. None: ``start_us``, so that runs with different starts never share an id."""
    traders: int = 1000
    """People in the pool."""

    def __post_init__(self) -> None:
        rate, count, start = self.rate_per_s, self.count, self.start_us
        rules = (
            (bool(self.symbols), "symbols: give at least one"),
            (len(set(self.symbols)) == len(self.symbols), "symbols: one is given twice"),
            (rate is None or (isfinite(rate) and 0 < rate <= 1_000_000), f"rate_per_s: {rate} is not 0 to 1000000"),
            (count is None or count >= 0, f"count: {count} is below 0"),
            (start is None or start >= EARLIEST_US, f"start_us: {start} is before 2009-01-03"),
            (self.first_id is None or self.first_id >= 0, f"first_id: {self.first_id} is below 0"),
            (self.traders >= 1, f"traders: {self.traders} is below 1"),
        )
        faults = [fault for right, fault in rules if not right]
        if faults:
            raise SettingsError(faults)

    def begins_us(self, now_us: int) -> int:
        """``start_us``, or what stands for it at ``now_us``."""
        if self.start_us is not None:
            return self.start_us
        if self.rate_per_s is not None:
            return now_us
        span_s = 365 * 86_400 if self.count is None else self.count / NOMINAL_RATE_PER_S * 1.1 + 60
        return now_us - int(span_s * 1_000_000)


@dataclass(slots=True)
class _Walk:
    """One market: its price in units of the last decimal, and its ids."""

    symbol: str
    price: int
    decimals: int
    lowest: int
    highest: int
    step: float
    """Standard deviation of one trade's price move, in the same units."""
    median_size: float
    """In units of the last size decimal."""
    next_id: int
    covered_us: int

    @classmethod
    def start(cls, symbol: str, first_id: int, start_us: int) -> "_Walk":
        text = _PRICES.get(symbol, "100.00")
        price = Decimal(text)
        decimals = len(text.partition(".")[2])
        units = int(price.scaleb(decimals))
        return cls(
            symbol=symbol,
            price=units,
            decimals=decimals,
            lowest=max(1, units // _WANDER),
            highest=units * _WANDER,
            step=max(1.0, units * 2e-5),
            median_size=float(_MEDIAN_NOTIONAL / price) * 10**_SIZE_DECIMALS,
            next_id=first_id,
            covered_us=start_us,
        )

    def move(self, random: Random) -> None:
        """One step, reflected at the bounds."""
        price = self.price + round(random.gauss(0, 1) * self.step)
        if price < self.lowest:
            price = 2 * self.lowest - price
        elif price > self.highest:
            price = 2 * self.highest - price
        self.price = price


def plain(units: int, decimals: int) -> str:
    """Exact decimal text of a non-negative scaled integer."""
    whole, part = divmod(units, 10**decimals)
    return f"{whole}.{part:0{decimals}d}" if decimals else str(whole)


def trader_names(count: int, seed: int) -> tuple[str, ...]:
    """A pool of people's names, the same for the same seed."""
    person = Person(Locale.EN, seed=seed)
    return tuple(person.full_name() for _ in range(count))


class SyntheticSource:
    """Trades and coverage of a seeded market, in batches, none before its time."""

    name = EXCHANGE

    def __init__(
        self,
        config: SyntheticConfig,
        *,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.config = config
        self._now_us, self._sleep = now_us, sleep

    def records(self, start_us: int) -> Iterator[Trade | Coverage]:
        """All records in the order of their times, from the seed alone; endless without a ``count``. Keeps nothing."""
        config = self.config
        random = Random(config.seed)
        names = trader_names(config.traders, config.seed)
        first_id = start_us if config.first_id is None else config.first_id
        walks = [_Walk.start(symbol, first_id, start_us) for symbol in config.symbols]
        rate = config.rate_per_s or NOMINAL_RATE_PER_S
        elapsed_s, made, event_us, covers_us = 0.0, 0, start_us, start_us + COVERAGE_US
        while config.count is None or made < config.count:
            elapsed_s += random.expovariate(rate)
            event_us = start_us + int(elapsed_s * 1_000_000)
            while covers_us <= event_us:
                yield from (_coverage(walk, covers_us, first_id) for walk in walks)
                covers_us += COVERAGE_US
            yield _trade(walks[int(random.random() * len(walks))], event_us, random, names)
            made += 1
        if made:
            yield from (_coverage(walk, event_us + 1, first_id) for walk in walks if walk.covered_us <= event_us)

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Batches of what is due by the clock; waits where nothing is."""
        now_us = self._now_us()
        batch: list[Trade | Coverage] = []
        for record in self.records(self.config.begins_us(now_us)):
            due_us = record.event_time_us if isinstance(record, Trade) else record.through_us
            while due_us > now_us:
                now_us = self._now_us()
                if due_us <= now_us:
                    break
                if batch:
                    yield batch
                    batch = []
                    now_us = self._now_us()
                else:
                    await self._sleep((due_us - now_us) / 1_000_000)
            batch.append(record)
            if len(batch) >= BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _trade(walk: _Walk, event_us: int, random: Random, names: Sequence[str]) -> Trade:
    walk.move(random)
    size = min(max(1, int(random.lognormvariate(0, 1) * walk.median_size)), int(walk.median_size * 1000) + 1)
    trade_id = walk.next_id
    walk.next_id += 1
    return Trade(
        exchange=EXCHANGE,
        symbol=walk.symbol,
        source=EXCHANGE,
        trade_id=str(trade_id),
        price=plain(walk.price, walk.decimals),
        size=plain(size, _SIZE_DECIMALS),
        side="buy" if random.random() < 0.5 else "sell",
        event_time_us=event_us,
        received_time_us=event_us + 500 + int(random.random() * 20_000),
        trader=names[int(random.random() * len(names))],
    )


def _coverage(walk: _Walk, through_us: int, first_id: int) -> Coverage:
    from_us, walk.covered_us = walk.covered_us, through_us
    return Coverage(
        exchange=EXCHANGE,
        symbol=walk.symbol,
        source=EXCHANGE,
        from_us=from_us,
        through_us=through_us,
        last_id=str(walk.next_id - 1) if walk.next_id > first_id else None,
        received_time_us=through_us,
    )
