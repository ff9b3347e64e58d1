"""gold.candles: open, high, low, close and volumes of each market in eleven intervals."""

from typing import Final

from tapehouse.tables.model import Column, Table, Upkeep

ALL_EXCHANGES: Final = "ALL"
"""The exchange of candles that consolidate every venue of one symbol (its quote is part of it: USD is not USDT)."""

GOLD_CANDLES: Final = Table(
    name="gold.candles",
    grain="one row per exchange (or ALL), symbol, interval and window that has a trade, or lies in an open gap",
    columns=(
        Column("exchange", "STRING", "venue, or ALL for every venue of the symbol together", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("interval", "STRING", "1s 5s 15s 1m 5m 15m 30m 1h 4h 1d 1w", nullable=False),
        Column(
            "window_start", "TIMESTAMP", "start of the window, inclusive, UTC; weeks start on Monday", nullable=False
        ),
        Column("window_end", "TIMESTAMP", "end of the window, exclusive, UTC", nullable=False),
        Column("open", "DECIMAL(28,12)", "price of the first trade; null when there was none"),
        Column("high", "DECIMAL(28,12)", "highest price"),
        Column("low", "DECIMAL(28,12)", "lowest price"),
        Column("close", "DECIMAL(28,12)", "price of the last trade"),
        Column("volume", "DECIMAL(38,12)", "sum of sizes in base units", nullable=False),
        Column("quote_volume", "DECIMAL(38,18)", "sum of quote_size in quote units", nullable=False),
        Column("vwap", "DECIMAL(28,12)", "quote_volume / volume, rounded half up; null without trades"),
        Column("trade_count", "BIGINT", "number of trades", nullable=False),
        Column("buy_volume", "DECIMAL(38,12)", "sum of sizes of which the taker bought", nullable=False),
        Column("sell_volume", "DECIMAL(38,12)", "sum of sizes of which the taker sold", nullable=False),
        Column(
            "complete",
            "BOOLEAN",
            "the window is wholly covered and touches no open gap; ALL: that holds for every market of the symbol",
            nullable=False,
        ),
        Column("source", "STRING", "the feed that was counted; null for ALL"),
        Column("open_time_us", "BIGINT", "event time of the first trade, microseconds UTC; null without trades"),
        Column("close_time_us", "BIGINT", "event time of the last trade, microseconds UTC; null without trades"),
    ),
    key=("exchange", "symbol", "interval", "window_start"),
    time_us="close_time_us",
    upkeep=Upkeep(compaction=None),  # its query merges its files by itself: see glue_jobs/gold/candles/layout.py
)
