"""gold.market_summary: each market at a glance, as of its newest trade."""

from typing import Final

from tapehouse.tables.model import Column, Rule, Table

GOLD_MARKET_SUMMARY: Final = Table(
    name="gold.market_summary",
    grain="one row per exchange (or ALL) and symbol that ever traded",
    columns=(
        Column("exchange", "STRING", "venue, or ALL", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("last_price", "DECIMAL(28,12)", "price of the newest trade", nullable=False),
        Column(
            "last_time_us", "BIGINT", "event time of the newest trade, microseconds UTC: the row's now", nullable=False
        ),
        Column(
            "last_time",
            "TIMESTAMP",
            "last_time_us as a timestamp; its age is last_time against the reader's clock",
            nullable=False,
        ),
        Column(
            "change_1h", "DOUBLE", "(last - then) / then in percent; then = last price before the minute one hour ago"
        ),
        Column("change_24h", "DOUBLE", "the same against 24 hours ago; null where the day before that had no trade"),
        Column("change_7d", "DOUBLE", "the same against 7 days ago"),
        Column(
            "high_24h",
            "DECIMAL(28,12)",
            "highest price of the 1,440 minutes that end with the newest trade's",
            nullable=False,
        ),
        Column("low_24h", "DECIMAL(28,12)", "lowest price of those minutes", nullable=False),
        Column("volume_24h", "DECIMAL(38,12)", "base units traded in those minutes", nullable=False),
        Column("quote_volume_24h", "DECIMAL(38,18)", "quote units traded in those minutes", nullable=False),
        Column("trades_24h", "BIGINT", "trades in those minutes", nullable=False),
        Column(
            "volatility_24h",
            "DOUBLE",
            "sample deviation of the log returns between those minutes' closes, times sqrt 525,600; null under 3",
        ),
    ),
    key=("exchange", "symbol"),
    rules=(
        Rule("last_price", "last_price > 0", "nothing trades for nothing"),
        Rule(
            "range",
            "high_24h >= last_price AND low_24h <= last_price AND low_24h > 0",
            "the last trade is one of the 24 hours",
        ),
        Rule("trades", "trades_24h >= 1 AND volume_24h > 0 AND quote_volume_24h >= 0", "the last trade at least"),
        Rule("volatility", "volatility_24h >= 0", "a deviation"),
    ),
    time_us="last_time_us",
)
