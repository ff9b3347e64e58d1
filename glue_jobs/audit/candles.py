"""gold.candles, computed from silver in the most direct way: each window from its own trades, nothing rolled up.

Of the production's code nothing is used. Which source of a market counts is gold's own word (``markets.counted``): a
setting decides it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal
from typing import Final, NamedTuple

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.functions import arrow_udf

from glue_jobs.audit.markets import Counted
from glue_jobs.audit.report import compared
from glue_jobs.audit.sample import Sample
from glue_jobs.audit.wholeness import FOREVER, Spans, Wholeness
from tapehouse.intervals import DAY_US, INTERVALS, MINUTE_US, ORIGIN_US
from tapehouse.market import Market
from tapehouse.tables import ALL_EXCHANGES, EVERYWHERE, FILLED, GOLD_CANDLES, OPENED

_KEY: Final = ["exchange", "symbol", "interval", "start_us"]
_GAP: Final = ["exchange", "symbol", "source", "gap_id"]
_SOURCE_DDL: Final = "exchange STRING, symbol STRING, source STRING"
_SUMS: Final = ("volume", "quote_volume", "trade_count", "buy_volume", "sell_volume")
_GONE_AFTER_US: Final = 7 * DAY_US
"""Of time in which other markets were seen, behind the last that is known of one: ALL asks for it no more."""
_WIDE: Final = Context(prec=100)
_GREATEST: Final = 10**28 - 1
"""The last digit of decimal(28,12) counted from 10^-12: a greater vwap is kept to it."""


class Since(NamedTuple):
    """From when on windows are asked for, µs UTC; None: from ever."""

    short_us: int | None
    """Those of less than a minute: older ones are not kept."""
    floor_us: int | None
    """All: of the trades of older ones some may be gone."""


def candles(
    there: DataFrame,
    silver: Mapping[str, DataFrame],
    markets: Mapping[Market, Counted],
    sample: Sample,
    since: Since,
) -> DataFrame:
    """A check that gold.candles has exactly the windows that traded, or lie in an open gap, and each of them right.

    ``since``: from when on windows are asked for.
    """
    gaps = _open_gaps(silver["silver.gaps"], markets)
    windows = _traded(_of_source(silver["silver.trades"], markets))
    silent = _silent(there.sparkSession, gaps, markets)
    if silent is not None:
        windows = windows.unionByName(silent, allowMissingColumns=True)
    kept = F.lit(True)
    if since.short_us is not None:
        short = [each.name for each in INTERVALS if each.length_us < MINUTE_US]
        kept = ~F.col("interval").isin(short) | (F.col("start_us") >= since.short_us)
    if since.floor_us is not None:
        kept = kept & (F.col("start_us") >= since.floor_us)
    due = _due(windows.where(kept & sample.has("symbol", "interval", "start_us")))
    seen = _seen(silver["silver.coverage"], silver["silver.gaps"], markets)
    due = due.withColumns(
        {
            "vwap": _vwap(F.col("quote_volume"), F.col("volume")),
            "complete": _complete(_wholeness(seen, _watched(silver), gaps, markets)),
        }
    )
    rows = there.withColumn("start_us", F.unix_micros("window_start"))
    asked = rows.where(kept & sample.has("symbol", "interval", "start_us"))
    return compared(asked, due, _KEY, GOLD_CANDLES.name)


def _of_source(frame: DataFrame, markets: Mapping[Market, Counted]) -> DataFrame:
    counted = [(*market, of.source) for market, of in markets.items()]
    sources = frame.sparkSession.createDataFrame(counted, _SOURCE_DDL)
    return frame.join(F.broadcast(sources), on=["exchange", "symbol", "source"], how="left_semi")


def _floor_us(instant_us: Column, length_us: int) -> Column:
    return instant_us - F.pmod(instant_us - F.lit(ORIGIN_US), F.lit(length_us))


def _traded(trades: DataFrame) -> DataFrame:
    """The windows of each trade, and its place in their order."""
    of_intervals = F.array(
        *(
            F.struct(
                F.lit(each.name).alias("interval"),
                _floor_us(F.col("event_time_us"), each.length_us).alias("start_us"),
            )
            for each in INTERVALS
        )
    )
    place = F.struct("event_time_us", "trade_number", "trade_id", "exchange", "price")
    windows = trades.withColumns({"place": place, "window": F.explode(of_intervals)})
    return windows.select("exchange", "symbol", "window.*", "source", "place", "price", "size", "quote_size", "side")


def _due(windows: DataFrame) -> DataFrame:
    """The candles of each market, and of ``ALL`` where something traded; without what hangs on their wholeness."""
    of_side = {side: F.try_sum(F.when(F.col("side") == side, F.col("size"))) for side in ("buy", "sell")}
    zero = F.lit(0).cast("decimal(28,12)")
    by_market = windows.groupBy(*_KEY).agg(
        F.min("place").alias("first"),
        F.max("place").alias("last"),
        F.max("price").alias("high"),
        F.min("price").alias("low"),
        F.coalesce(F.try_sum("size"), zero).alias("volume"),
        F.coalesce(F.try_sum("quote_size"), zero).cast("decimal(38,18)").alias("quote_volume"),
        F.count("place").alias("trade_count"),
        *(F.coalesce(size, zero).alias(f"{side}_volume") for side, size in of_side.items()),
        F.max("source").alias("source"),
    )
    of_all = (
        by_market.where(F.col("trade_count") > 0)
        .groupBy(*_KEY[1:])
        .agg(
            F.min("first").alias("first"),
            F.max("last").alias("last"),
            F.max("high").alias("high"),
            F.min("low").alias("low"),
            *(F.try_sum(name).alias(name) for name in _SUMS),
        )
        .withColumns({"exchange": F.lit(ALL_EXCHANGES), "source": F.lit(None).cast("string")})
    )
    return by_market.unionByName(of_all).select(
        *_KEY,
        F.col("first.price").alias("open"),
        "high",
        "low",
        F.col("last.price").alias("close"),
        *_SUMS,
        "source",
        F.col("first.event_time_us").alias("open_time_us"),
        F.col("last.event_time_us").alias("close_time_us"),
    )


def _open_gaps(gaps: DataFrame, markets: Mapping[Market, Counted]) -> list[tuple[Market, int, int]]:
    """The gaps that are open, have a place in time and are not of a source that is not counted: from, to (exclusive).

    The first trade after a gap ends it, and a missing one may share its instant.
    """
    is_opened = F.col("event") == OPENED
    of = gaps.groupBy(*_GAP).agg(
        F.bool_and(is_opened).alias("is_open"),
        F.max(F.when(is_opened, F.coalesce("from_us", "to_us"))).alias("from_us"),
        F.max(F.when(is_opened, F.col("to_us"))).alias("to_us"),
    )
    found = []
    for row in of.where("is_open AND from_us IS NOT NULL").collect():
        market = Market(row["exchange"], row["symbol"])
        if market not in markets or markets[market].source == row["source"]:
            found.append((market, row["from_us"], FOREVER if row["to_us"] is None else row["to_us"] + 1))
    return found


def _silent(
    spark: SparkSession, gaps: Sequence[tuple[Market, int, int]], markets: Mapping[Market, Counted]
) -> DataFrame | None:
    """The windows of a minute and more inside an open gap. One that goes on is known to reach to the newest trade."""
    newest_us = max((of.last_us for of in markets.values()), default=None)
    rows = []
    for market, from_us, until_us in gaps:
        end_us = newest_us if until_us == FOREVER else until_us
        if market.exchange == EVERYWHERE or end_us is None:
            continue
        source = markets[market].source if market in markets else None
        for each in INTERVALS:
            first = -(-(from_us - ORIGIN_US) // each.length_us) * each.length_us + ORIGIN_US
            if each.length_us >= MINUTE_US and first + each.length_us <= end_us:
                rows.append((*market, source, each.name, first, end_us - each.length_us, each.length_us))
    if not rows:
        return None
    ddl = f"{_SOURCE_DDL}, interval STRING, first BIGINT, last BIGINT, length_us BIGINT"
    windows = F.explode(F.sequence("first", "last", "length_us"))
    return spark.createDataFrame(rows, ddl).withColumn("start_us", windows).select(*_KEY, "source")


def _seen(coverage: DataFrame, gaps: DataFrame, markets: Mapping[Market, Counted]) -> dict[tuple[str, ...], Spans]:
    """What was wholly seen of each market: told as covered, or a gap of which every id came."""
    of = _of_source(_spans(coverage, gaps), markets)
    return {market: Spans(spans) for market, spans in _joined(of, ["exchange", "symbol"]).items()}


def _spans(coverage: DataFrame, gaps: DataFrame) -> DataFrame:
    names = ("exchange", "symbol", "source", "from_us")
    filled = (F.col("event") == FILLED) & F.col("from_us").isNotNull() & F.col("to_us").isNotNull()
    return coverage.select(*names, "through_us").unionByName(
        gaps.where(filled).select(*names, (F.col("to_us") + 1).alias("through_us"))
    )


def _joined(spans: DataFrame, by: Sequence[str]) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    """Spans come every few seconds: those that meet are joined before they are brought here."""
    in_order = Window.partitionBy(*by).orderBy("from_us", "through_us")
    reached = F.max("through_us").over(in_order.rowsBetween(Window.unboundedPreceding, -1))
    is_first = F.when(F.col("from_us") <= reached, 0).otherwise(1)
    number = F.sum("is_first").over(in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow))
    numbered = spans.withColumn("is_first", is_first).withColumn("number", number).groupBy(*by, "number")
    found: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for row in numbered.agg(F.min("from_us").alias("from_us"), F.max("through_us").alias("to_us")).collect():
        found.setdefault(tuple(row[name] for name in by), []).append((row["from_us"], row["to_us"]))
    return found


def _watched(silver: Mapping[str, DataFrame]) -> Spans:
    """The time in which any market was seen, by any source."""
    spans = _spans(silver["silver.coverage"], silver["silver.gaps"])
    return Spans(_joined(spans.withColumn("all", F.lit("")), ["all"]).get(("",), []))


def _wholeness(
    seen: Mapping[tuple[str, ...], Spans],
    watched: Spans,
    gaps: Sequence[tuple[Market, int, int]],
    markets: Mapping[Market, Counted],
) -> Wholeness:
    missed = {market for market, _, until_us in gaps if until_us == FOREVER}
    lives: dict[str, dict[str, tuple[int, int]]] = {}
    for market, of in markets.items():
        told = (seen[market].ends if market in seen else None) or (of.first_us, of.last_us + 1)
        last_us = max(of.last_us + 1, told[1])
        is_gone = market not in missed and watched.behind(last_us) > _GONE_AFTER_US
        until_us = last_us if is_gone else FOREVER
        lives.setdefault(market.symbol, {})[market.exchange] = min(of.first_us, told[0]), until_us
    of_symbol: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for market, from_us, until_us in gaps:
        of_symbol.setdefault(market.symbol, {}).setdefault(market.exchange, []).append((from_us, until_us))
    everywhere = of_symbol.pop(EVERYWHERE, {}).get(EVERYWHERE, [])
    return Wholeness(
        lives,
        seen,
        {symbol: {name: Spans(spans) for name, spans in by.items()} for symbol, by in of_symbol.items()},
        Spans(everywhere),
    )


def _complete(known: Wholeness) -> Column:
    lengths = {each.name: each.length_us for each in INTERVALS}

    def batch(exchanges: pa.Array, symbols: pa.Array, intervals: pa.Array, starts: pa.Array) -> pa.Array:
        rows = zip(*(each.to_pylist() for each in (exchanges, symbols, intervals, starts)), strict=True)
        return pa.array([known.complete(of, symbol, at, at + lengths[name]) for of, symbol, name, at in rows])

    return _arrow_udf(batch, "BOOLEAN")(*(F.col(name) for name in _KEY))


def _vwap(quote_volume: Column, volume: Column) -> Column:
    """Exact: of two decimals as whole numbers, in units of 10^-18 and 10^-12, to a whole number of 10^-12, half up."""

    def batch(quotes: pa.Array, volumes: pa.Array) -> pa.Array:
        rows = zip(quotes.to_pylist(), volumes.to_pylist(), strict=True)
        return pa.array([_divided(quote, size) for quote, size in rows], pa.decimal128(28, 12))

    return _arrow_udf(batch, "DECIMAL(28,12)")(quote_volume, volume)


def _divided(quote: Decimal | None, volume: Decimal | None) -> Decimal | None:
    if quote is None or not volume:
        return None
    units, of = int(_WIDE.scaleb(quote, 18)) * 10**6, int(_WIDE.scaleb(volume, 12))
    return _WIDE.scaleb(Decimal(min((2 * units + of) // (2 * of), _GREATEST)), -12)


def _arrow_udf(batch: Callable[..., pa.Array], ddl: str) -> Callable[..., Column]:
    # Spark reads the kind of function off its type hints; its stubs know only the form that it warns of.
    return arrow_udf(batch, ddl)  # type: ignore[call-overload, no-any-return]
