"""Which span a row of silver.coverage should have, by the records of its market and source. No Spark."""

from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.audit.coverage import _due
from tapehouse.tables import COORDINATE_NAMES


def spans(*rows: tuple[int, int, int]) -> pa.Table:
    """The record's number, from and through."""
    named: list[dict[str, Any]] = [
        {name: number if name == "sequence_number" else 0 for name in COORDINATE_NAMES}
        | {"from_us": low, "through_us": high}
        for number, low, high in rows
    ]
    return pa.Table.from_pylist(named)


RECORDS = spans((1, 0, 10), (2, 10, 20), (3, 15, 30), (4, 40, 50))


@pytest.mark.parametrize(
    ("row", "due"),
    [
        ((1, 0, 10), (0, 10)),  # as its record says
        ((3, 0, 30), (0, 30)),  # joined
        ((2, 0, 20), (0, 20)),
        ((1, 0, 11), (0, 10)),  # more than was told
        ((1, 0, 9), (0, 10)),  # less than its own record
        ((4, 0, 50), (0, 30)),  # over a hole
        ((2, 7, 7), (10, 20)),  # anything else
        ((9, 0, 10), (None, None)),  # no such record of the market
    ],
)
def test_a_row_spans_what_the_records_in_it_tell(row: tuple[int, int, int], due: tuple[int | None, int | None]) -> None:
    (found,) = _due(spans(row), RECORDS).to_pylist()
    assert (found["due_from_us"], found["due_through_us"]) == due


def test_a_market_that_nothing_is_told_of_has_no_row() -> None:
    (found,) = _due(spans((1, 0, 10)), RECORDS.slice(0, 0)).to_pylist()
    assert found["due_from_us"] is None
