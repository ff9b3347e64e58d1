"""gold.candles: open, high, low, close and volumes of each market in eleven intervals."""

from typing import Final

from tapehouse.tables.model import Column, Rule, Table, Upkeep

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
    rules=(
        Rule("window", "window_end > window_start", "a window is not empty"),
        Rule("trade_count", "trade_count >= 0", "a window without a trade has none"),
        Rule(
            "prices",
            "CASE WHEN trade_count = 0 THEN COALESCE(open, high, low, close, vwap) IS NULL "
            "ELSE open IS NOT NULL AND high IS NOT NULL AND low IS NOT NULL AND close IS NOT NULL AND vwap IS NOT NULL "
            "END",
            "there are prices where there are trades, and only there",
        ),
        Rule(
            "range",
            "low <= open AND low <= close AND high >= open AND high >= close AND low > 0",
            "the first and last prices lie between the lowest and the highest",
        ),
        Rule("vwap", "vwap >= 0", "zero where the notional of all trades is below its last decimal"),
        Rule("volume", "volume >= 0 AND quote_volume >= 0", "sums of sizes that are above zero"),
        Rule(
            "sides",
            "buy_volume >= 0 AND sell_volume >= 0 AND buy_volume + sell_volume <= volume",
            "a trade is a purchase, a sale, or not told",
        ),
        Rule("times", "open_time_us <= close_time_us", "the first trade is not behind the last"),
        Rule("all_has_no_source", "exchange <> 'ALL' OR source IS NULL", "ALL is of several feeds"),
    ),
    time_us="close_time_us",
    upkeep=Upkeep(compaction=None),  # its query merges its files by itself: see glue_jobs/gold/candles/layout.py
)
