"""silver.trades to gold.bars: bars by trades, base volume and quote volume, continued by what is new."""

from glue_jobs.gold.bars.job import MAKES, BarsJob

__all__ = ["MAKES", "BarsJob"]
