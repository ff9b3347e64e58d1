"""gold.candles to gold.forecast and what hangs on it: where prices may be, and where they then were."""

from glue_jobs.gold.forecast.job import MAKES, ForecastJob
from glue_jobs.gold.forecast.parameters import Parameters

__all__ = ["MAKES", "ForecastJob", "Parameters"]
