"""gold.portfolio: what is held, and what it is worth, hour by hour."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

GOLD_PORTFOLIO: Final = Table(
    name="gold.portfolio",
    grain="one row per portfolio, market that is held, and hour, from the hour of its first purchase on; the hour in "
    "which all of it was sold is its last, until it is bought again",
    columns=(
        Column("portfolio", "STRING", "name of the portfolio; default where the file names none", nullable=False),
        Column("exchange", "STRING", "whose price counts: a venue, or ALL", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("quote", "STRING", "currency of all money in the row; those of two are never added", nullable=False),
        Column("hour", "TIMESTAMP", "start of the hour, UTC; the newest goes on", nullable=False),
        Column("units", "DECIMAL(28,12)", "base units held at the hour's end", nullable=False),
        Column("price", "DECIMAL(28,12)", "newest close up to the hour's end; null before the market's first trade"),
        Column("trade_time_us", "BIGINT", "event time of the trade that made the price, microseconds UTC"),
        Column("age_h", "BIGINT", "hours from that trade's hour to this one: 0 where it traded in this one"),
        Column("value", "DECIMAL(38,8)", "units times price, rounded half up; null without a price, unless 0 units"),
        Column(
            "cost",
            "DECIMAL(38,8)",
            "what the units held have cost by average cost, fees of purchases in it; null where a price is unknown",
        ),
        Column(
            "realised",
            "DECIMAL(38,8)",
            "proceeds of all sales so far, less their fees and the average cost of what was sold; null if unknown",
        ),
        Column("unrealised", "DECIMAL(38,8)", "value less cost"),
        Column(
            "return_pct",
            "DECIMAL(38,6)",
            "unrealised / cost in percent, rounded half up; null at no cost, or from 10^32 on",
        ),
        Column(
            "weight_pct",
            "DECIMAL(9,6)",
            "part of value in that of all rows of this portfolio, quote and hour, in percent, rounded half up; rows "
            "without a price have none and count for nothing",
        ),
    ),
    key=("portfolio", "exchange", "symbol", "hour"),
    rules=(
        Rule("hour", "DATE_TRUNC('hour', hour) = hour", "a whole hour"),
        Rule("units", "units >= 0", "nothing is sold short"),
        Rule("price", "price IS NULL OR (price > 0 AND age_h >= 0)", "a price is of a trade"),
        Rule("unrealised", "value IS NULL OR cost IS NULL OR unrealised = value - cost", "value less cost"),
        Rule("weight", "weight_pct IS NULL OR weight_pct BETWEEN 0 AND 100", "a share in percent"),
    ),
    time_us="trade_time_us",
    upkeep=Upkeep(compaction=Compaction(near="hour")),
)
