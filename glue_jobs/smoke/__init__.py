"""What the code relies on and nobody could try without an account: looked at where the jobs run, fact by fact."""

from glue_jobs.smoke.bench import Bench, bench
from glue_jobs.smoke.check import Check, Finding, inquire, table_of
from glue_jobs.smoke.every import CHECKS

__all__ = ["CHECKS", "Bench", "Check", "Finding", "bench", "inquire", "table_of"]
