"""Scores documents: sentiment, emotions, key phrases, a summary and the assets named.

What scores whole objects of a landing is in ``objects``: it logs, and a logger takes a while.
"""

from lambdas.enrich.backend import Backend, WordListBackend
from lambdas.enrich.reader import Reader
from lambdas.enrich.scorer import Feeling, Scorer

__all__ = ["Backend", "Feeling", "Reader", "Scorer", "WordListBackend"]
