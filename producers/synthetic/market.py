"""The seeded market: trades by people with names, the same bytes for the same seed.

Arrivals are Poisson, prices and sizes are a ``tapehouse.price_walk``'s. Times come from the start and the seeded
arrivals alone. What is the same where: all but the names on any machine and Python (``tapehouse.distributions`` says
how it is kept so); the names for one version of Mimesis, whose lists of names grow.

It is plain Python, in blocks of trades: numpy would draw faster, but a trade's texts and its object, which must be
made one by one, are most of the time.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, TypeAlias

from mimesis import Person
from mimesis.locales import Locale

from producers.synthetic.config import NOMINAL_RATE_PER_S, SyntheticConfig
from tapehouse.distributions import CELLS, exponential
from tapehouse.price_walk import PriceWalk, start_price
from tapehouse.record import Coverage, Trade, new_trade

EXCHANGE: Final = "synthetic"
COVERAGE_US: Final = 10_000_000
"""Each market is declared wholly seen this often, in event time."""
BLOCK: Final = 1000
"""Records that are made at a time."""
MarketRecord: TypeAlias = Trade | Coverage


def due_us(record: MarketRecord) -> int:
    """When the record can first be known, µs UTC."""
    return record.event_time_us if isinstance(record, Trade) else record.through_us


def trader_names(count: int, seed: int) -> tuple[str, ...]:
    """A pool of people's names, the same for the same seed."""
    person = Person(Locale.EN, seed=seed)
    return tuple(person.full_name() for _ in range(count))


def wholly_seen(
    symbol: str, from_us: int, through_us: int, last_id: str | None, *, told_us: int | None = None
) -> Coverage:
    """That all trades of the span were told, the last under ``last_id``; ``told_us``: not at its end, but then."""
    return Coverage(
        exchange=EXCHANGE,
        symbol=symbol,
        source=EXCHANGE,
        from_us=from_us,
        through_us=through_us,
        last_id=last_id,
        received_time_us=through_us if told_us is None else told_us,
    )


class _Market:
    """One symbol: its price, its ids, and up to where it was covered."""

    __slots__ = ("covered_us", "first_id", "next_id", "symbol", "walk")

    def __init__(self, symbol: str, first_id: int, start_us: int) -> None:
        self.symbol = symbol
        self.walk = PriceWalk(start_price(symbol))
        self.next_id = self.first_id = first_id
        self.covered_us = start_us

    def coverage(self, through_us: int) -> Coverage:
        """All of this symbol's trades since the last coverage."""
        from_us, self.covered_us = self.covered_us, through_us
        last_id = str(self.next_id - 1) if self.next_id > self.first_id else None
        return wholly_seen(self.symbol, from_us, through_us, last_id)


def people(traders: int, seed: int) -> Sequence[tuple[str, str]]:
    """Each of the pool once as a buyer, once as a seller."""
    return [(side, name) for name in trader_names(traders, seed) for side in ("buy", "sell")]


def market(config: SyntheticConfig, start_us: int) -> Iterator[list[MarketRecord]]:
    """All trades and coverage in the order of their times, in blocks; endless without a ``count``. Keeps nothing."""
    uniform = Random(config.seed).random
    persons = people(config.traders, config.seed)
    first_id = start_us if config.first_id is None else config.first_id
    markets = [_Market(symbol, first_id, start_us) for symbol in config.symbols]
    mean_ns = 1e9 / (config.rate_per_s or NOMINAL_RATE_PER_S)
    pauses_ns = tuple(round(value * mean_ns) for value in exponential())
    symbols, pool = len(markets), len(persons)
    elapsed_ns, made, event_us, covers_us = 0, 0, start_us, start_us + COVERAGE_US
    block: list[MarketRecord] = []
    while config.count is None or made < config.count:
        made += 1
        elapsed_ns += pauses_ns[int(uniform() * CELLS)]
        event_us = start_us + elapsed_ns // 1000
        while covers_us <= event_us:
            block += [each.coverage(covers_us) for each in markets]
            covers_us += COVERAGE_US
            if len(block) >= BLOCK:
                yield block
                block = []
        traded = markets[int(uniform() * symbols)]
        price = traded.walk.step(uniform)
        number = traded.next_id
        traded.next_id = number + 1
        side, trader = persons[int(uniform() * pool)]
        block.append(
            new_trade(
                exchange=EXCHANGE,
                symbol=traded.symbol,
                source=EXCHANGE,
                trade_id=str(number),
                price=price,
                size=traded.walk.size(uniform),
                side=side,
                event_time_us=event_us,
                received_time_us=event_us + 500 + int(uniform() * 20_000),
                trader=trader,
            )
        )
        if len(block) >= BLOCK:
            yield block
            block = []
    if made:
        block += [each.coverage(event_us + 1) for each in markets if each.covered_us <= event_us]
    if block:
        yield block
