"""bronze.trades to silver: each record judged, and put into exactly one of four tables."""

from glue_jobs.silver.trades.job import MAKES, TradesJob

__all__ = ["MAKES", "TradesJob"]
