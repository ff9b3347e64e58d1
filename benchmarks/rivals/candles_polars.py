"""Candles of every interval by Polars: a part of ``benchmarks/candles.py``.

``.venv-rivals/bin/python benchmarks/rivals/candles_polars.py FILES OUT ROUNDS``: FILES is a JSON list of the Parquet
files of silver.trades, OUT the folder for a Parquet file an interval. Printed is the list of the rounds' seconds.

Seconds are added up from trades, and each interval from the one before, as ours are. Trades are sorted once by time and
number, which holds for ids below 2^63; vwap goes through floating point.
"""

import json
import sys
from pathlib import Path
from typing import Final

import polars as pl
from rounds import timed  # type: ignore[import-not-found] # beside this script

LADDER: Final = (
    *(("5s", 5), ("15s", 15), ("1m", 60), ("5m", 300), ("15m", 900), ("30m", 1800), ("1h", 3600)),
    *(("4h", 14400), ("1d", 86400), ("1w", 604800)),
)
MONDAY_US: Final = 4 * 86400 * 1_000_000
TRADES: Final = (
    *("exchange", "symbol", "source", "event_time_us", "trade_number", "price", "size", "quote_size", "side"),
)
COLUMNS: Final = (
    *("exchange", "symbol", "interval", "start_us", "open", "high", "low", "close", "volume", "quote_volume", "vwap"),
    *("trade_count", "buy_volume", "sell_volume", "source", "open_time_us", "close_time_us"),
)
SUMS: Final = ("volume", "quote_volume", "trade_count", "buy_volume", "sell_volume")


def seconds(files: list[str]) -> pl.DataFrame:
    trades = pl.scan_parquet(files).select(TRADES).with_columns(pl.col("trade_number").cast(pl.Int64))
    size, side = pl.col("size"), pl.col("side")
    return (
        trades.sort("event_time_us", "trade_number")
        .group_by("exchange", "symbol", (pl.col("event_time_us") // 1_000_000 * 1_000_000).alias("start_us"))
        .agg(
            pl.col("price").first().alias("open"),
            pl.col("price").max().alias("high"),
            pl.col("price").min().alias("low"),
            pl.col("price").last().alias("close"),
            size.sum().alias("volume"),
            pl.col("quote_size").sum().alias("quote_volume"),
            pl.len().cast(pl.Int64).alias("trade_count"),
            size.filter(side == "buy").sum().alias("buy_volume"),
            size.filter(side == "sell").sum().alias("sell_volume"),
            pl.col("source").first(),
            pl.col("event_time_us").first().alias("open_time_us"),
            pl.col("event_time_us").last().alias("close_time_us"),
            pl.col("trade_number").first().alias("first"),
            pl.col("trade_number").last().alias("last"),
        )
        .collect()
    )


def together(alone: pl.DataFrame) -> pl.DataFrame:
    opening = alone.sort("open_time_us", "first").group_by("symbol", "start_us").agg(pl.col("open").first())
    closing = alone.sort("close_time_us", "last").group_by("symbol", "start_us").agg(pl.col("close").last())
    sums = alone.group_by("symbol", "start_us").agg(
        pl.col("high").max(),
        pl.col("low").min(),
        *(pl.col(name).sum() for name in SUMS),
        pl.col("open_time_us").min(),
        pl.col("close_time_us").max(),
    )
    found = sums.join(opening, on=["symbol", "start_us"]).join(closing, on=["symbol", "start_us"])
    return found.with_columns(pl.lit("ALL").alias("exchange"), pl.lit(None, pl.String).alias("source"))


def rung(parts: pl.DataFrame, length_us: int) -> pl.DataFrame:
    """Of parts in the order of time."""
    start = ((pl.col("start_us") - MONDAY_US) // length_us * length_us + MONDAY_US).alias("start_us")
    return parts.group_by("exchange", "symbol", start, maintain_order=True).agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        *(pl.col(name).sum() for name in SUMS),
        pl.col("source", "open_time_us").first(),
        pl.col("close_time_us").last(),
    )


def write(parts: pl.DataFrame, name: str, out: Path) -> None:
    vwap = (pl.col("quote_volume").cast(pl.Float64) / pl.col("volume").cast(pl.Float64)).cast(pl.Decimal(28, 12))
    rows = parts.with_columns(pl.lit(name).alias("interval"), vwap.alias("vwap"))
    rows.select(COLUMNS).write_parquet(out / f"{name}.parquet", compression="zstd")


def build(files: list[str], out: Path) -> None:
    alone = seconds(files)
    names = [name for name in COLUMNS if name not in ("interval", "vwap")]
    parts = pl.concat([alone.select(names), together(alone).select(names)]).sort("symbol", "exchange", "start_us")
    write(parts, "1s", out)
    for name, length_s in LADDER:
        parts = rung(parts, length_s * 1_000_000)
        write(parts, name, out)


def main() -> None:
    files, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    timed(lambda: build(files, out))


if __name__ == "__main__":
    main()
