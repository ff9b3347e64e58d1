"""gold.exchange_activity: how much was bought and sold on each exchange, hour by hour."""

from typing import Final

from tapehouse.tables.model import Column, Rule, Table

NO_SIDE: Final = "none"
"""The side of trades of which their venue does not tell the taker's."""

GOLD_EXCHANGE_ACTIVITY: Final = Table(
    name="gold.exchange_activity",
    grain="one row per hour, exchange, quote and side of the taker with a trade; of each market one source counts, the "
    "one that gold.candles counts",
    columns=(
        Column("hour", "TIMESTAMP", "start of the hour in which the venue made the trades, UTC", nullable=False),
        Column("exchange", "STRING", "venue, lower case", nullable=False),
        Column("quote", "STRING", "what was paid in, of all markets with it; USD, USDT and USDC are three",
               nullable=False),
        Column("side", "STRING", "buy: takers bought; sell: takers sold; none: the venue does not tell",
               nullable=False),
        Column("trades", "BIGINT", "number of trades", nullable=False),
        Column("quote_volume", "DECIMAL(38,18)", "sum of quote_size in quote units; base units of several markets have "
               "no sum", nullable=False),
    ),
    key=("hour", "exchange", "quote", "side"),
    rules=(
        Rule("hour", "DATE_TRUNC('hour', hour) = hour", "a whole hour"),
        Rule("side", "side IN ('buy', 'sell', 'none')", "the taker's side"),
        Rule("trades", "trades > 0 AND quote_volume >= 0", "an hour without a trade is no row"),
    ),
    time_us="unix_micros(hour)",
)  # fmt: skip
