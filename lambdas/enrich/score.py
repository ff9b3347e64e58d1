"""The score of one field of one document, and the line of JSON that lands of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypeAlias

from lambdas.enrich.lexicon import EMOTIONS
from lambdas.enrich.scorer import Feeling

Field: TypeAlias = Literal["title", "content", "summary"]
VERSION: Final = 1
BANDS: Final = ((-0.35, "bearish"), (-0.15, "somewhat-bearish"))
BULLISH: Final = ((0.35, "bullish"), (0.15, "somewhat-bullish"))
SCORED_LANGUAGES: Final = frozenset(("en", "und"))
"""English, and what is too short to tell in Latin script, since headlines mostly are English without small words.

Any other language has no sentiment, no label and no emotions: null, and not 0, so that no mean is diluted by texts that
nobody read. Its key phrases, summary and assets are told all the same.
"""


def band(sentiment: float) -> str:
    """The five bands of Alpha Vantage's news sentiment, cut where it cuts them."""
    for cut, name in BANDS:
        if sentiment <= cut:
            return name
    return next((name for cut, name in BULLISH if sentiment >= cut), "neutral")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One per document, field and scorer. What was scored is named by its hash; of the summary alone it is here."""

    document_id: str
    field: Field
    """content: the document's body; summary: ours of it."""
    scorer: str
    """Name and version of what scored: ``words:0f3a…``."""
    text_hash: str
    """SHA-256 of the cleaned text (``text.clean``), so that a story that came twice is known."""
    language: str
    """ISO 639-1, or ``und``."""
    sentiment: float | None
    """-1 to 1; None: the language is not scored."""
    label: str | None
    """``band(sentiment)``."""
    emotions: Mapping[str, float] | None
    """EMOTIONS to shares of 1."""
    key_phrases: tuple[str, ...]
    """Best first."""
    summary: str | None
    """The text itself, where the field is summary."""
    symbols: tuple[str, ...]
    """Assets that the text names, sorted."""

    @classmethod
    def feeling(cls, feeling: Feeling | None) -> dict[str, object]:
        """The fields that a feeling fills."""
        if feeling is None:
            return {"sentiment": None, "label": None, "emotions": None}
        emotions = {name: feeling.emotions[name] for name in EMOTIONS}
        return {"sentiment": feeling.sentiment, "label": band(feeling.sentiment), "emotions": emotions}

    def line(self) -> bytes:
        """One line of JSON without its end; the same score gives the same bytes."""
        said = {"v": VERSION, **asdict(self)}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
