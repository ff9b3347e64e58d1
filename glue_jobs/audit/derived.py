"""Columns that follow from others of their own row: dates, ends, products. Cheap, so every row is asked."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.report import differing
from tapehouse.intervals import INTERVALS
from tapehouse.tables import (
    BRONZE_TRADES,
    GOLD_BARS,
    GOLD_CANDLES,
    GOLD_MARKET_SUMMARY,
    GOLD_PORTFOLIO,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)

_DIGITS: Final = r"\A(?:a:)?([0-9]{1,38})\z"


def id_number(trade_id: str) -> Column:
    """The number that a trade id is, by the SQL of it: digits, also behind ``a:``; -1 where it is none."""
    digits = F.regexp_extract(trade_id, _DIGITS, 1)
    return F.when(digits == "", F.lit(-1)).otherwise(digits.try_cast("decimal(38,0)")).cast("decimal(38,0)")


def _of_interval(value: Callable[[Any], int]) -> Column:
    """A number of the row's own interval; null where there is no such interval."""
    pairs = [F.lit(part) for interval in INTERVALS for part in (interval.name, value(interval))]
    return F.try_element_at(F.create_map(*pairs), F.col("interval"))


def _is_whole() -> Column:
    """Whether a bar reached its size. Each kind by itself: its column's own digits are asked."""
    found = F.when(F.col("kind") == "tick", F.col("trade_count") >= F.col("size"))
    found = found.when(F.col("kind") == "volume", F.col("volume") >= F.col("size"))
    return found.otherwise(F.col("quote_volume") >= F.col("size"))


def _arrival_date() -> Column:
    return F.to_date("arrival_time")


_DUE: Final[Mapping[Table, Callable[[], Mapping[str, Column]]]] = {
    BRONZE_TRADES: lambda: {"arrival_date": _arrival_date()},
    SILVER_REJECTED: lambda: {"arrival_date": _arrival_date()},
    SILVER_TRADES: lambda: {
        "base": F.split_part("symbol", F.lit("-"), F.lit(1)),
        "quote": F.split_part("symbol", F.lit("-"), F.lit(2)),
        "trade_number": id_number("trade_id"),
        "quote_size": F.round(F.try_multiply("price", "size"), 18).try_cast("decimal(38,18)"),
        "event_time": F.timestamp_micros("event_time_us"),
        "event_date": F.to_date(F.timestamp_micros("event_time_us")),
    },
    GOLD_CANDLES: lambda: {
        "window_end": F.timestamp_micros(F.unix_micros("window_start") + _of_interval(lambda each: each.length_us)),
    },
    GOLD_BARS: lambda: {
        "day": F.to_date(F.timestamp_micros("close_time_us")),
        "open_time": F.timestamp_micros("open_time_us"),
        "close_time": F.timestamp_micros("close_time_us"),
        "complete": _is_whole(),
    },
    GOLD_MARKET_SUMMARY: lambda: {"last_time": F.timestamp_micros("last_time_us")},
    GOLD_PORTFOLIO: lambda: {"quote": F.split_part("symbol", F.lit("-"), F.lit(2))},
}


def derived(there: Mapping[str, DataFrame]) -> Iterator[DataFrame]:
    """Checks that the derived columns of a row, those that file it among them, are what its others say.

    ``there``: the tables by name.
    """
    for table, columns in _DUE.items():
        frame, due = there[table.name], columns()
        what = f"row(s) of {table.name} have a column that does not follow from their others"
        yield differing(frame, {name: (F.col(name), column) for name, column in due.items()}, what, table.key)
