"""bronze and silver to gold.data_quality: every record counted once, by the hour of its arrival and its source."""

from glue_jobs.gold.data_quality.job import MAKES, DataQualityJob

__all__ = ["MAKES", "DataQualityJob"]
