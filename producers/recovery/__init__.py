"""Gaps read back from the venue's past trades over REST: one recovery for every gap, and gaps named by hand."""

from producers.recovery.backfill import Backfill, RequestedGap
from producers.recovery.fetch import HttpFetch
from producers.recovery.queue import Recovery, RestRecovery
from producers.recovery.rest import Pages

__all__ = ["Backfill", "HttpFetch", "Pages", "Recovery", "RequestedGap", "RestRecovery"]
