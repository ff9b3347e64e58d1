"""The account: every bronze record is in exactly one place, no trade is there twice, and gold adds up to silver."""

from dataclasses import dataclass
from functools import reduce
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.bronze import position_in
from glue_jobs.engine import delta
from tapehouse import logs
from tapehouse.intervals import INTERVALS
from tapehouse.lake import Lake
from tapehouse.tables import (
    ALL_EXCHANGES,
    BRONZE_TRADES,
    COORDINATE_NAMES,
    GOLD_CANDLES,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)

log = logs.of(__name__)

_SHOWN: Final = 5
"""Records that a finding names before it only counts."""
_SILVER: Final = (SILVER_TRADES, SILVER_REJECTED, SILVER_GAPS, SILVER_COVERAGE)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found."""

    ok: bool
    lines: tuple[str, ...]
    """The account and its findings, for people."""
    counts: dict[str, int]
    """Table → records of bronze that it holds."""


def audit(spark: SparkSession, lake: Lake) -> AuditReport:
    """Prove the account of the lake by anti-joins, not by comparing sums alone. Reads all of every table.

    The tables are read as they are now: what a refresh that runs meanwhile has not finished may look missing.
    """

    def load(table: Table) -> DataFrame | None:
        uri = lake.table_uri(table.name)
        return spark.read.format("delta").load(uri) if delta.exists(spark, uri) else None

    bronze = load(BRONZE_TRADES)
    if bronze is None:
        return AuditReport(False, (f"{lake.uri}: there is no bronze.trades: run tapehouse refresh first",), {})
    placed = {table.name: frame for table in _SILVER if (frame := load(table)) is not None}
    placed = {name: frame.where(F.col("shard_id").isNotNull()) for name, frame in placed.items()}
    counts = {"bronze.trades": bronze.count(), **{name: frame.count() for name, frame in placed.items()}}
    findings = [*_account(bronze, placed), *_twice(bronze, "bronze.trades", COORDINATE_NAMES)]
    if "silver.trades" in placed:
        findings += _twice(placed["silver.trades"], "silver.trades", SILVER_TRADES.key)
        candles = load(GOLD_CANDLES)
        if candles is not None:
            findings += _gold(placed["silver.trades"], candles)
    findings += _stream_gaps(spark, lake)
    parts = " + ".join(f"{counts.get(table.name, 0):,} {table.short_name}" for table in _SILVER)
    total = sum(counts.get(table.name, 0) for table in _SILVER)
    sign = "=" if total == counts["bronze.trades"] else "≠"
    account = f"{counts['bronze.trades']:,} bronze records {sign} {parts}"
    return AuditReport(not findings, (account, *findings), counts)


def _account(bronze: DataFrame, placed: dict[str, DataFrame]) -> list[str]:
    if not placed:
        return ["no silver table is there: run tapehouse refresh"] if not bronze.isEmpty() else []
    there = reduce(
        DataFrame.unionByName,
        (frame.select(*COORDINATE_NAMES, F.lit(name).alias("table")) for name, frame in placed.items()),
    )
    findings = []
    keys = list(COORDINATE_NAMES)
    missing = bronze.select(*keys).join(there.select(*keys), on=keys, how="left_anti")
    findings += _found(missing, "bronze record(s) are in no silver table (run tapehouse refresh, then audit again)")
    foreign = there.join(bronze.select(*keys), on=keys, how="left_anti").select(*keys)
    findings += _found(foreign, "silver record(s) are not in bronze")
    twice = there.groupBy(*keys).agg(F.count("*").alias("places")).where(F.col("places") > 1).select(*keys)
    return findings + _found(twice, "bronze record(s) are in silver more than once")


def _twice(frame: DataFrame, name: str, key: tuple[str, ...]) -> list[str]:
    repeated = frame.groupBy(*key).agg(F.count("*").alias("rows")).where(F.col("rows") > 1).select(*key)
    return _found(repeated, f"key(s) are in {name} more than once")


def _gold(trades: DataFrame, candles: DataFrame) -> list[str]:
    """Every interval of every market must add up to the trades of the source that gold counts."""
    findings = []
    counted = candles.where(F.col("source").isNotNull()).select("exchange", "symbol", "source").distinct()
    markets = trades.select("exchange", "symbol").distinct()
    absent = markets.join(counted, on=["exchange", "symbol"], how="left_anti")
    findings += _found(absent, "market(s) of silver.trades are not in gold.candles (run tapehouse refresh)")
    expected = (
        trades.join(counted, on=["exchange", "symbol", "source"], how="left_semi")
        .groupBy("exchange", "symbol")
        .agg(F.count("*").alias("trades"), F.sum("size").alias("size"), F.sum("quote_size").alias("quote_size"))
    )
    everywhere = expected.groupBy("symbol").agg(
        F.sum("trades").alias("trades"), F.sum("size").alias("size"), F.sum("quote_size").alias("quote_size")
    )
    expected = expected.unionByName(everywhere.withColumn("exchange", F.lit(ALL_EXCHANGES)))
    names = expected.crossJoin(
        F.broadcast(candles.sparkSession.createDataFrame([(each.name,) for each in INTERVALS], "interval STRING"))
    )
    found = candles.groupBy("exchange", "symbol", "interval").agg(
        F.sum("trade_count").alias("found_trades"),
        F.sum("volume").alias("volume"),
        F.sum("quote_volume").alias("quote_volume"),
    )
    wrong = names.join(found, on=["exchange", "symbol", "interval"], how="full").where(
        ~(
            F.coalesce("trades", F.lit(0)).eqNullSafe(F.coalesce("found_trades", F.lit(0)))
            & F.coalesce("size", F.lit(0)).eqNullSafe(F.coalesce("volume", F.lit(0)))
            & F.coalesce("quote_size", F.lit(0)).eqNullSafe(F.coalesce("quote_volume", F.lit(0)))
        )
    )
    shown = wrong.select("exchange", "symbol", "interval", "trades", "found_trades")
    findings += _found(shown, "market(s) and interval(s) of gold.candles do not add up to silver.trades")
    repeated = candles.groupBy(*GOLD_CANDLES.key).agg(F.count("*").alias("rows")).where(F.col("rows") > 1)
    return findings + _found(repeated.select(*GOLD_CANDLES.key), "key(s) are in gold.candles more than once")


def _stream_gaps(spark: SparkSession, lake: Lake) -> list[str]:
    position = position_in(delta.snapshot(spark, BRONZE_TRADES, lake.table_uri(BRONZE_TRADES.name)))
    if position is None:
        return []
    return [
        f"stream {position.stream_name}: records that arrived from {gap.from_us} to {gap.to_us} (µs UTC) may have "
        "passed unread: the pause was longer than the stream's retention"
        for gap in position.gaps
    ]


def _found(rows: DataFrame, what: str) -> list[str]:
    shown = rows.limit(_SHOWN + 1).collect()
    if not shown:
        return []
    number = len(shown) if len(shown) <= _SHOWN else rows.count()
    examples = ["  " + ", ".join(f"{key}={value}" for key, value in row.asDict().items()) for row in shown[:_SHOWN]]
    return [f"{number:,} {what}:", *examples]
