"""What a batch of silver holds, by kind and market: what is known before anything is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.silver.trades.filled import IdsSeen
from tapehouse.market import Market, MarketKey


@dataclass(frozen=True, slots=True)
class Contents:
    """What a batch holds, by kind; event times are those of its accepted trades."""

    spans: Mapping[Market, tuple[int, int]]
    ids: Mapping[MarketKey, IdsSeen]
    trades: int
    gaps: int
    coverage: int
    quarantined: int
    arrival_us: tuple[int, int] | None

    @classmethod
    def of(cls, rows: DataFrame) -> "Contents":
        """Read them off judged rows, in one job."""
        found = (
            rows.groupBy("kind", (F.size("reasons") > 0).alias("refused"), "exchange", "symbol", "source")
            .agg(
                F.count("*").alias("rows"),
                F.min("event_time_us").alias("first_us"),
                F.max("event_time_us").alias("last_us"),
                F.min(F.when(F.col("trade_number") >= 0, F.col("trade_number"))).alias("first_id"),
                F.max("trade_number").alias("last_id"),
                F.min(F.unix_micros("arrival_time")).alias("first_arrival"),
                F.max(F.unix_micros("arrival_time")).alias("last_arrival"),
            )
            .collect()
        )

        def total(*kinds: str) -> int:
            return sum(row["rows"] for row in found if not row["refused"] and row["kind"] in kinds)

        spans: dict[Market, tuple[int, int]] = {}
        ids: dict[MarketKey, IdsSeen] = {}
        for row in found:
            if row["kind"] != "trade" or row["refused"]:
                continue
            market = Market(row["exchange"], row["symbol"])
            first_us, last_us = spans.get(market, (row["first_us"], row["last_us"]))
            spans[market] = min(first_us, row["first_us"]), max(last_us, row["last_us"])
            if row["first_id"] is not None:
                ids[MarketKey(*market, row["source"])] = IdsSeen(int(row["first_id"]), int(row["last_id"]), row["rows"])
        return cls(
            spans=spans,
            ids=ids,
            trades=total("trade"),
            gaps=total("gap", "gap_closed"),
            coverage=total("coverage"),
            quarantined=sum(row["rows"] for row in found if row["refused"]),
            arrival_us=(min(row["first_arrival"] for row in found), max(row["last_arrival"] for row in found))
            if found
            else None,
        )
