"""Scores documents: sentiment, emotions, key phrases, a summary and the assets named."""

from lambdas.enrich.backend import Backend, WordListBackend
from lambdas.enrich.objects import Outcome, score_landing
from lambdas.enrich.reader import Reader
from lambdas.enrich.scorer import Feeling, Scorer

__all__ = ["Backend", "Feeling", "Outcome", "Reader", "Scorer", "WordListBackend", "score_landing"]
