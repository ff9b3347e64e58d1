"""vwap, bit for bit against Python's whole numbers and fractions."""

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glue_jobs.gold.candles.vwap import GREATEST, vwap

EXACT: Final = Context(prec=200)
MOST: Final = 10**38 - 1


def column(units: Sequence[int], places: int) -> pa.Array:
    return pa.array([EXACT.scaleb(Decimal(each), -places) for each in units], pa.decimal128(38, places))


def expected(quote: int, volume: int) -> Decimal | None:
    """Of units of the last digit: 18 digits behind the point, 12 behind it."""
    if not volume:
        return None
    quotient = Fraction(quote, 10**18) / Fraction(volume, 10**12)
    return EXACT.scaleb(Decimal(min((quotient * 10**12 * 2 + 1) // 2, GREATEST)), -12)


def check(pairs: Sequence[tuple[int, int]]) -> None:
    quotes, volumes = [quote for quote, _ in pairs], [volume for _, volume in pairs]
    made = vwap(column(quotes, 18), column(volumes, 12))
    assert made.type == pa.decimal128(28, 12)
    assert made.to_pylist() == [expected(*pair) for pair in pairs]


@st.composite
def near_ties(draw: st.DrawFn) -> tuple[int, int]:
    """A quotient a hair from half a unit, or on it."""
    size = draw(st.one_of(st.integers(1, 10**20).map(lambda each: 2 * 10**6 * each), st.integers(1, 10**26)))
    quotient = draw(st.integers(0, 10**18))
    quote = (2 * quotient + 1) * size // (2 * 10**6) + draw(st.integers(-1, 1))
    return max(0, min(quote, MOST)), size


units = st.one_of(
    st.integers(0, MOST),
    st.integers(0, 127).flatmap(lambda bits: st.integers(0, 2**bits)).map(lambda each: min(each, MOST)),
    st.integers(0, 37).map(lambda power: 10**power),
    st.sampled_from([0, 1, 2, 3, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**64 + 1, MOST]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.tuples(units, units), near_ties()), max_size=40))
@example([])
@example([(0, 0), (1, 0), (0, 1)])
def test_vwap_equals_that_of_fractions(pairs: list[tuple[int, int]]) -> None:
    check(pairs)


def test_vwap_of_many_random_volumes() -> None:
    """Sizes as markets have them, and every length of number."""
    random = np.random.default_rng(11)
    quotes = [int(random.integers(1, 2**62)) << int(random.integers(0, 64)) for _ in range(20_000)]
    volumes = [int(random.integers(1, 2**62)) >> int(random.integers(0, 62)) or 1 for _ in range(20_000)]
    check([(min(quote, MOST), volume) for quote, volume in zip(quotes, volumes, strict=True)])


@pytest.mark.parametrize(
    ("quote", "volume", "average"),
    [
        ("0.000000000001", "2", "0.000000000001"),  # a tie goes up: to even it would be 0
        ("0.000000000003", "2", "0.000000000002"),
        ("0.000000000005", "2", "0.000000000003"),
        ("0.000000000000999999", "2", "0"),
        ("1", "3", "0.333333333333"),
        ("2", "3", "0.666666666667"),
        ("0.000000000000000001", "99999999999999999999999999", "0"),
        # just below a tie by 10^-36: rounded twice it would go up
        ("0.499999999999999999", "1000000000000", "0"),
        ("1", "0.000000000001", "1000000000000"),
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012", "1"),
        # quote_size is rounded to 18 digits: over a tiny size that lifts the quotient above every price
        ("10000.000000000000000000", "0.000000000001", "9999999999999999.999999999999"),
    ],
)
def test_vwap_is_rounded_half_up_once(quote: str, volume: str, average: str) -> None:
    quotes, volumes = (
        pa.array([Decimal(quote)], pa.decimal128(38, 18)),
        pa.array([Decimal(volume)], pa.decimal128(38, 12)),
    )
    assert vwap(pa.chunked_array([quotes]), pa.chunked_array([volumes])).to_pylist() == [Decimal(average)]


def test_vwap_of_a_piece_of_a_column() -> None:
    """Arrow's slices share the buffer of the whole."""
    quotes, volumes = column([10**18, 2 * 10**18, 3 * 10**18], 18), column([10**12] * 3, 12)
    assert vwap(quotes[1:], volumes[1:]).to_pylist() == [2, 3]
