"""Documents in, scores out: each text is read once however many documents of a batch share it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdas.enrich import language, phrases, summary, symbols, text
from lambdas.enrich.backend import Backend
from lambdas.enrich.scorer import Feeling
from tapehouse.document import Document
from tapehouse.score import EMOTIONS, Score, text_hash

SCORED_LANGUAGES: Final = frozenset(("en", "und"))
"""English, and what is too short to tell in Latin script, since headlines mostly are English without small words.

Any other language has no sentiment and no emotions: null, and not 0, so that no mean is diluted by texts that nobody
read. Its key phrases, summary and assets are told all the same.
"""


@dataclass(frozen=True, slots=True)
class _Text:
    """A field's text, cleaned, and what is told of it without its mood."""

    cleaned: str
    raw_hash: str
    """Of the text as the document has it: so whoever has the document knows its score."""
    hash: str
    """Of the text as it is read: what is alike is read once."""
    language: str

    @classmethod
    def of(cls, raw: str) -> "_Text":
        cleaned = text.clean(raw)
        return cls(cleaned, text_hash(raw), text_hash(cleaned), language.language(cleaned))

    @property
    def is_scored(self) -> bool:
        return self.language in SCORED_LANGUAGES and language.is_latin(self.cleaned)


class Reader:
    """Reads documents through one backend.

    ``edition``: by which its scores are newer than those of a lower one (``tapehouse.score.newness``).
    """

    def __init__(self, backend: Backend, *, edition: int = 0) -> None:
        self._backend: Final = backend
        self._scorer: Final = f"{edition}:{backend.name}" if edition else backend.name

    def read(self, documents: Sequence[Document]) -> list[list[Score]]:
        """The scores of each document, in order: of its title, its content and the summary of it, where they are.

        A document that its source took back has none. Raises what the backend raises.
        """
        fields = [list(_fields(document)) for document in documents]
        wanted = {found.hash: found for each in fields for _, found in each}
        scored = [found for found in wanted.values() if found.is_scored]
        feelings = dict(
            zip((each.hash for each in scored), self._backend.scores([each.cleaned for each in scored]), strict=True)
        )
        told: dict[str, dict[str, Any]] = {
            name: {
                **_mood(feelings.get(name)),
                "key_phrases": phrases.key_phrases(found.cleaned, language=found.language),
                "symbols": symbols.symbols(found.cleaned),
            }
            for name, found in wanted.items()
        }
        return [
            [
                Score(
                    document_id=document.document_id,
                    field=field,
                    scorer=self._scorer,
                    text_hash=found.raw_hash,
                    language=found.language,
                    summary=next((other.cleaned for name, other in each if name == "summary"), None)
                    if field == "content"
                    else None,
                    published_at_us=document.published_at_us,
                    **told[found.hash],
                )
                for field, found in each
            ]
            for document, each in zip(documents, fields, strict=True)
        ]


def _mood(feeling: Feeling | None) -> dict[str, Any]:
    if feeling is None:
        return {"sentiment": None, "emotions": None}
    total = math.fsum(feeling.emotions[name] for name in EMOTIONS)  # rounded by their source, or all nothing
    shares = {name: feeling.emotions[name] / total if total else float(name == "neutral") for name in EMOTIONS}
    return {"sentiment": feeling.sentiment, "emotions": shares}


def _fields(document: Document) -> Iterator[tuple[str, _Text]]:
    if document.removed:
        return
    title, content = _Text.of(document.title), _Text.of(document.body)
    if title.cleaned:
        yield "title", title
    if content.cleaned:
        yield "content", content
        yield "summary", _Text.of(summary.summary(content.cleaned, language=content.language))


def without_repeats(documents: Iterable[Document]) -> list[Document]:
    """The first of each id: two items of one response may be one story."""
    found: dict[str, Document] = {}
    for document in documents:
        found.setdefault(document.document_id, document)
    return list(found.values())
