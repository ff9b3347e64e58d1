"""What is known of a market's wholeness: the spans in which it was seen, and the gaps that are open."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from tapehouse.market import Market, MarketKey
from tapehouse.tables import EVERYWHERE, FILLED, OPENED

_MARKET: Final = Market._fields
SOURCE_KEY: Final = MarketKey._fields
GAP_KEY: Final = (*SOURCE_KEY, "gap_id")
_SPAN: Final = pa.schema(
    [("exchange", pa.string()), ("symbol", pa.string()), ("from_us", pa.int64()), ("through_us", pa.int64())]
)
_SPAN_DDL: Final = "exchange STRING, symbol STRING, from_us BIGINT, through_us BIGINT"


class GapSpan(NamedTuple):
    """A gap that has a place in time, [from_us, to_us), µs UTC; to_us None while it goes on.

    The first trade after a gap ends it; a missing one may share that instant, so the instant is the gap's. Where only
    this trade's time is known, the gap is that instant. A gap without any time has no place: what it leaves incomplete
    is the time that its producer does not tell as covered.
    """

    exchange: str
    symbol: str
    source: str
    from_us: int
    to_us: int | None
    is_open: bool
    is_changed: bool
    """The batch opened or closed it."""

    def counts(self, sources: Mapping[Market, str]) -> bool:
        """Whether it is one of what gold counts: another feed's gap in the same market is not."""
        return (
            self.exchange == EVERYWHERE or sources.get(Market(self.exchange, self.symbol), self.source) == self.source
        )


def islands(spans: DataFrame) -> DataFrame:
    """The unbroken spans of each market.

    In: exchange, symbol, from_us, through_us. Out: exchange, symbol, from_us, to_us (exclusive), spans that neither
    meet nor overlap. A week of coverage is sixty thousand rows a market: each task joins its own first, in Arrow.
    """
    spans = spans.select(*_SPAN.names).mapInArrow(joined, _SPAN_DDL)
    in_order = Window.partitionBy(*_MARKET).orderBy("from_us", "through_us")
    before = in_order.rowsBetween(Window.unboundedPreceding, -1)
    reached = F.coalesce(F.max("through_us").over(before), F.lit(-1))
    starts = spans.withColumn("starts", F.when(F.col("from_us") > reached, 1).otherwise(0))
    return (
        starts.withColumn("island", F.sum("starts").over(in_order.rowsBetween(Window.unboundedPreceding, 0)))
        .groupBy(*_MARKET, "island")
        .agg(F.min("from_us").alias("from_us"), F.max("through_us").alias("to_us"))
        .drop("island")
    )


def joined(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One task's spans, with those joined that meet or overlap. In and out: exchange, symbol, from_us, through_us."""
    came = list(batches)
    if not sum(batch.num_rows for batch in came):
        return
    table = pa.Table.from_batches(came).cast(_SPAN).sort_by([(name, "ascending") for name in _SPAN.names])
    lows, highs = (table.column(name).to_numpy() for name in ("from_us", "through_us"))
    codes = [pc.dictionary_encode(table.column(name).combine_chunks()).indices.to_numpy() for name in _MARKET]
    is_new = np.r_[True, np.any([code[1:] != code[:-1] for code in codes], axis=0)]
    edges = [*np.flatnonzero(is_new), table.num_rows]
    starts, ends = [], []
    for first, last in itertools.pairwise(edges):
        reached = np.maximum.accumulate(highs[first:last])
        is_start = np.r_[True, lows[first + 1 : last] > reached[:-1]]
        starts.append(first + np.flatnonzero(is_start))
        ends.append(reached[np.r_[is_start[1:], True]])
    islands = table.take(pa.array(np.concatenate(starts)))
    through = islands.schema.get_field_index("through_us")
    yield from islands.set_column(through, "through_us", pa.array(np.concatenate(ends))).to_batches()


def seen(coverage: DataFrame, gaps: DataFrame) -> DataFrame:
    """The spans in which a source knows every trade: exchange, symbol, source, from_us, through_us (exclusive).

    What it told as covered, and the gaps of which every id came: ids that count up by one leave no other trade.
    """
    names = (*SOURCE_KEY, "from_us")
    filled = gaps.where((F.col("event") == FILLED) & F.col("from_us").isNotNull() & F.col("to_us").isNotNull())
    return coverage.select(*names, "through_us").unionByName(
        filled.select(*names, (F.col("to_us") + 1).alias("through_us"))
    )


def gap_spans(gaps: DataFrame, changed: DataFrame | None = None) -> DataFrame:
    """The rows of ``GapSpan``: the open gaps of silver.gaps, and those of ``changed`` (``GAP_KEY``), open or not."""
    keys = list(GAP_KEY)
    ended = gaps.where(F.col("event") != OPENED).select(*keys).distinct().withColumn("ended", F.lit(True))
    known = gaps.where((F.col("event") == OPENED) & F.coalesce("from_us", "to_us").isNotNull())
    rows = known.join(ended, on=keys, how="left").withColumn("is_open", F.col("ended").isNull())
    if changed is None:
        rows = rows.where("is_open").withColumn("is_changed", F.lit(False))
    else:
        marked = F.broadcast(changed.distinct().withColumn("changed", F.lit(True)))
        rows = rows.join(marked, on=keys, how="left").withColumn("is_changed", F.col("changed").isNotNull())
        rows = rows.where("is_open OR is_changed")
    return rows.select(
        *_MARKET,
        "source",
        F.coalesce("from_us", "to_us").alias("from_us"),
        (F.col("to_us") + 1).alias("to_us"),
        "is_open",
        "is_changed",
    )
