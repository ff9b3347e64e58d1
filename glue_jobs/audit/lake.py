"""The audit of one lake: every table is read once, and each check says what is wrong in it, where, and what to do."""

from collections.abc import Mapping, Sequence

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.account import account, apart, held, stream_gaps, unique
from glue_jobs.audit.candles import Since, candles
from glue_jobs.audit.coverage import coverage
from glue_jobs.audit.data_quality import data_quality
from glue_jobs.audit.derived import derived
from glue_jobs.audit.exchange_activity import exchange_activity
from glue_jobs.audit.filled import filled
from glue_jobs.audit.judged import judged
from glue_jobs.audit.markets import counted, sums, with_lives
from glue_jobs.audit.news import news
from glue_jobs.audit.records import records
from glue_jobs.audit.report import AuditReport, findings
from glue_jobs.audit.rules import rules
from glue_jobs.audit.sample import Sample
from glue_jobs.audit.summary import summary
from glue_jobs.bronze import position_in
from glue_jobs.engine import Query, Steps, Workspace, sized, tables_of
from glue_jobs.engine.declared import refuse_clash
from tapehouse.intervals import INTERVALS, MINUTE_US
from tapehouse.lake import Lake
from tapehouse.tables import (
    BRONZE_TRADES,
    COORDINATE_NAMES,
    GOLD_CANDLES,
    GOLD_EXCHANGE_ACTIVITY,
    GOLD_MARKET_SUMMARY,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_TRADES,
    Table,
)


def audit(spark: SparkSession, lake: Lake, queries: Sequence[Query], *, full: bool = False) -> AuditReport:
    """Judge every table of the pipeline by the one that it is made of, down to the stream's own bytes.

    Of every table, whatever it holds: its keys, and by its declaration its rules and the account of the records that it
    accounts for.

    All of a small lake is judged. Of a big one each row is counted, and its key, its place and what follows from its
    own columns are asked; what records, candles and markets say is judged of a sample, with ``full`` of all.

    Of what a table is kept no longer (its floor), and of what is made of that, nothing is asked: no record that arrived
    before bronze's floor, no trade before silver.trades', no candle of a window that begins before that.

    The tables are read as they are now: what a refresh that runs meanwhile has not finished may look missing.

    Nothing else in a lake says what stands in ``bronze.trades.partition_key``, nor more of ``ingested_at`` than the
    order of records that repeat each other, nor what a payload says that no column holds: such a change is not seen.
    """

    workspace = Workspace(spark, lake, Steps())

    def load(table: Table) -> DataFrame:
        is_there = workspace.state(table).is_there
        return workspace.read(table) if is_there else spark.createDataFrame([], table.schema_ddl)

    if not workspace.state(BRONZE_TRADES).is_there:
        return AuditReport(False, (f"{lake.uri}: there is no bronze.trades: run tapehouse refresh first",), {})
    tables = tables_of(queries)
    for table in tables.values():
        refuse_clash(workspace.state(table))
    there = {name: load(table) for name, table in tables.items()}
    with_rows = {name: table for name, table in tables.items() if workspace.state(table).files}
    bronze_us, trades_us = (workspace.state(table).floor_us for table in (BRONZE_TRADES, SILVER_TRADES))
    bronze = _since(there[BRONZE_TRADES.name], F.unix_micros("arrival_time"), bronze_us)
    silver = {name: there[name] for name, table in tables.items() if _accounts(table)}
    silver[SILVER_TRADES.name] = _since(silver[SILVER_TRADES.name], F.col("event_time_us"), trades_us)
    gold = _since(there[GOLD_CANDLES.name], F.unix_micros("window_start"), trades_us)
    placed = {
        name: _since(frame.where(F.col("shard_id").isNotNull()), F.unix_micros("arrival_time"), bronze_us)
        for name, frame in silver.items()
    }
    size = bronze.count()
    sample = Sample.of(size, full=full)
    with sized(spark, size):
        counts = {BRONZE_TRADES.name: size, **{name: frame.count() for name, frame in placed.items()}}
        if sum(counts.values()) < 2 * size:
            counts[SILVER_COVERAGE.name] += held(bronze, silver, placed)
        markets = counted(silver[SILVER_TRADES.name], gold)
        if trades_us is not None:
            before = there[GOLD_CANDLES.name].where(F.unix_micros("window_start") < trades_us)
            markets = with_lives(markets, before)
        # How far back seconds are kept is gold's own word: a setting decides it.
        short_from_us = (workspace.state(GOLD_CANDLES).metadata or {}).get("short_from_us")
        asked = judged(bronze.where(sample.has(*COORDINATE_NAMES))).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            found = findings(
                [
                    account(bronze, silver, placed, trades_us),
                    *(unique(table, there[name]) for name, table in with_rows.items() if not _by_coordinates(table)),
                    *derived(there),
                    *rules(with_rows.values(), there),
                    apart(silver[SILVER_TRADES.name]),
                    *records(asked, bronze, silver, bronze_us, trades_us),
                    coverage(silver[SILVER_COVERAGE.name], bronze, sample, bronze_us),
                    filled(silver[SILVER_GAPS.name], silver[SILVER_TRADES.name], sample, trades_us),
                    candles(gold, silver, markets, sample, Since(short_from_us, trades_us)),
                    summary(there[GOLD_MARKET_SUMMARY.name], there[GOLD_CANDLES.name], sample),
                    exchange_activity(
                        _since(there[GOLD_EXCHANGE_ACTIVITY.name], F.unix_micros("hour"), trades_us),
                        silver[SILVER_TRADES.name],
                        markets,
                    ),
                    *data_quality(there, bronze_us, trades_us),
                ]
            )
        finally:
            asked.unpersist()
        if sample.one_in > 1:  # of all windows, where not each was judged
            intervals = [each for each in INTERVALS if short_from_us is None or each.length_us >= MINUTE_US]
            found += sums(silver[SILVER_TRADES.name], markets, gold, intervals, trades_us)
    found += news(workspace, tables.values(), full=full)
    found += stream_gaps(position_in(workspace.state(BRONZE_TRADES)))
    return AuditReport(not found, (_account_line(counts, trades_us), str(sample), *found), counts)


def _since(frame: DataFrame, time_us: Column, floor_us: int | None) -> DataFrame:
    return frame if floor_us is None else frame.where(time_us >= floor_us)


def _accounts(table: Table) -> bool:
    return table.accounts_for == BRONZE_TRADES.name


def _by_coordinates(table: Table) -> bool:
    """Its key is the record's place in the stream, which the account holds against bronze."""
    return table.key == COORDINATE_NAMES and (table == BRONZE_TRADES or _accounts(table))


def _account_line(counts: Mapping[str, int], trades_us: int | None) -> str:
    held = {name: count for name, count in counts.items() if name != BRONZE_TRADES.name}
    parts = " + ".join(f"{count:,} {name.partition('.')[2]}" for name, count in held.items())
    other = "≠" if trades_us is None else "≥"  # trades that silver keeps no longer have records in bronze, perhaps
    sign = "=" if sum(held.values()) == counts[BRONZE_TRADES.name] else other
    return f"{counts[BRONZE_TRADES.name]:,} bronze records {sign} {parts}"
