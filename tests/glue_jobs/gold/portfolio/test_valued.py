"""Rows at the edges of their types."""

from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from glue_jobs.gold.portfolio.decimals import decimals_of, half_up, wholes_of
from glue_jobs.gold.portfolio.holdings import MOST_BOUGHT, holdings_of
from glue_jobs.gold.portfolio.prices import Closes
from glue_jobs.gold.portfolio.valued import rows_of
from tests.glue_jobs.gold.portfolio.lake import HOUR, T0, text

GREATEST = 10**28 - 1
"""Of decimal(28,12)."""


def closes(*prices: int) -> Closes:
    hours = np.arange(len(prices), dtype=np.int64) * HOUR + T0
    return Closes(hours, np.array(prices, object), hours)


def test_the_most_that_a_file_may_hold_at_the_highest_price_fits_and_so_do_sums() -> None:
    amount = f"{MOST_BOUGHT // 2 - 1}"
    price = "9999999999999999.999999999999"
    told = [f"{{buy: {amount}, at: '{text(T0)}', price: {price}, fee: {price}}}",
            f"{{sell: {amount}, at: '{text(T0 + HOUR)}', price: 0, fee: {price}}}"]  # fmt: skip
    entry = f"transactions: [{','.join(told)}]"
    book = holdings_of(f"holdings: [{{symbol: A-B, {entry}}}, {{symbol: C-B, {entry}}}]".encode())
    rows = rows_of(book, dict.fromkeys((each.market for each in book), closes(GREATEST)), T0, T0 + 2 * HOUR)
    assert rows.num_rows == 4
    for name in ("value", "cost", "realised", "unrealised"):
        total = sum(abs(each) for each in rows.column(name).to_pylist())
        assert total < Decimal(10) ** 30, name
    assert set(rows.column("weight_pct").to_pylist()) == {Decimal("50.000000"), None}, "of nothing no part is anything"


def test_a_return_that_no_column_holds_is_none() -> None:
    (one,) = holdings_of(
        f"holdings: [{{symbol: A-B, transactions: [{{buy: {10**12}, at: '{text(T0)}', price: 0, fee: 0.00000001}}]}}]"
        "".encode()
    )
    rows = rows_of([one], {one.market: closes(GREATEST)}, T0, T0 + HOUR)
    assert rows.column("return_pct").to_pylist() == [None]
    assert rows.column("cost").to_pylist() == [Decimal("1E-8")]


@pytest.mark.parametrize("number", [0, 1, -1, 2**63, -(2**63), 2**64, -(2**64) - 1, 10**38 - 1, 1 - 10**38])
def test_a_decimal_comes_back_as_it_went(number: int) -> None:
    kind = pa.decimal128(38, 8)
    column = decimals_of(np.array([number, 7], object), np.array([True, False]), kind)
    column.validate(full=True)
    assert column.to_pylist() == [Context(prec=60).scaleb(Decimal(number), -8), None]
    assert wholes_of(pa.chunked_array([column.slice(0, 1)])).tolist() == [number]
    with pytest.raises(OverflowError):
        decimals_of(np.array([10**38], object), np.array([True]), kind)


def test_halves_go_away_from_zero() -> None:
    for numerator in range(-30, 31):
        for denominator in range(1, 9):
            exact = Fraction(abs(numerator), denominator)
            due = int(exact + Fraction(1, 2)) * (-1 if numerator < 0 else 1)
            assert half_up(numerator, denominator) == due
            assert half_up(np.array([numerator], object), denominator).tolist() == [due]
