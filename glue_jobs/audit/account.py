"""The account: every bronze record is in exactly one place, and no key is in a table twice."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.judged import judged
from glue_jobs.audit.report import again, faults
from glue_jobs.bronze import Position
from glue_jobs.silver.trades.coverage import SPAN_COLUMNS, joined, within
from tapehouse.intervals import HOUR_US
from tapehouse.tables import COORDINATE_NAMES, COORDINATES, SILVER_COVERAGE, SILVER_TRADES, Table


def account(
    bronze: DataFrame, silver: Mapping[str, DataFrame], placed: Mapping[str, DataFrame], trades_us: int | None
) -> DataFrame:
    """A check that each record is in bronze once and in one silver table once, by its coordinates.

    ``placed``: the rows of each silver table that a record of bronze made. A coverage record without a row of its own
    is in silver.coverage where that holds all of its span. ``trades_us``: a trade from before may be in silver.trades
    no more, and is not missed.
    """
    rows = _counted(bronze, placed).where((F.col("bronze") != 1) | (F.col("silver") > 1))
    what = (
        F.when(F.col("bronze") > 1, "key(s) are in bronze.trades more than once")
        .when(F.col("bronze") == 0, "silver record(s) are not in bronze")
        .otherwise("bronze record(s) are in silver more than once")
    )
    lost = f"bronze record(s) are in no silver table ({again(SILVER_TRADES.name)})"
    missing = faults(_without_row(bronze, silver, placed, trades_us, held=False), lost, COORDINATE_NAMES)
    return faults(rows, what, COORDINATE_NAMES).unionByName(missing)


def held(bronze: DataFrame, silver: Mapping[str, DataFrame], placed: Mapping[str, DataFrame]) -> int:
    """Coverage records that have no row of their own, since silver.coverage holds their spans."""
    return _without_row(bronze, silver, placed, None, held=True).count()


def _without_row(
    bronze: DataFrame,
    silver: Mapping[str, DataFrame],
    placed: Mapping[str, DataFrame],
    trades_us: int | None,
    *,
    held: bool,
) -> DataFrame:
    """Coordinates of bronze records without a row in silver whose spans silver.coverage holds, or those of the rest."""
    told = silver[SILVER_COVERAGE.name].select(*SPAN_COLUMNS, "arrival_time", *COORDINATE_NAMES).toArrow()
    islands = joined(told.select([*SPAN_COLUMNS, "arrival_time"]))

    def kept(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            is_span = rows.column("kind").to_numpy(zero_copy_only=False) == "coverage"
            spans = rows.filter(pa.array(is_span))
            is_span[is_span] = within(spans, islands)
            yield from rows.filter(pa.array(is_span == held)).select(COORDINATE_NAMES).to_batches()

    absent = _counted(bronze, placed).where((F.col("bronze") == 1) & (F.col("silver") == 0))
    rows = judged(absent.select(*COORDINATE_NAMES).join(bronze, on=list(COORDINATE_NAMES)))
    if trades_us is not None:
        is_old = (F.col("kind") == "trade") & (F.size("reasons") == 0) & (F.col("event_time_us") < trades_us)
        rows = rows.where(~F.coalesce(is_old, F.lit(False)))
    kind = F.when(F.size("reasons") == 0, F.col("kind")).alias("kind")
    ddl = ", ".join(f"{column.name} {column.type}" for column in COORDINATES)
    return rows.select(*COORDINATE_NAMES, kind, *SPAN_COLUMNS).mapInArrow(kept, ddl)


def _counted(bronze: DataFrame, placed: Mapping[str, DataFrame]) -> DataFrame:
    places = [
        bronze.select(*COORDINATE_NAMES, F.lit(1).alias("bronze"), F.lit(0).alias("silver")),
        *(
            frame.select(*COORDINATE_NAMES, F.lit(0).alias("bronze"), F.lit(1).alias("silver"))
            for frame in placed.values()
        ),
    ]
    return (
        reduce(DataFrame.unionByName, places)
        .groupBy(*COORDINATE_NAMES)
        .agg(F.sum("bronze").alias("bronze"), F.sum("silver").alias("silver"))
    )


def unique(table: Table, frame: DataFrame) -> DataFrame:
    """A check that no two rows of the table share its key."""
    rows = frame.groupBy(*table.key).agg(F.count("*").alias("rows")).where(F.col("rows") > 1)
    return faults(rows, f"key(s) are in {table.name} more than once", table.key)


def apart(trades: DataFrame) -> DataFrame:
    """A check that two trades of one id are more than an hour apart: else they are one trade, there twice.

    The look-up of a batch asks the files near its times; this asks everything.
    """
    identity = [name for name in SILVER_TRADES.key if name != "event_time_us"]
    before = F.lag("event_time_us").over(Window.partitionBy(*identity).orderBy("event_time_us"))
    rows = trades.withColumn("before", before).where(F.col("event_time_us") - F.col("before") <= HOUR_US)
    return faults(rows, "trade(s) are in silver.trades more than once, within an hour", SILVER_TRADES.key)


def stream_gaps(position: Position | None) -> list[str]:
    """What the stream had dropped before bronze read it: no table can hold that."""
    if position is None:
        return []
    return [
        f"stream {position.stream_name}{f', {gap.shard_id}' if gap.shard_id else ''}: records that arrived from "
        f"{gap.from_us} to {gap.to_us} (µs UTC) may have passed unread: {gap.reason}"
        for gap in position.gaps
    ]
