"""What was seen of each market, and what was missed: gaps and coverage, found by ids and times. Pure."""

from producers.gaps.continuity import Continuity, SafeMark
from producers.gaps.markets import Markets
from producers.gaps.seen_ids import SeenIds

__all__ = [
    "Continuity",
    "Markets",
    "SafeMark",
    "SeenIds",
]
