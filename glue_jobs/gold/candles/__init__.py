"""silver to gold.candles: windows that changes touch computed anew, and what hangs on candles."""

from glue_jobs.gold.candles.codes import numbered
from glue_jobs.gold.candles.job import MAKES, CandlesJob
from glue_jobs.gold.candles.known import GAP_COLUMNS, Islands, Known
from glue_jobs.gold.candles.parts import floor
from glue_jobs.gold.candles.sources import Counted, SourceChoice, counted_in
from glue_jobs.gold.candles.spans import Outline, Spans
from glue_jobs.gold.candles.trades import of_sources
from glue_jobs.gold.candles.windows import may_hold_interval, traded, traded_in

__all__ = [
    "GAP_COLUMNS",
    "MAKES",
    "CandlesJob",
    "Counted",
    "Islands",
    "Known",
    "Outline",
    "SourceChoice",
    "Spans",
    "counted_in",
    "floor",
    "may_hold_interval",
    "numbered",
    "of_sources",
    "traded",
    "traded_in",
]
