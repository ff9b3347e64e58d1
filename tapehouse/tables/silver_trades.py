"""silver.trades: typed, valid, unique trades. Insert-only."""

from typing import Final

from tapehouse.tables.coordinates import COORDINATES
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

SILVER_TRADES: Final = Table(
    name="silver.trades",
    grain="one row per trade of a market as one source told it; two rows of one id, where a venue started its ids "
    "anew, are more than an hour apart",
    columns=(
        Column("exchange", "STRING", "venue, lower case", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE, upper case", nullable=False),
        Column(
            "event_time_us",
            "BIGINT",
            "when the venue made the trade, microseconds since the epoch, UTC",
            nullable=False,
        ),
        Column("base", "STRING", "what was traded", nullable=False),
        Column("quote", "STRING", "what it was paid in; USD, USDT and USDC are three", nullable=False),
        Column("source", "STRING", "the feed that read it", nullable=False),
        Column("trade_id", "STRING", "the venue's id of the trade", nullable=False),
        Column(
            "trade_number",
            "DECIMAL(38,0)",
            "numeric value of trade_id, -1 where it has none: orders trades of one microsecond",
            nullable=False,
        ),
        Column("price", "DECIMAL(28,12)", "in quote units for one base unit", nullable=False),
        Column("size", "DECIMAL(28,12)", "in base units", nullable=False),
        Column("quote_size", "DECIMAL(38,18)", "price times size in quote units, rounded half up", nullable=False),
        Column("side", "STRING", "the side of the taker: buy, sell, or null where the venue does not tell"),
        Column(
            "event_time",
            "TIMESTAMP",
            "event_time_us as a timestamp; engines may cut it to milliseconds",
            nullable=False,
        ),
        Column("received_time", "TIMESTAMP", "when our feed read it, UTC", nullable=False),
        Column("arrival_time", "TIMESTAMP", "when Kinesis took it, UTC", nullable=False),
        Column(
            "backfilled",
            "BOOLEAN",
            "told afterwards: over REST to fill a hole, or as the demo's history",
            nullable=False,
        ),
        Column("trader", "STRING", "name of a person; synthetic source only"),
        *COORDINATES,
        Column("event_date", "DATE", "UTC date of event_time_us", nullable=False),
    ),
    key=("exchange", "symbol", "source", "trade_id", "event_time_us"),
    rules=(
        Rule("price", "price > 0", "nothing trades for nothing"),
        Rule("size", "size > 0", "nor is nothing traded"),
        Rule(
            "notional",
            "quote_size >= 0 AND quote_size < 1000000000000",
            "so that 10^8 such trades still add up in their type",
        ),
        Rule("side", "side IN ('buy', 'sell')", "the side of the taker, where it is told"),
        Rule("symbol", "symbol = CONCAT(base, '-', quote)", "a symbol is its two parts"),
        Rule("trade_number", "trade_number >= -1", "-1 stands for an id that is no number"),
        Rule("event_time", "event_time_us >= 1230940800000000", "no trade is older than Bitcoin's first block"),
    ),
    time_us="event_time_us",
    accounts_for="bronze.trades",
    least_retention_days=14,  # of the week that goes on, and of the one before, candles may still change
    cluster_by=("exchange", "symbol", "event_time_us"),
    upkeep=Upkeep(compaction=Compaction(near="event_time_us")),
)
