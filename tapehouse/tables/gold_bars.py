"""gold.bars: bars by trades, by base volume and by quote volume, beside those by time in gold.candles."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

NEWEST_BARS: Final = "newest-"
"""What the name of a file begins with that holds the newest bar of each market and kind: each commit replaces it."""

GOLD_BARS: Final = Table(
    name="gold.bars",
    grain="one row per exchange, symbol, kind, UTC day and bar: a bar ends with the trade that reaches its size, and "
    "each day begins anew",
    columns=(
        Column("exchange", "STRING", "venue", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("kind", "STRING", "tick, volume or dollar: what the size counts", nullable=False),
        Column("day", "DATE", "UTC date of its trades", nullable=False),
        Column("number", "BIGINT", "counts the bars of a market, kind and day from 1", nullable=False),
        Column(
            "size",
            "DECIMAL(28,12)",
            "what a whole bar reaches: trades (tick), base units (volume), quote units (dollar)",
            nullable=False,
        ),
        Column("open_time", "TIMESTAMP", "open_time_us as a timestamp", nullable=False),
        Column("close_time", "TIMESTAMP", "close_time_us as a timestamp", nullable=False),
        Column("open", "DECIMAL(28,12)", "price of the first trade", nullable=False),
        Column("high", "DECIMAL(28,12)", "highest price", nullable=False),
        Column("low", "DECIMAL(28,12)", "lowest price", nullable=False),
        Column("close", "DECIMAL(28,12)", "price of the last trade", nullable=False),
        Column("volume", "DECIMAL(38,12)", "sum of sizes in base units", nullable=False),
        Column("quote_volume", "DECIMAL(38,18)", "sum of quote_size in quote units", nullable=False),
        Column("vwap", "DECIMAL(28,12)", "quote_volume / volume, rounded half up", nullable=False),
        Column("trade_count", "BIGINT", "number of trades", nullable=False),
        Column("buy_volume", "DECIMAL(38,12)", "sum of sizes of which the taker bought", nullable=False),
        Column("sell_volume", "DECIMAL(38,12)", "sum of sizes of which the taker sold", nullable=False),
        Column(
            "complete",
            "BOOLEAN",
            "it reached its size; false: it is open, or what its day had left at its end",
            nullable=False,
        ),
        Column(
            "growing",
            "BOOLEAN",
            "not complete, and its market has not traded on a later day: more trades may come into it",
            nullable=False,
        ),
        Column("source", "STRING", "the feed that was counted", nullable=False),
        Column("open_time_us", "BIGINT", "event time of the first trade, microseconds UTC", nullable=False),
        Column("open_trade_number", "DECIMAL(38,0)", "trade_number of the first trade", nullable=False),
        Column("open_trade_id", "STRING", "trade_id of the first trade", nullable=False),
        Column("close_time_us", "BIGINT", "event time of the last trade, microseconds UTC", nullable=False),
        Column("close_trade_number", "DECIMAL(38,0)", "trade_number of the last trade", nullable=False),
        Column("close_trade_id", "STRING", "trade_id of the last trade", nullable=False),
    ),
    key=("exchange", "symbol", "kind", "day", "number"),
    rules=(
        Rule("kind", "kind IN ('tick', 'volume', 'dollar')", "there are no others"),
        Rule("number", "number >= 1", "the bars of a day count from 1"),
        Rule("size", "size > 0", "a bar reaches something"),
        Rule("trade_count", "trade_count >= 1", "a bar is made of trades"),
        Rule(
            "range",
            "low <= open AND low <= close AND high >= open AND high >= close AND low > 0",
            "the first and last prices lie between the lowest and the highest",
        ),
        Rule("volume", "volume > 0 AND quote_volume >= 0 AND vwap >= 0", "sums of sizes that are above zero"),
        Rule(
            "sides",
            "buy_volume >= 0 AND sell_volume >= 0 AND buy_volume + sell_volume <= volume",
            "a trade is a purchase, a sale, or not told",
        ),
        Rule("times", "open_time_us <= close_time_us", "the first trade is not behind the last"),
        Rule("growing", "NOT (complete AND growing)", "a bar that reached its size gets no more trades"),
    ),
    time_us="close_time_us",
    cluster_by=("exchange", "symbol", "kind", "close_time_us"),
    # A late trade rewrites the files that hold what follows it in its day, so they are not as large as others'.
    upkeep=Upkeep(compaction=Compaction(full_rows=65_536, near="close_time_us", spared=NEWEST_BARS)),
)
