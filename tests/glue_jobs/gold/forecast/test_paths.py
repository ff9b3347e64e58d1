"""Paths of many markets: by tasks of Spark just as in the driver."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.gold.forecast import paths
from glue_jobs.gold.forecast.paths import INPUTS, OUTCOMES, simulated, simulated_by


def inputs(markets: int) -> pa.Table:
    rows = [
        {
            "exchange": "kraken", "symbol": f"M{number}-USD", "as_of_us": number, "mu": 1e-5, "sigma": 0.001 * number,
            "last_price": Decimal("101.000000000001"), "paths": 200, "seed": number, "band": Decimal("0.9"),
            "steps": [1, 5],
        }
        for number in range(markets)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=INPUTS)


def in_order(rows: pa.Table) -> list[dict[str, Any]]:
    return list(rows.sort_by([("symbol", "ascending"), ("steps", "ascending")]).to_pylist())


@pytest.mark.spark
def test_tasks_of_spark_make_the_same_forecasts(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "DRAWS_ALONE", 0)
    monkeypatch.setattr(paths, "simulated", refused)
    found = simulated_by(spark, inputs(9))
    assert found.schema == OUTCOMES
    assert in_order(found) == in_order(simulated(inputs(9)))


def refused(_: pa.Table) -> pa.Table:
    raise AssertionError("in the driver")


def test_a_market_is_the_same_among_others_and_alone() -> None:
    assert in_order(simulated(inputs(4)))[6:] == in_order(simulated(inputs(4).slice(3)))


def test_of_no_market_nothing_is_made() -> None:
    assert simulated_by(None, inputs(0)).num_rows == 0
