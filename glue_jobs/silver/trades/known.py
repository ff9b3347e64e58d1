"""The look-up of a batch's trades among those that silver.trades holds already."""

from collections.abc import Mapping
from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.silver.trades.contents import Contents
from glue_jobs.silver.trades.verdicts import CONTENT, KEY
from tapehouse.market import Market
from tapehouse.tables import COORDINATE_NAMES

AROUND_US: Final = 3_600_000_000
"""A trade is looked for among those within an hour of its event time; ``tapehouse audit`` proves it at large."""
_MOST_MARKETS: Final = 12
"""Up to so many markets the look-up names each with its own span; beyond, one span serves all: a condition of a
hundred parts takes longer to compile than to read what it skips."""
_BROADCAST_ROWS: Final = 200_000


def known_trades(silver_trades: DataFrame, turn: int, accepted: DataFrame, contents: Contents) -> DataFrame:
    """The rows of silver.trades that may share a key with the batch's.

    In: silver.trades and its turn; ``accepted``: the batch's trades that break no rule, with what ``contents`` says of
    them. Out: key, content and coordinates of silver's rows within ``AROUND_US`` of the batch's times.
    """
    if turn == 0 or not contents.spans:
        return silver_trades.where(F.lit(False))
    near = silver_trades.where(_near(contents.spans)).select(*KEY, *CONTENT, *COORDINATE_NAMES)
    keys = accepted.select(*KEY)
    return near.join(F.broadcast(keys) if contents.trades <= _BROADCAST_ROWS else keys, on=list(KEY), how="left_semi")


def _near(spans: Mapping[Market, tuple[int, int]]) -> Column:
    """True for rows that may be a trade of the spans: what the files' statistics can tell without reading them."""
    if len(spans) > _MOST_MARKETS:
        first = min(first for first, _ in spans.values()) - AROUND_US
        last = max(last for _, last in spans.values()) + AROUND_US
        return F.col("event_time_us").between(first, last)
    return reduce(
        lambda either, other: either | other,
        (
            (F.col("exchange") == market.exchange)
            & (F.col("symbol") == market.symbol)
            & F.col("event_time_us").between(first - AROUND_US, last + AROUND_US)
            for market, (first, last) in spans.items()
        ),
    )
