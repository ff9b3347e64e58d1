"""Whether every table of a lake holds what it must: bronze against silver, silver against gold."""

from glue_jobs.audit.lake import audit
from glue_jobs.audit.report import AuditReport

__all__ = [
    "AuditReport",
    "audit",
]
