"""silver to gold.candles: windows that news touches computed anew, and what hangs on candles."""

from glue_jobs.gold.candles.batch import GoldBatch, touches

__all__ = [
    "GoldBatch",
    "touches",
]
