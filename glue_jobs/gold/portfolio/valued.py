"""Rows of gold.portfolio from holdings and closes. Pure: no table, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from glue_jobs.engine import Flags, Ints, schema_of
from glue_jobs.gold.portfolio.decimals import Wholes, decimals_of, half_up
from glue_jobs.gold.portfolio.holdings import Holding
from glue_jobs.gold.portfolio.ledger import TO_MONEY, ledger
from glue_jobs.gold.portfolio.prices import Closes
from tapehouse.intervals import HOUR_US
from tapehouse.market import Market
from tapehouse.tables import GOLD_PORTFOLIO

_PERCENT: Final = 100 * 10**6
"""Percents are whole numbers of 10^-6."""


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """One holding over the hours in which it has a row."""

    holding: Holding
    hours: Ints
    units: Wholes
    price: Wholes
    time: Ints
    age: Ints
    has_price: Flags
    cost: Wholes
    knows_cost: Flags
    realised: Wholes
    knows_realised: Flags
    value: Wholes
    has_value: Flags


def rows_of(book: Sequence[Holding], closes: Mapping[Market, Closes], since: int, until: int) -> pa.Table:
    """The rows of hours from ``since`` to before ``until``, whole hours in µs UTC.

    ``book``: of each portfolio and quote that is in it all holdings, since weights hang on them. ``closes``: of each
    market from its newest close up to ``since``, or up to its first transaction without a price, on.
    """
    hours = np.arange(since, until, HOUR_US, dtype=np.int64)
    held = [_held(each, closes[each.market], hours) for each in book]
    held = [each for each in held if len(each.hours)]
    totals = {each.holding.group: np.zeros(len(hours), object) for each in held}
    for each in held:
        totals[each.holding.group][(each.hours - since) // HOUR_US] += np.where(each.has_value, each.value, 0)
    schema = schema_of(GOLD_PORTFOLIO)
    parts = [_table(each, totals[each.holding.group][(each.hours - since) // HOUR_US], schema) for each in held]
    return pa.concat_tables([schema.empty_table(), *parts])


def _held(holding: Holding, closes: Closes, hours: Ints) -> _Held:
    book = ledger(holding, closes.price)
    row, is_held = book.at(hours)
    row, hours = row[is_held], hours[is_held]
    at = closes.at(hours)
    has_price = at >= 0
    count = len(closes.hours)
    # Where there is no close at all, any number stands for those that are not known.
    price, time, hour = (
        (each[at] if count else np.zeros(len(hours), each.dtype))
        for each in (closes.prices, closes.times, closes.hours)
    )
    units = book.units[row]
    value = half_up(units * price, TO_MONEY)
    return _Held(
        holding, hours, units, price, time, (hours - hour) // HOUR_US, has_price, book.cost[row], book.knows_cost[row],
        book.realised[row], book.knows_realised[row], value, has_price | (units == 0).astype(np.bool_),
    )  # fmt: skip


def _table(held: _Held, total: Wholes, schema: pa.Schema) -> pa.Table:
    """``total``: of each of its hours the value of all that is weighed with it."""
    count, holding = len(held.hours), held.holding
    knows_gain = held.has_value & held.knows_cost
    gain = held.value - held.cost
    has_return = knows_gain & (held.cost != 0).astype(np.bool_)
    part = half_up(gain * _PERCENT, np.where(has_return, held.cost, 1))
    has_return &= (abs(part) < 10**38).astype(np.bool_)
    has_weight = held.has_value & held.has_price & (total != 0).astype(np.bool_)
    weight = half_up(held.value * _PERCENT, np.where(has_weight, total, 1))
    always = np.ones(count, np.bool_)
    decimals = {
        "units": (held.units, always),
        "price": (held.price, held.has_price),
        "value": (held.value, held.has_value),
        "cost": (held.cost, held.knows_cost),
        "realised": (held.realised, held.knows_realised),
        "unrealised": (gain, knows_gain),
        "return_pct": (part, has_return),
        "weight_pct": (weight, has_weight),
    }
    texts = {
        "portfolio": holding.portfolio,
        "exchange": holding.market.exchange,
        "symbol": holding.market.symbol,
        "quote": holding.quote,
    }
    unknown = ~held.has_price
    columns = {
        **{name: pa.repeat(text, count) for name, text in texts.items()},
        "hour": pa.array(held.hours).cast(schema.field("hour").type),
        "trade_time_us": pa.array(held.time, pa.int64(), mask=unknown),
        "age_h": pa.array(held.age, pa.int64(), mask=unknown),
        **{name: decimals_of(wholes, known, schema.field(name).type) for name, (wholes, known) in decimals.items()},
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)
