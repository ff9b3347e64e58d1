"""silver to gold.candles: windows that changes touch computed anew, and what hangs on candles."""

from glue_jobs.gold.candles.job import MAKES, CandlesJob

__all__ = ["MAKES", "CandlesJob"]
