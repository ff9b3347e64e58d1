"""Documents in, scores out: each text is read once however many documents of a batch share it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdas.enrich import language, phrases, summary, symbols, text
from lambdas.enrich.backend import Backend
from lambdas.enrich.score import SCORED_LANGUAGES, Field, Score
from tapehouse.document import Document


@dataclass(frozen=True, slots=True)
class _Text:
    """A field's text, cleaned, and what is told of it without its mood."""

    cleaned: str
    hash: str
    language: str

    @classmethod
    def of(cls, raw: str) -> "_Text":
        cleaned = text.clean(raw)
        return cls(cleaned, text.text_hash(cleaned), language.language(cleaned))

    @property
    def is_scored(self) -> bool:
        return self.language in SCORED_LANGUAGES and language.is_latin(self.cleaned)


class Reader:
    """Reads documents through one backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend: Final = backend

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
                **Score.feeling(feelings.get(name)),
                "key_phrases": phrases.key_phrases(found.cleaned, language=found.language),
                "symbols": symbols.symbols(found.cleaned),
            }
            for name, found in wanted.items()
        }
        name = self._backend.name
        return [
            [
                Score(
                    document_id=document.document_id,
                    field=field,
                    scorer=name,
                    text_hash=found.hash,
                    language=found.language,
                    summary=found.cleaned if field == "summary" else None,
                    **told[found.hash],
                )
                for field, found in each
            ]
            for document, each in zip(documents, fields, strict=True)
        ]


def _fields(document: Document) -> Iterator[tuple[Field, _Text]]:
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
