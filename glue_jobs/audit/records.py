"""What silver made of each record, against what judging the record's bytes again says."""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.report import differing
from tapehouse.intervals import HOUR_US
from tapehouse.tables import (
    CLOSED,
    COORDINATE_NAMES,
    OPENED,
    REQUEUED,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)

_KEY: Final = list(COORDINATE_NAMES)
_SUBJECT: Final = ["thing", "exchange", "symbol", "source", "id"]
"""What a record says something about: a trade, or a gap that opened or closed."""
_CLAIMED: Final = ("exchange", "symbol", "source")
_CONTENT: Final = ("price", "size", "side")
"""Where a trade that comes again differs in one of these, it is a conflict."""


def records(
    judged: DataFrame,
    bronze: DataFrame,
    silver: Mapping[str, DataFrame],
    bronze_us: int | None = None,
    trades_us: int | None = None,
) -> Iterator[DataFrame]:
    """Checks of each silver table: its rows are of records of that kind, and say what the record says.

    In: ``judged``, the judged rows of the records that are asked; ``silver``, the four tables; ``bronze_us`` and
    ``trades_us``, the floors of bronze and of silver.trades. That each record is in one is the account's business.
    """
    due = judged.select(*_KEY, F.struct(*judged.columns).alias("due"))
    event = F.when(F.col("due.kind") == "gap", OPENED).otherwise(CLOSED)
    received = F.timestamp_micros("due.received_time_us")
    yield _accepted(due, SILVER_TRADES, silver, ("trade",), received_time=received)
    yield _accepted(due, SILVER_GAPS, silver, ("gap", "gap_closed"), event=event)
    yield _accepted(due, SILVER_COVERAGE, silver, ("coverage",), leave_out=("from_us", "through_us"))
    yield _rejected(judged, bronze, silver, bronze_us, trades_us)


def _accepted(
    due: DataFrame,
    table: Table,
    silver: Mapping[str, DataFrame],
    kinds: tuple[str, ...],
    leave_out: tuple[str, ...] = (),
    **made: Column,
) -> DataFrame:
    """``made``: columns that have another name or form in the record; ``leave_out``: those that others judge."""
    is_due = F.col("due.kind").isin(*kinds) & (F.size("due.reasons") == 0)
    fields = due.schema["due"].dataType.fieldNames()  # type: ignore[attr-defined]
    said = [name for name in table.column_names if name in fields and name not in (*_KEY, *leave_out)]
    columns = {name: F.col(f"due.{name}") for name in said} | made
    pairs = {name: (F.col(name), F.when(is_due, column)) for name, column in columns.items()}
    return _faults(table, silver[table.name].join(due, on=_KEY), pairs)


def _rejected(
    judged: DataFrame,
    bronze: DataFrame,
    silver: Mapping[str, DataFrame],
    bronze_us: int | None,
    trades_us: int | None,
) -> DataFrame:
    """The verdict hangs on the bytes, and on the earlier records that silver has of the same trade or gap.

    A trade is the same within an hour of its event time. The first of a thing may have been of a record that bronze
    keeps no longer: it came before all that are asked. Of a trade that silver keeps no longer no second one is asked.
    """
    there = silver[SILVER_REJECTED.name].select(
        *_KEY, F.struct("verdict", "kind", "reasons", "payload", "arrival_time", *_CLAIMED).alias("there")
    )
    thing = F.when(F.col("kind") == "gap", OPENED).when(F.col("kind") == "gap_closed", CLOSED).otherwise("trade")
    stated = judged.withColumns({"thing": thing, "id": F.coalesce("trade_id", "gap_id"), "order": _stream_order()})
    first = silver[SILVER_TRADES.name].select(
        F.lit("trade").alias("thing"),
        *_SUBJECT[1:-1],
        F.col("trade_id").alias("id"),
        F.col("event_time_us").alias("first_us"),
        F.struct(*_CONTENT).alias("first"),
        F.unix_micros("arrival_time").alias("first_arrived_us"),
        *_KEY,
    )
    gaps = silver[SILVER_GAPS.name].where(F.col("shard_id").isNotNull())
    first = first.unionByName(
        gaps.select(
            F.col("event").alias("thing"),
            *_SUBJECT[1:-1],
            F.col("gap_id").alias("id"),
            F.unix_micros("arrival_time").alias("first_arrived_us"),
            *_KEY,
        ),
        allowMissingColumns=True,
    )
    asked = there.join(stated, on=_KEY)
    if trades_us is not None:
        may_be_gone = (F.col("thing") == "trade") & (F.col("event_time_us") - HOUR_US < trades_us)
        asked = asked.where((F.size("reasons") > 0) | ~F.coalesce(may_be_gone, F.lit(False)))
    # Only what was refused is looked up among all trades, and only what was found among all of bronze.
    met = asked.where(F.size("reasons") == 0).select(
        *_SUBJECT,
        F.struct(*_KEY).alias("refused"),
        "order",
        F.col("event_time_us").alias("at_us"),
        F.struct(*_CONTENT).alias("content"),
        _is_requeued().alias("again"),
    )
    near = (F.col("thing") != "trade") | (F.abs(F.col("at_us") - F.col("first_us")) <= HOUR_US)
    met = met.join(first, on=_SUBJECT).where(near)
    met = met.join(bronze.select(*_KEY, _stream_order().alias("first_order")), on=_KEY, how="left")
    is_gone = F.lit(False) if bronze_us is None else F.col("first_arrived_us") < bronze_us
    is_same = (F.col("thing") != "trade") | F.col("content").eqNullSafe(F.col("first"))
    # What was judged again may be met by what came after it, and was accepted while it was in quarantine.
    is_earlier = is_gone | (F.col("first_order") < F.col("order")) | F.col("again")
    earlier = met.where(is_earlier).groupBy("refused").agg(F.max(is_same).alias("is_same"))
    rows = asked.join(earlier.select("refused.*", "is_same"), on=_KEY, how="left")
    again = F.when(F.col("is_same"), "duplicate").when(~F.col("is_same"), "conflict")
    verdict = F.when(F.size("reasons") > 0, "quarantined").otherwise(again)
    reasons = F.when(verdict == "conflict", F.array(F.lit("trade.conflict"))).otherwise(F.col("reasons"))
    is_requeued = _is_requeued() & (verdict != "quarantined")
    due = {
        "verdict": verdict,
        "kind": F.col("kind"),
        "reasons": F.when(is_requeued, F.array_append(reasons, F.lit(REQUEUED))).otherwise(reasons),
        "payload": F.when(verdict != "duplicate", F.col("payload")),
        "arrival_time": F.col("arrival_time"),
        **{name: F.when(~_is_of_before(), F.col(name)) for name in _CLAIMED},
    }
    return _faults(SILVER_REJECTED, rows, {name: (F.col(f"there.{name}"), column) for name, column in due.items()})


def _is_requeued() -> Column:
    return F.array_contains("there.reasons", REQUEUED)


def _is_of_before() -> Column:
    """A row that says nothing of its market may have been written before there were the columns."""
    return reduce(Column.__and__, (F.col(f"there.{name}").isNull() for name in _CLAIMED))


def _stream_order() -> Column:
    """The order in which records count: by turn, then arrival, then coordinates (numbers as integers)."""
    number = "sequence_number"
    return F.struct("ingested_at", "arrival_time", "shard_id", F.length(number), number, "sub_sequence_number")


def _faults(table: Table, rows: DataFrame, pairs: Mapping[str, tuple[Column, Column]]) -> DataFrame:
    what = f"row(s) of {table.name} are not what their record says (tapehouse rebuild silver.trades)"
    return differing(rows, pairs, what, table.key)
