"""gold.manifest: what each day of a market holds, and a hash that vouches for it."""

from typing import Final

from tapehouse.tables.model import Column, Rule, Table

GOLD_MANIFEST: Final = Table(
    name="gold.manifest",
    grain="one row per exchange, symbol and UTC day of which gold.candles has a 1d row",
    columns=(
        Column("exchange", "STRING", "venue", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("day", "DATE", "the UTC day", nullable=False),
        Column("source", "STRING", "the feed that was counted; null where no trade was"),
        Column(
            "first_trade_id",
            "STRING",
            "of the day's first trade; null without trades, and until an ended day is hashed",
        ),
        Column("last_trade_id", "STRING", "the same of its last one"),
        Column("trade_count", "BIGINT", "the source's trades of the day", nullable=False),
        Column("volume", "DECIMAL(38,12)", "sum of their sizes in base units", nullable=False),
        Column("open_time_us", "BIGINT", "event time of the first, microseconds UTC; null without trades"),
        Column("close_time_us", "BIGINT", "event time of the last, microseconds UTC; null without trades"),
        Column("open_gaps", "BIGINT", "open gaps that touch the day", nullable=False),
        Column(
            "coverage",
            "DOUBLE",
            "share of the day that was wholly seen, 0 to 1; of a day that has not ended, up to the newest trade or "
            "coverage",
            nullable=False,
        ),
        Column("complete", "BOOLEAN", "as of the day's candle: wholly covered, and no open gap", nullable=False),
        Column(
            "trades_sha256",
            "STRING",
            "SHA-256 in hex over the day's trades, see docs/operations.md; null until the day has ended (a newer day's "
            "trade, or coverage through its end), and while a late change is taken in",
        ),
    ),
    key=("exchange", "symbol", "day"),
    rules=(
        Rule("coverage", "coverage BETWEEN 0 AND 1", "a share"),
        Rule("counts", "trade_count >= 0 AND open_gaps >= 0 AND volume >= 0", "counts of what is there"),
        Rule(
            "times",
            "trade_count = 0 OR (source IS NOT NULL AND open_time_us <= close_time_us)",
            "a day with trades has a first and a last one",
        ),
        Rule("hash", "trades_sha256 IS NULL OR LENGTH(trades_sha256) = 64", "SHA-256 in hex"),
    ),
    time_us="close_time_us",
)
