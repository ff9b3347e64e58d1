"""Sums and bounds of groups of decimals, against Python's whole numbers."""

from decimal import Context, Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.gold.candles.units import Units
from tapehouse.errors import TerminalError

EXACT: Final = Context(prec=80)
KIND: Final = pa.decimal128(38, 12)
MOST: Final = 10**38 - 1

numbers = st.one_of(
    st.integers(0, 127).flatmap(lambda bits: st.integers(0, 2**bits)).map(lambda each: min(each, MOST // 64)),
    st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**95, 2**96]),
)
small = st.integers(0, 2**62)


def units(values: list[int]) -> Units:
    return Units.of(pa.array([EXACT.scaleb(Decimal(each), -12) for each in values], KIND))


def plain(found: Units) -> list[int]:
    return [int(EXACT.scaleb(each, 12)) for each in found.column(KIND).to_pylist()]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.one_of(small, numbers), min_size=1, max_size=5), min_size=1, max_size=8))
def test_groups_are_added_up_and_bounded_exactly(groups: list[list[int]]) -> None:
    held = units([each for group in groups for each in group])
    firsts = np.cumsum([0, *(len(group) for group in groups[:-1])])
    assert plain(held.sums(firsts)) == [sum(group) for group in groups]
    assert plain(held.greatest(firsts)) == [max(group) for group in groups]
    assert plain(held.least(firsts)) == [min(group) for group in groups]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(numbers, numbers, st.booleans()), max_size=8))
def test_differences_and_choices_are_exact(rows: list[tuple[int, int, bool]]) -> None:
    more, less = units([max(one, other) for one, other, _ in rows]), units([min(one, other) for one, other, _ in rows])
    assert plain(more.minus(less)) == [abs(one - other) for one, other, _ in rows]
    kept = np.array([keep for _, _, keep in rows], np.bool_)
    assert plain(more.only(kept)) == [max(one, other) * keep for one, other, keep in rows]
    assert plain(Units.joined([more, less])) == plain(more) + plain(less)


@pytest.mark.parametrize("each", [1 << 64, MOST])
def test_a_sum_that_no_column_holds_is_refused(each: int) -> None:
    with pytest.raises(TerminalError, match="more than 38 digits"):
        units([MOST, each]).sums(np.array([0]))
