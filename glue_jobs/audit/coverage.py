"""silver.coverage against the coverage records of bronze: the spans that they tell, joined where they meet."""

import itertools
from typing import Final

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.judged import judged
from glue_jobs.audit.report import differing
from glue_jobs.audit.sample import Sample
from tapehouse.market import MarketKey
from tapehouse.record import AHEAD_US
from tapehouse.tables import COORDINATE_NAMES, COORDINATES, SILVER_COVERAGE

_FEED: Final = MarketKey._fields
_MAY_TELL: Final = r"coverage|\\"
"""What a payload that is a coverage record holds: the word, or an escape that may stand for a part of it."""
_DDL: Final = ", ".join(
    [
        *(f"{column.name} {column.type}" for column in COORDINATES),
        "from_us BIGINT, through_us BIGINT, due_from_us BIGINT, due_through_us BIGINT",
    ]
)


def coverage(rows: DataFrame, bronze: DataFrame, sample: Sample, floor_us: int | None = None) -> DataFrame:
    """A check that each row's span is what the records in it tell, without a hole, and holds the row's own record.

    In: silver.coverage and bronze.trades. ``floor_us``: records that arrived before may be gone, so a row whose last
    one did is not asked, and of others what lies before (or could be of such a record: event time is up to five minutes
    ahead of arrival) is as it says. That each record lies in a row is the account's business.
    """
    told = judged(bronze.where(F.col("payload").cast("string").rlike(_MAY_TELL)))
    told = told.where((F.col("kind") == "coverage") & (F.size("reasons") == 0) & sample.has(*_FEED))
    names = (*_FEED, *COORDINATE_NAMES, "from_us", "through_us")
    if floor_us is not None:
        rows = rows.where(F.unix_micros("arrival_time") >= floor_us)
        ends = F.least("through_us", F.lit(floor_us + AHEAD_US)).alias("through_us")
        # Of coordinates that no row has: it is no row's own record.
        before = rows.where(sample.has(*_FEED) & (F.col("from_us") < floor_us + AHEAD_US)).select(*names)
        before = before.withColumn("sequence_number", F.lit("")).withColumn("through_us", ends)
        told = told.select(*names).unionByName(before)
    asked = rows.where(sample.has(*_FEED)).select(*names).groupBy(*_FEED)
    found = asked.cogroup(told.select(*names).groupBy(*_FEED)).applyInArrow(_due, _DDL)
    pairs = {name: (F.col(name), F.col(f"due_{name}")) for name in ("from_us", "through_us")}
    what = f"row(s) of {SILVER_COVERAGE.name} are not what their record says (tapehouse rebuild silver.trades)"
    return differing(found, pairs, what, SILVER_COVERAGE.key)


def _due(rows: pa.Table, told: pa.Table) -> pa.Table:
    """One feed's rows with the spans that are due; null where the row's own record tells no span of the feed."""
    spans = sorted(zip(told.column("from_us").to_pylist(), told.column("through_us").to_pylist(), strict=True))
    lows, highs = (np.array([span[at] for span in spans], np.int64) for at in range(2))
    reached = np.maximum.accumulate(highs) if spans else highs
    edges = [*np.flatnonzero(np.r_[True, lows[1:] > reached[:-1]]), len(spans)] if spans else []
    ends = {int(at): int(reached[last - 1]) for first, last in itertools.pairwise(edges) for at in range(first, last)}
    own = {_coordinates(row): (row["from_us"], row["through_us"]) for row in told.to_pylist()}
    due: list[tuple[int | None, int | None]] = []
    for row in rows.to_pylist():
        span = own.get(_coordinates(row))
        if span is None:
            due.append((None, None))
            continue
        low, high = min(row["from_us"], span[0]), max(row["through_us"], span[1])
        first, last = np.searchsorted(lows, low, "left"), np.searchsorted(lows, high, "right")
        inside = first + np.flatnonzero(highs[first:last] <= high)
        begin = int(inside[0])
        due.append((int(lows[begin]), min(int(highs[inside].max()), ends[begin])))
    columns = {name: rows.column(name) for name in (*COORDINATE_NAMES, "from_us", "through_us")}
    for at, name in enumerate(("due_from_us", "due_through_us")):
        columns[name] = pa.array([pair[at] for pair in due], pa.int64())
    return pa.table(columns)


def _coordinates(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in COORDINATE_NAMES)
