"""How many decimals prices and amounts have, as an exchange would write them: as many as the market's own.

A venue's price is a multiple of its tick, and an amount of its lot, so what was traded says how fine they are: of the
values of one market, the one with most decimals. What is derived has no tick, however few digits it happens to have: it
is written as finely as the prices beside it, and where there are none, by its size. In a table each derived amount has
a size of its own, since a sum of thousands may stand above one of a thousandth.

=====================  ==========================================  ============================
none of them traded    price                                       amount
=====================  ==========================================  ============================
1,000,000 and above    2 decimals                                  none
1,000 and above        2 decimals                                  2 decimals
1 and above            2 decimals                                  4 decimals
below 1                four digits after the zeros: 0.00001234     four digits after the zeros
=====================  ==========================================  ============================

A price never has fewer decimals than its size gives it, and what is drawn close together has so many that it differs.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from metabase.preview import numbers
from metabase.question import PLAIN, Format, Question
from tapehouse.query import Result

MOST: Final = 12
"""Decimals of what is stored."""
_TRADED: Final = 10
"""Digits that a price has at most; an average has more, also where nobody says that it is one."""
_SIGNIFICANT: Final = 4
_PARTS: Final = 20
"""Into so many parts an axis can be told apart."""
STYLES: Final = ("price", "amount")


def settled(question: Question, result: Result) -> Question:
    """With decimals for its prices and amounts, as for one market."""
    formats = dict(question.formats)
    for style in STYLES:
        columns = [name for name in result.columns if formats.get(name, PLAIN).style == style]
        if columns:
            found = decimals_in(question, result, result.rows, style)
            formats |= {name: with_decimals(formats[name], found) for name in columns}
    return replace(question, formats=formats)


def decimals_in(question: Question, result: Result, rows: Iterable[Sequence[Any]], style: str) -> int:
    """Of all prices, or all amounts, in rows of an answer that are of one market."""
    traded: list[Any] = []
    derived: list[Any] = []
    forms = [question.format_of(name) for name in result.columns]
    for row in rows:
        for value, form in zip(row, forms, strict=True):
            if form.style == style:
                (derived if form.derived else traded).append(value)
    return decimals(traded, style, derived=derived)


def with_decimals(form: Format, found: int) -> Format:
    """A price or an amount with its decimals; any other format as it is."""
    return replace(form, style="plain", decimals=found) if form.style in STYLES else form


def decimals(values: Iterable[Any], style: str, *, derived: Iterable[Any] = ()) -> int:
    """Of the values of one market, and of what is ``derived`` from such."""
    known = [value for value in values if numbers.number(value) is not None]
    traded = [found for value in known if (found := _traded(value, style)) is not None]
    if traded and style == "amount":
        return max(traded)
    known += [value for value in derived if numbers.number(value) is not None]
    reached = max((abs(float(value)) for value in known), default=0.0)
    if traded:
        return max(*traded, _by_size(reached, style))
    return max(_by_size(reached, style), _telling_apart([float(value) for value in known]))


def _traded(value: numbers.Number, style: str) -> int | None:
    """The decimals of a value that was traded so. An amount may have any number of digits: lots add up."""
    if not isinstance(value, Decimal):
        return None
    _, digits, exponent = value.normalize().as_tuple()
    return min(max(-int(exponent), 0), MOST) if style == "amount" or len(digits) <= _TRADED else None


def _by_size(reached: float, style: str) -> int:
    if reached >= 1_000_000 and style == "amount":
        return 0
    if reached >= 1 or reached == 0:
        return 2 if style == "price" or reached >= 1_000 else _SIGNIFICANT
    return min(_SIGNIFICANT - 1 - math.floor(math.log10(reached)), MOST)


def _telling_apart(values: Sequence[float]) -> int:
    spread = max(values, default=0.0) - min(values, default=0.0)
    return min(max(math.ceil(-math.log10(spread / _PARTS)), 0), MOST) if spread else 0
