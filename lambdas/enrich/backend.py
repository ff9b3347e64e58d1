"""What reads mood: the word lists, or models behind endpoints; one port for both."""

from collections.abc import Sequence
from typing import Final, Protocol

from lambdas.enrich.rules import REVISION
from lambdas.enrich.scorer import Feeling, Scorer


class Backend(Protocol):
    """Reads the feelings of texts."""

    @property
    def name(self) -> str:
        """What scored and which version of it: scores of two names are never compared."""

    def scores(self, texts: Sequence[str]) -> list[Feeling]:
        """One for each text, in order. Raises TransientError and TerminalError where it has to ask others."""


class WordListBackend:
    """The word lists: no network, no cost, the same answer always."""

    def __init__(self, scorer: Scorer | None = None) -> None:
        self._scorer: Final = scorer or Scorer()

    @property
    def name(self) -> str:
        """``words:2-0f3a…``: their revision, by which newer ones are known, and the hash of lists and rules."""
        return f"words:{REVISION}-{self._scorer.version}"

    def scores(self, texts: Sequence[str]) -> list[Feeling]:
        return [self._scorer.score_text(text) for text in texts]
