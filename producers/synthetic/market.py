"""The seeded market: trades by people with names, the same bytes for the same seed.

Arrivals are Poisson, prices walk at random and jump now and then, sizes are log-normal. Times come from the start and
the seeded arrivals alone. What is the same where: all but the names on any machine and Python (``cells`` says how it is
kept so); the names for one version of Mimesis, whose lists of names grow.

It is plain Python, in blocks of trades: numpy would draw faster, but a trade's texts and its object, which must be
made one by one, are most of the time.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Final, TypeAlias

from mimesis import Person
from mimesis.locales import Locale

from producers.synthetic.cells import CELLS, exponential, lognormal, normal
from producers.synthetic.config import NOMINAL_RATE_PER_S, SyntheticConfig
from tapehouse.record import Coverage, Trade, new_trade

EXCHANGE: Final = "synthetic"
COVERAGE_US: Final = 10_000_000
"""Each market is declared wholly seen this often, in event time."""
BLOCK: Final = 1000
"""Records that are made at a time."""
_SIZE_DECIMALS: Final = 8
_MEDIAN_NOTIONAL: Final = 500
"""In quote units: sizes of a cheap market are larger."""
_WANDER: Final = 20
"""Prices stay within start / 20 … start × 20, so that no run, however long, leaves what the record can hold."""
_STEP: Final = 2e-5
"""The deviation of one trade's price from the last, of the start price."""
_JUMP: Final = CELLS
"""The cell of the price table, behind the normal ones, that stands for a jump: one trade in 4097."""
_JUMP_FROM, _JUMP_TO = 0.002, 0.02
"""A jump's share of the price, up or down."""
_PRICES: Final = {
    "BTC-USD": "64000.00",
    "ETH-USD": "3200.00",
    "SOL-USD": "150.000",
    "XRP-USD": "0.52000",
    "DOGE-USD": "0.123450",
}
MarketRecord: TypeAlias = Trade | Coverage


def due_us(record: MarketRecord) -> int:
    """When the record can first be known, µs UTC."""
    return record.event_time_us if isinstance(record, Trade) else record.through_us


def plain(units: int, decimals: int) -> str:
    """Exact decimal text of a non-negative scaled integer."""
    whole, part = divmod(units, 10**decimals)
    return f"{whole}.{part:0{decimals}d}" if decimals else str(whole)


def trader_names(count: int, seed: int) -> tuple[str, ...]:
    """A pool of people's names, the same for the same seed."""
    person = Person(Locale.EN, seed=seed)
    return tuple(person.full_name() for _ in range(count))


class _Walk:
    """One symbol: its price in units of the last decimal, and its ids."""

    __slots__ = (
        *("covered_us", "decimals", "first_id", "highest", "lowest", "next_id"),
        *("one", "price", "sizes", "steps", "symbol"),
    )

    def __init__(self, symbol: str, first_id: int, start_us: int) -> None:
        text = _PRICES.get(symbol, "100.00")
        self.symbol = symbol
        self.decimals = len(text.partition(".")[2])
        self.price = int(Decimal(text).scaleb(self.decimals))
        self.one = 10**self.decimals
        self.lowest, self.highest = max(1, self.price // _WANDER), self.price * _WANDER
        self.next_id = self.first_id = first_id
        self.covered_us = start_us
        step = max(1.0, self.price * _STEP)
        self.steps = tuple(round(value * step) for value in normal())
        median = float(_MEDIAN_NOTIONAL / Decimal(text)) * 10**_SIZE_DECIMALS
        self.sizes = tuple(plain(max(1, int(value * median)), _SIZE_DECIMALS) for value in lognormal())
        """As texts: they need not be written for each trade."""

    def jump(self, share: float) -> int:
        """A move far out of the walk's steps; ``share`` is uniform in 0 to 1, its lower half is downward."""
        span = abs(2 * share - 1)
        move = int(self.price * (_JUMP_FROM + (_JUMP_TO - _JUMP_FROM) * span)) + 1
        return move if share >= 0.5 else -move

    def reflected(self, price: int) -> int:
        """The price inside its bounds, as far from the bound as it was outside."""
        if price < self.lowest:
            return min(2 * self.lowest - price, self.highest)
        return max(2 * self.highest - price, self.lowest)

    def coverage(self, through_us: int) -> Coverage:
        """All of this symbol's trades since the last coverage."""
        from_us, self.covered_us = self.covered_us, through_us
        return Coverage(
            exchange=EXCHANGE,
            symbol=self.symbol,
            source=EXCHANGE,
            from_us=from_us,
            through_us=through_us,
            last_id=str(self.next_id - 1) if self.next_id > self.first_id else None,
            received_time_us=through_us,
        )


def _people(config: SyntheticConfig) -> Sequence[tuple[str, str]]:
    """Each of the pool once as a buyer, once as a seller."""
    names = trader_names(config.traders, config.seed)
    return [(side, name) for name in names for side in ("buy", "sell")]


def market(config: SyntheticConfig, start_us: int) -> Iterator[list[MarketRecord]]:
    """All trades and coverage in the order of their times, in blocks; endless without a ``count``. Keeps nothing."""
    uniform = Random(config.seed).random
    people = _people(config)
    first_id = start_us if config.first_id is None else config.first_id
    walks = [_Walk(symbol, first_id, start_us) for symbol in config.symbols]
    mean_ns = 1e9 / (config.rate_per_s or NOMINAL_RATE_PER_S)
    pauses_ns = tuple(round(value * mean_ns) for value in exponential())
    symbols, persons, moves = len(walks), len(people), CELLS + 1
    elapsed_ns, made, event_us, covers_us = 0, 0, start_us, start_us + COVERAGE_US
    block: list[MarketRecord] = []
    while config.count is None or made < config.count:
        made += 1
        elapsed_ns += pauses_ns[int(uniform() * CELLS)]
        event_us = start_us + elapsed_ns // 1000
        while covers_us <= event_us:
            block += [walk.coverage(covers_us) for walk in walks]
            covers_us += COVERAGE_US
            if len(block) >= BLOCK:
                yield block
                block = []
        walk = walks[int(uniform() * symbols)]
        move = int(uniform() * moves)
        price = walk.price + (walk.steps[move] if move != _JUMP else walk.jump(uniform()))
        if not walk.lowest <= price <= walk.highest:
            price = walk.reflected(price)
        walk.price = price
        text = str(price)
        number = walk.next_id
        walk.next_id = number + 1
        side, trader = people[int(uniform() * persons)]
        block.append(
            new_trade(
                exchange=EXCHANGE,
                symbol=walk.symbol,
                source=EXCHANGE,
                trade_id=str(number),
                price=f"{text[: -walk.decimals]}.{text[-walk.decimals :]}"
                if price >= walk.one
                else plain(price, walk.decimals),
                size=walk.sizes[int(uniform() * CELLS)],
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
        block += [walk.coverage(event_us + 1) for walk in walks if walk.covered_us <= event_us]
    if block:
        yield block
