"""What was seen of each market's tape, and what was missed: gaps and coverage, told from ids and times. Pure."""

from producers.gaps.continuity import Continuity, SafeMark, SeenIds
from producers.gaps.markets import Markets

__all__ = [
    "Continuity",
    "Markets",
    "SafeMark",
    "SeenIds",
]
