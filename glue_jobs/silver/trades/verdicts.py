"""silver.trades: which rows are new trades, which are known already, and which contradict what is known.

A trade is known by exchange + symbol + source + trade_id. Of several rows with one key the first of the stream's order
counts. A row that comes again with its own coordinates is itself, not a duplicate: that is what makes a batch that
runs twice, and a checkpoint that was thrown away, harmless.
"""

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from tapehouse.tables import COORDINATE_NAMES, SILVER_TRADES

KEY: Final = SILVER_TRADES.key
ACCEPTED: Final = "accepted"
KNOWN: Final = "known"
DUPLICATE: Final = "duplicate"
CONFLICT: Final = "conflict"
QUARANTINED: Final = "quarantined"
CONTENT: Final = ("price", "size", "side")


def stream_order() -> list[Column]:
    """The order in which rows of one key count: by turn, then arrival, then coordinates (numbers as integers)."""
    return [
        F.col("ingested_at"),
        F.col("arrival_time"),
        F.col("shard_id"),
        F.length("sequence_number"),
        F.col("sequence_number"),
        F.col("sub_sequence_number"),
    ]


def is_accepted(kind: str) -> Column:
    """The record is of this kind and breaks no rule."""
    return (F.col("kind") == kind) & (F.size("reasons") == 0)


def verdicts(judged: DataFrame, known: DataFrame) -> DataFrame:
    """The verdict on each accepted-looking trade.

    In: ``judged`` rows of kind trade without reasons; ``known``: rows of silver.trades that may share a key with them.
    Out: the judged columns and ``verdict``: accepted (new), known (this very row is in silver), duplicate or conflict.
    Rows: as many as came.
    """
    theirs = [F.col(f"k.{name}").alias(f"known_{name}") for name in (*KEY, *CONTENT, *COORDINATE_NAMES)]
    matched = judged.alias("j").join(
        known.select(*KEY, *CONTENT, *COORDINATE_NAMES).alias("k"),
        on=[F.col(f"j.{n}") == F.col(f"k.{n}") for n in KEY],
        how="left",
    )
    rows = matched.select("j.*", *theirs)
    key = Window.partitionBy(*KEY)
    in_order = key.orderBy(*stream_order()).rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    rows = rows.withColumn("number", F.row_number().over(key.orderBy(*stream_order())))
    for name in CONTENT:
        rows = rows.withColumn(f"first_{name}", F.first(name).over(in_order))
    is_known = F.col("known_trade_id").isNotNull()
    verdict = (
        F.when(is_known & same(COORDINATE_NAMES, "known_"), KNOWN)
        .when(is_known & same(CONTENT, "known_"), DUPLICATE)
        .when(is_known, CONFLICT)
        .when(F.col("number") == 1, ACCEPTED)
        .when(same(CONTENT, "first_"), DUPLICATE)
        .otherwise(CONFLICT)
    )
    return rows.withColumn("verdict", verdict).select(*judged.columns, "verdict")


def trades(accepted: DataFrame) -> DataFrame:
    """silver.trades' columns of accepted judged rows, one a row."""
    exact = F.col("price") * F.col("size")  # decimal(38,24): under the notional limit it is exact
    return accepted.select(
        "exchange",
        "symbol",
        "event_time_us",
        F.substring_index("symbol", "-", 1).alias("base"),
        F.substring_index("symbol", "-", -1).alias("quote"),
        "source",
        "trade_id",
        "trade_number",
        "price",
        "size",
        exact.cast("decimal(38,18)").alias("quote_size"),
        "side",
        F.timestamp_micros("event_time_us").alias("event_time"),
        F.timestamp_micros("received_time_us").alias("received_time"),
        "arrival_time",
        "backfilled",
        "trader",
        *COORDINATE_NAMES,
        F.to_date(F.timestamp_micros("event_time_us")).alias("event_date"),
    )


def same(names: tuple[str, ...], prefix: str) -> Column:
    """Every column equals its twin of the prefix; null equals null."""
    equal = F.lit(True)
    for name in names:
        equal = equal & F.col(name).eqNullSafe(F.col(f"{prefix}{name}"))
    return equal
