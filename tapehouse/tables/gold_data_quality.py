"""gold.data_quality and gold.data_quality_reasons: what came of the records that arrived, hour by hour."""

from typing import Final

from tapehouse.tables.model import Column, Rule, Table

LATE_US: Final = 60_000_000
"""A trade is late where it arrived more than a minute behind its event time, µs."""
UNKNOWN_SOURCE: Final = "unknown"
"""The source of records that do not say one."""

_HOUR: Final = Column("hour", "TIMESTAMP", "start of the hour in which Kinesis took the records, UTC", nullable=False)

GOLD_DATA_QUALITY: Final = Table(
    name="gold.data_quality",
    grain="one row per hour of arrival and source of which anything came; of all of an hour, add its rows up",
    columns=(
        _HOUR,
        Column(
            "source",
            "STRING",
            "the feed that the records claim to be from; unknown where none can be read (a record's bytes, or rows of "
            "silver.rejected without a source); * for coverage records of every feed; of a gap of the stream its name",
            nullable=False,
        ),
        Column(
            "received",
            "BIGINT",
            "records: the sum of accepted, duplicate, conflict, quarantined, gap_records and coverage_records; over "
            "all sources of an hour, what bronze.trades has of it",
            nullable=False,
        ),
        Column("accepted", "BIGINT", "trades: rows of silver.trades", nullable=False),
        Column("duplicate", "BIGINT", "records of what was known", nullable=False),
        Column("conflict", "BIGINT", "trades that contradict what was known", nullable=False),
        Column("quarantined", "BIGINT", "records that break a rule; by reason in gold.data_quality_reasons",
               nullable=False),
        Column("gap_records", "BIGINT", "records that opened or closed a gap", nullable=False),
        Column(
            "coverage_records",
            "BIGINT",
            "in the row of source * alone, since such a record need not leave a row: what bronze.trades received of "
            "the hour less all other records. So it counts what silver has not taken yet, too",
            nullable=False,
        ),
        Column("late", "BIGINT", "accepted trades that arrived more than a minute behind their event time, without the "
               "backfilled ones", nullable=False),
        Column("backfilled", "BIGINT", "accepted trades that were told afterwards: over REST to fill a hole, or as the "
               "demo's history", nullable=False),
        Column("gaps_opened", "BIGINT", "gaps that became known, those of the stream itself too", nullable=False),
        Column("gaps_closed", "BIGINT", "gaps that their feed said are no more", nullable=False),
        Column("gaps_filled", "BIGINT", "gaps of which the last missing trade arrived", nullable=False),
    ),
    key=("hour", "source"),
    rules=(
        Rule("hour", "DATE_TRUNC('hour', hour) = hour", "a whole hour"),
        Rule(
            "account",
            "received = accepted + duplicate + conflict + quarantined + gap_records + coverage_records",
            "each record is counted as one thing",
        ),
        Rule(
            "counts",
            "LEAST(accepted, duplicate, conflict, quarantined, gap_records, coverage_records, late, backfilled, "
            "gaps_opened, gaps_closed, gaps_filled) >= 0",
            "counts of what is there",
        ),
        Rule("of_accepted", "late + backfilled <= accepted", "both are of the accepted trades, and no trade is both"),
        Rule("coverage", "coverage_records = 0 OR source = '*'", "coverage is counted for all sources together"),
    ),
    time_us="unix_micros(hour)",
)  # fmt: skip

GOLD_DATA_QUALITY_REASONS: Final = Table(
    name="gold.data_quality_reasons",
    grain="one row per hour of arrival, source and reason for which a record is quarantined",
    columns=(
        _HOUR,
        Column("source", "STRING", "as in gold.data_quality", nullable=False),
        Column("reason", "STRING", "field.rule code of tapehouse.record", nullable=False),
        Column("records", "BIGINT", "quarantined records that have it; one may have several reasons", nullable=False),
    ),
    key=("hour", "source", "reason"),
    rules=(
        Rule("hour", "DATE_TRUNC('hour', hour) = hour", "a whole hour"),
        Rule("records", "records > 0", "what no record has is no row"),
    ),
    time_us="unix_micros(hour)",
)
