"""What gold counts of each market, and whether every interval of it adds up to that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from tapehouse.intervals import DAY_US, ORIGIN_US, WEEK_US, Interval
from tapehouse.market import Market
from tapehouse.tables import ALL_EXCHANGES


class Sums(NamedTuple):
    """What is added up over a market: trades, base and quote units."""

    trades: int
    size: Decimal
    quote_size: Decimal

    def plus(self, other: "Sums") -> "Sums":
        with localcontext() as exact:
            exact.prec = 80
            return Sums(self.trades + other.trades, self.size + other.size, self.quote_size + other.quote_size)


NOTHING = Sums(0, Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Counted:
    """The trades of one market that gold counts: those of one source."""

    source: str
    sums: Sums
    first_us: int
    last_us: int


def counted(trades: DataFrame, candles: DataFrame) -> dict[Market, Counted]:
    """Market → what gold counts of it.

    Which source that is, a setting may decide, so gold itself is asked: the one that most candles of the market name.
    A market without candles counts its venue's own feed, else the first by name.
    """
    sources = candles.where(F.col("source").isNotNull()).groupBy("exchange", "symbol", "source").count().collect()
    votes: dict[Market, dict[str, int]] = {}
    for row in sources:
        votes.setdefault(Market(row["exchange"], row["symbol"]), {})[row["source"]] = row["count"]
    spans = trades.groupBy("exchange", "symbol", "source").agg(
        F.count("*").alias("trades"),
        F.try_sum("size").alias("size"),
        F.try_sum("quote_size").alias("quote_size"),
        F.min("event_time_us").alias("first_us"),
        F.max("event_time_us").alias("last_us"),
    )
    there: dict[Market, list[Counted]] = {}
    for row in spans.collect():
        sums = Sums(row["trades"], row["size"] or Decimal(0), row["quote_size"] or Decimal(0))
        of = Counted(row["source"], sums, row["first_us"], row["last_us"])
        there.setdefault(Market(row["exchange"], row["symbol"]), []).append(of)

    def preference(market: Market, of: Counted) -> tuple[Any, ...]:
        own = (market.exchange, f"{market.exchange}-agg")
        rank = own.index(of.source) if of.source in own else len(own)
        return (-votes.get(market, {}).get(of.source, 0), rank, of.source)

    return {market: min(found, key=lambda of: preference(market, of)) for market, found in there.items()}


def with_lives(markets: Mapping[Market, Counted], before: DataFrame) -> dict[Market, Counted]:
    """The same, with the times of trades that silver keeps no longer: ``before``, the candles that they gave."""
    found = dict(markets)
    of_trades = before.where("trade_count > 0 AND source IS NOT NULL").groupBy("exchange", "symbol", "source")
    for row in of_trades.agg(F.min("open_time_us").alias("first"), F.max("close_time_us").alias("last")).collect():
        market = Market(row["exchange"], row["symbol"])
        there = found.get(market, Counted(row["source"], NOTHING, row["first"], row["last"]))
        if there.source == row["source"]:
            first_us, last_us = min(there.first_us, row["first"]), max(there.last_us, row["last"])
            found[market] = replace(there, first_us=first_us, last_us=last_us)
    return found


def sums(
    trades: DataFrame,
    markets: Mapping[Market, Counted],
    candles: DataFrame,
    intervals: Sequence[Interval],
    floor_us: int | None = None,
) -> list[str]:
    """Findings: each of these intervals of every market must add up to the trades that are counted.

    ``floor_us``: of silver.trades, the beginning of a day; weeks are asked from the first one that begins behind it.
    """
    if floor_us is not None:
        weeks = [each for each in intervals if each.length_us > DAY_US]
        if weeks:
            from_us = -(-(floor_us - ORIGIN_US) // WEEK_US) * WEEK_US + ORIGIN_US
            later = counted(trades.where(F.col("event_time_us") >= from_us), candles)
            of_weeks = {market: of for market, of in later.items() if market in markets}
            shorter = [each for each in intervals if each not in weeks]
            return sums(trades, markets, candles, shorter) + sums(trades, of_weeks, candles, weeks)
    due: dict[Market, Sums] = {}
    for market, of in markets.items():
        for each in (market, Market(ALL_EXCHANGES, market.symbol)):
            due[each] = due.get(each, NOTHING).plus(of.sums)
    asked_for = candles.where(F.col("interval").isin([each.name for each in intervals]))
    found = asked_for.groupBy("exchange", "symbol", "interval").agg(
        F.try_sum("trade_count").alias("trades"),
        F.try_sum("volume").alias("size"),
        F.try_sum("quote_volume").alias("quote_size"),
    )
    there = {
        (Market(row["exchange"], row["symbol"]), row["interval"]): Sums(
            row["trades"] or 0, row["size"] or Decimal(0), row["quote_size"] or Decimal(0)
        )
        for row in found.collect()
    }
    asked = sorted({*there, *((market, interval.name) for market in due for interval in intervals)})
    wrong = [key for key in asked if there.get(key, NOTHING) != due.get(key[0], NOTHING)]
    if not wrong:
        return []
    examples = [
        f"  exchange={market.exchange}, symbol={market.symbol}, interval={interval}: "
        f"{_text(there.get((market, interval), NOTHING))} and should be {_text(due.get(market, NOTHING))}"
        for market, interval in wrong[:5]
    ]
    return [f"{len(wrong):,} market(s) and interval(s) of gold.candles do not add up to silver.trades:", *examples]


def _text(sums: Sums) -> str:
    return f"{sums.trades} trades of {sums.size:f} for {sums.quote_size:f}"
