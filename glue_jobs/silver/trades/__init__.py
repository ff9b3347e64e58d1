"""bronze.trades to silver: each record judged, and put into exactly one of four tables."""

from glue_jobs.silver.trades.job import LIMITS, MAKES, TradesJob
from glue_jobs.silver.trades.judged import judged_rows
from glue_jobs.silver.trades.requeue import Requeue, Requeued

__all__ = ["LIMITS", "MAKES", "Requeue", "Requeued", "TradesJob", "judged_rows"]
