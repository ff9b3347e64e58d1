"""Scores documents: sentiment, emotions, key phrases, a summary and the assets named."""

from lambdas.enrich.backend import Backend, WordListBackend
from lambdas.enrich.objects import Outcome, score_landing
from lambdas.enrich.reader import Reader
from lambdas.enrich.score import Score
from lambdas.enrich.scorer import Feeling, Scorer

__all__ = ["Backend", "Feeling", "Outcome", "Reader", "Score", "Scorer", "WordListBackend", "score_landing"]
