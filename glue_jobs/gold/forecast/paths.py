"""Forecasts of many markets by their inputs, as Arrow: in this process, or by tasks of Spark."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from glue_jobs.gold.forecast.model import QUANTILES, histogram, kept_price, log_paths, prices_of

_PRICE: Final = pa.decimal128(28, 12)
INPUTS: Final = pa.schema(
    [
        ("exchange", pa.string()),
        ("symbol", pa.string()),
        ("as_of_us", pa.int64()),
        ("mu", pa.float64()),
        ("sigma", pa.float64()),
        ("last_price", _PRICE),
        ("paths", pa.int64()),
        ("seed", pa.int64()),
        ("band", pa.decimal128(6, 4)),
        ("steps", pa.list_(pa.int64())),
    ]
)
"""A row a market; ``steps`` ascending."""
OUTCOMES: Final = pa.schema(
    [
        ("exchange", pa.string()),
        ("symbol", pa.string()),
        ("as_of_us", pa.int64()),
        ("steps", pa.int64()),
        *((name, _PRICE) for name in (*QUANTILES, "mean", "band_low", "band_high")),
        ("bounded", pa.bool_()),
        ("edges", pa.list_(_PRICE)),
        ("counts", pa.list_(pa.int64())),
    ]
)
"""A row a market and step that was asked for."""
_OUTCOMES_DDL: Final = (
    "exchange STRING, symbol STRING, as_of_us BIGINT, steps BIGINT, "
    + ", ".join(f"{name} DECIMAL(28,12)" for name in (*QUANTILES, "mean", "band_low", "band_high"))
    + ", bounded BOOLEAN, edges ARRAY<DECIMAL(28,12)>, counts ARRAY<BIGINT>"
)
DRAWS_ALONE: Final = 300_000_000
"""So many draws, three seconds of a core, are not worth a task of Spark."""


def simulated(inputs: pa.Table) -> pa.Table:
    """``OUTCOMES`` of ``INPUTS``, market by market."""
    rows = [row for market in inputs.to_pylist() for row in _of_market(market)]
    return pa.Table.from_pylist(rows, schema=OUTCOMES)


def simulated_by(spark: SparkSession | None, inputs: pa.Table) -> pa.Table:
    """The same, by tasks of Spark where there is much. Each market has a seed of its own, so it makes no difference."""
    draws = sum(row["paths"] * row["steps"][-1] for row in inputs.select(["paths", "steps"]).to_pylist())
    if spark is None or draws <= DRAWS_ALONE or inputs.num_rows < 2:
        return simulated(inputs)
    tasks = min(4 * spark.sparkContext.defaultParallelism, inputs.num_rows)
    frame = spark.createDataFrame(inputs).repartition(tasks).mapInArrow(_of_batches, _OUTCOMES_DDL)
    return frame.toArrow().cast(OUTCOMES)


def _of_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from simulated(pa.Table.from_batches([batch])).to_batches()


def _of_market(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    last, band = float(given["last_price"]), float(given["band"])
    shares = [*QUANTILES.values(), (1 - band) / 2, (1 + band) / 2]
    drawn = log_paths(
        mu=given["mu"], sigma=given["sigma"], paths=given["paths"], seed=given["seed"], steps=given["steps"]
    )
    for steps, logs in zip(given["steps"], drawn, strict=True):
        prices, bounded = prices_of(last, logs)
        bins = histogram(prices)
        told: list[Decimal] = [kept_price(each) for each in (*np.quantile(prices, shares).tolist(), prices.mean())]
        yield {
            **{name: given[name] for name in ("exchange", "symbol", "as_of_us")},
            "steps": steps,
            **dict(zip((*QUANTILES, "band_low", "band_high", "mean"), told, strict=True)),
            "bounded": bounded,
            "edges": [kept_price(each) for each in bins.edges.tolist()],
            "counts": bins.counts.tolist(),
        }
