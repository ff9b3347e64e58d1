"""silver to gold.candles: windows that changes touch computed anew, and what hangs on candles."""

from glue_jobs.gold.candles.codes import numbered
from glue_jobs.gold.candles.job import MAKES, CandlesJob
from glue_jobs.gold.candles.parts import floor
from glue_jobs.gold.candles.sources import SourceChoice
from glue_jobs.gold.candles.spans import Outline, Spans
from glue_jobs.gold.candles.trades import of_sources

__all__ = ["MAKES", "CandlesJob", "Outline", "SourceChoice", "Spans", "floor", "numbered", "of_sources"]
