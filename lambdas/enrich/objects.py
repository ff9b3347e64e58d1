"""Objects of the landing: documents read from one, their scores landed as another.

The scores of an object carry the times of the lines that they are of, so to score an object again with the same scorer
writes the same lines under the same key: nothing new.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from lambdas.enrich.reader import Reader, without_repeats
from tapehouse import documents, logs
from tapehouse.landing import Key, Landed, Landing, LandingError, raw_lines
from tapehouse.score import body_of

SCORED_KINDS: Final = frozenset(("news", "social", "page"))
SOURCE: Final = "scores"
log = logs.of(__name__)


Parse: TypeAlias = Callable[[Landed], documents.Parsed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one object."""

    key: str
    landed: str | None
    """The key of its scores; None where it has no document to score."""
    documents: int = 0
    scores: int = 0
    bad_lines: int = 0
    """Lines that nobody could read. They lie in the landing for a mended reader; the others' scores are landed."""
    faults: int = 0
    """Items that the parser left out."""


class Objects:
    """Scores objects of one landing."""

    def __init__(self, *, landing: Landing, reader: Reader, parse: Parse) -> None:
        self._landing: Final = landing
        self._reader: Final = reader
        self._parse: Final = parse

    def score(self, key: str) -> Outcome | None:
        """What became of one object; None for a kind that has no documents: prices, an index, scores themselves.

        Raises LandingError for a key that is none of the landing's, and for an object that is not there or is no gzip
        file; and what the backend raises.
        """
        known = Key.of(key)
        if known is None:
            raise LandingError(f"{self._landing.uri}/{key}", "that is no key of a landing's object")
        if known.kind not in SCORED_KINDS:
            return None
        lines, bad = self._lines(key)
        parsed = [(number, line, self._parse(line)) for number, line in lines]
        found = [(number, line, without_repeats(each.documents)) for number, line, each in parsed]
        faults = sum(len(each.faults) for _, _, each in parsed)
        scores = iter(self._reader.read([document for _, _, each in found for document in each]))
        scored = [(number, line, next(scores)) for number, line, each in found for _ in each]
        out = [
            Landed(
                kind="score",
                source=SOURCE,
                request=f"{key}#{number}",
                fetched_at_us=line.fetched_at_us,
                body=body_of(each),
                content_type="application/json",
            )
            for number, line, each in scored
            if each
        ]
        outcome = Outcome(
            key=key,
            landed=self._landing.put(out) if out else None,
            documents=sum(len(each) for _, _, each in found),
            scores=sum(len(each) for _, _, each in scored),
            bad_lines=bad,
            faults=faults,
        )
        log.info(
            "object_scored",
            key=key,
            landed=outcome.landed,
            documents=outcome.documents,
            scores=outcome.scores,
            bad_lines=bad,
            faults=faults,
        )
        return outcome

    def _lines(self, key: str) -> tuple[list[tuple[int, Landed]], int]:
        """(number, line) of each that can be read, counted from 0, and how many cannot."""
        where = f"{self._landing.uri}/{key}"
        found, bad = [], 0
        for number, raw in enumerate(raw_lines(self._landing.content(key), where=where)):
            try:
                found.append((number, Landed.of_line(raw, where=f"{where}, line {number}")))
            except LandingError as error:
                bad += 1
                log.warning("line_unreadable", key=key, line=number, why=error.detail)
        return found, bad
