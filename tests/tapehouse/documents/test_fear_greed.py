"""The Fear & Greed index: one value a day."""

from typing import Any

import pytest

from tapehouse.document import Value
from tapehouse.documents import Parsed, parse
from tests.tapehouse.documents.bodies import FETCHED_US, PUBLISHED_US, day, fear_greed, landed, packed

MIDNIGHT_US = PUBLISHED_US - 12 * 3_600_000_000


def parsed(*days: object) -> Parsed:
    return parse(landed("index", "fear-greed", fear_greed(days)))


def test_a_day_is_a_value_of_its_first_moment() -> None:
    value = Value(
        kind="index",
        source="fear-greed",
        name="fear-greed",
        value="25",
        unit="points",
        label="Extreme Fear",
        observed_at_us=MIDNIGHT_US,
        fetched_at_us=FETCHED_US,
    )
    assert parsed(day()) == Parsed(values=(value,))
    assert parsed(day(timestamp=str(PUBLISHED_US // 1_000_000), time_until_update="60")).values == (value,)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"value": "101"}, "data[0].value: no number from 0 to 100"),
        ({"value": "-1"}, "data[0].value: no number from 0 to 100"),
        ({"value": "fear"}, "data[0].value: no number from 0 to 100"),
        ({"value": None}, "data[0].value: no number from 0 to 100"),
        ({"timestamp": None}, "data[0].timestamp: no date"),
        ({"timestamp": "11-28-2026"}, "data[0].timestamp: no date that is known here"),
        ({"timestamp": "0"}, "data[0].timestamp: a time before 2009-01-03"),
    ],
)
def test_a_day_that_is_none_costs_no_other(changes: dict[str, Any], fault: str) -> None:
    found = parsed(day(**changes), day(value_classification=None))
    assert [value.label for value in found.values] == [None]
    assert found.faults == (fault,)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (fear_greed([], error="too many requests"), "metadata.error: an error in place of values"),
        (packed({"data": None}), "body: no data"),
        (packed([]), "body: no data"),
        (b"\xff", "body: no JSON (UnicodeDecodeError)"),
    ],
)
def test_what_is_no_index_is_told(body: bytes, fault: str) -> None:
    assert parse(landed("index", "fear-greed", body)) == Parsed(faults=(fault,))
