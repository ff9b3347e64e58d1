"""bronze.trades to silver: each record judged, and put into exactly one of four tables."""

from glue_jobs.silver.trades.batch import SilverBatch

__all__ = [
    "SilverBatch",
]
