"""Gaps read back from the venue's past trades over REST: one recovery for every gap, and gaps named by hand."""

from producers.recovery.backfill import Backfill
from producers.recovery.queue import WAITS_S, Recovery, RestRecovery
from producers.recovery.rest import HttpFetch, Pages

__all__ = ["WAITS_S", "Backfill", "HttpFetch", "Pages", "Recovery", "RestRecovery"]
