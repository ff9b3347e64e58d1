"""bronze.documents into silver: stories told once, their scores, quotes, and faults."""

from glue_jobs.silver.stories.forget import Forget, Forgot
from glue_jobs.silver.stories.forgotten import Forgotten
from glue_jobs.silver.stories.job import LIMITS, MAKES, StoriesJob
from glue_jobs.silver.stories.merge import Story, stories_of

__all__ = ["LIMITS", "MAKES", "Forget", "Forgot", "Forgotten", "StoriesJob", "Story", "stories_of"]
