"""A score: what a scorer made of one text of a document, as the enrich Lambda lands it and silver.scores keeps it.

One object of the landing of kind ``score`` has a line a document; its body is a JSON array of the scores of its texts.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

FIELDS: Final = ("title", "content", "summary")
EMOTIONS: Final = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
"""Those of the models that an endpoint may run, in alphabetical order."""
LABELS: Final = ("bearish", "somewhat-bearish", "neutral", "somewhat-bullish", "bullish")
_EDITION: Final = re.compile(r"(\d{1,9}):")
_WORDS: Final = re.compile(r"words:(\d{1,9})-")
_BANDS: Final = ((-0.35, "bearish"), (-0.15, "somewhat-bearish"))


def label_of(sentiment: float) -> str:
    """The band of a sentiment. *Source*: Alpha Vantage's bands, which analysts know."""
    for most, label in _BANDS:
        if sentiment <= most:
            return label
    if sentiment < 0.15:
        return "neutral"
    return "somewhat-bullish" if sentiment < 0.35 else "bullish"


def newness(scorer: str) -> tuple[int, int, int, str]:
    """Of two scorers the newer one has the greater, whenever either of them scored.

    Its edition, as an operator counts it, and without one 0; how many of mood and emotions a model reads, for nobody
    names an endpoint to have the word lists instead; the revision of the word lists; and of two that are alike in all
    that, always the same one.
    """
    edition, words = _EDITION.match(scorer), _WORDS.search(scorer)
    models = scorer.count("sagemaker:")
    return int(edition[1]) if edition else 0, models, int(words[1]) if words else 0, scorer


def text_hash(text: str) -> str:
    """What tells a text from another one: 32 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One text's. Key: document_id + field + text_hash + scorer."""

    document_id: str
    field: str
    """title, content or summary."""
    text_hash: str
    """``text_hash`` of the text."""
    scorer: str
    """Name and version, as ``words:2-3f…``; see ``newness``."""
    language: str
    """As ``en``; ``und`` where it is unknown."""
    sentiment: float | None
    """-1 to 1; None in a language that the scorer does not read."""
    emotions: Mapping[str, float] | None
    """The seven, adding up to 1; None as sentiment is."""
    key_phrases: tuple[str, ...]
    """Weightiest first."""
    summary: str | None
    symbols: tuple[str, ...]
    """Base assets that the text names, sorted."""
    published_at_us: int
    """Of the document, as it was when this was scored."""

    @property
    def label(self) -> str | None:
        """The band of its sentiment."""
        return None if self.sentiment is None else label_of(self.sentiment)


def body_of(scores: Sequence[Score]) -> bytes:
    """The body of a landed line: the same scores, the same bytes."""
    return json.dumps([asdict(each) for each in scores], ensure_ascii=False, sort_keys=True, allow_nan=False).encode()


def scores_of(body: bytes) -> list[Score]:
    """What ``body_of`` wrote. Raises ValueError for anything else; the message holds nothing of it."""
    try:
        said = json.loads(body)
        found = [_score(each) for each in (said if isinstance(said, list) else [said])]
    except (TypeError, KeyError, AttributeError, RecursionError, ValueError) as error:
        raise ValueError(f"no scores of a document ({type(error).__name__})") from None
    return found


def _score(said: Any) -> Score:
    sentiment, emotions = said["sentiment"], said["emotions"]
    if said["field"] not in FIELDS or (sentiment is None) != (emotions is None):
        raise ValueError("field, sentiment or emotions")
    if sentiment is not None:
        sentiment = float(sentiment)
        emotions = {name: float(emotions[name]) for name in EMOTIONS}
        if not -1 <= sentiment <= 1 or not math.isclose(sum(emotions.values()), 1, abs_tol=1e-6):
            raise ValueError("out of range")
    if min((emotions or {"": 0.0}).values()) < 0:
        raise ValueError("out of range")
    summary = said["summary"]
    return Score(
        document_id=_text(said["document_id"]),
        field=said["field"],
        text_hash=_text(said["text_hash"]),
        scorer=_text(said["scorer"]),
        language=_text(said["language"]),
        sentiment=sentiment,
        emotions=emotions,
        key_phrases=tuple(map(_text, said["key_phrases"])),
        summary=None if summary is None else _text(summary),
        symbols=tuple(map(_text, said["symbols"])),
        published_at_us=int(said["published_at_us"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    value.encode()  # half of a pair is no text
    return value
