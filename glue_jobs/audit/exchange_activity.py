"""gold.exchange_activity against silver.trades: every row added up anew by Spark."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.markets import Counted
from glue_jobs.audit.report import compared
from tapehouse.market import Market
from tapehouse.tables import GOLD_EXCHANGE_ACTIVITY, NO_SIDE


def exchange_activity(there: DataFrame, trades: DataFrame, markets: Mapping[Market, Counted]) -> DataFrame:
    """The check that each row is what the trades of its hour are. ``there``: the table; ``trades``: silver.trades."""
    counts = [(market.exchange, market.symbol, of.source) for market, of in markets.items()]
    sources = trades.sparkSession.createDataFrame(counts, "exchange string, symbol string, source string")
    due = (
        trades.join(F.broadcast(sources), on=["exchange", "symbol", "source"])
        .groupBy(
            F.date_trunc("hour", F.timestamp_micros("event_time_us")).alias("hour"),
            "exchange",
            "quote",
            F.coalesce("side", F.lit(NO_SIDE)).alias("side"),
        )
        .agg(F.count("*").alias("trades"), F.try_sum("quote_size").try_cast("decimal(38,18)").alias("quote_volume"))
    )
    return compared(there, due, GOLD_EXCHANGE_ACTIVITY.key, GOLD_EXCHANGE_ACTIVITY.name)
