"""Lines of bronze.documents → what they say: tellings, scores, quotes, and faults. Pure; it never raises for a line."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from glue_jobs.silver.stories.rows import Row, Scored, quote, score
from glue_jobs.silver.stories.telling import Telling
from tapehouse.documents import Parsed, parse
from tapehouse.landing import Landed, LandingError, is_storable
from tapehouse.score import scores_of
from tapehouse.tables import WHOLE

COLUMNS: Final = ("payload", "kind", "source", "object_key", "line", "fetched_at", "fetch_date")
MOST_FAULTS: Final = 100
"""Of one line: a source that changed its form is told by a hundred as well as by a thousand."""


@dataclass(slots=True)
class Taken:
    """What some lines say."""

    tellings: list[Telling] = field(default_factory=list)
    scores: list[Row] = field(default_factory=list)
    quotes: list[Row] = field(default_factory=list)
    faults: list[Row] = field(default_factory=list)

    def add(self, rows: Iterable[Mapping[str, Any]], *, parser: Callable[[Landed], Parsed] = parse) -> None:
        """Rows of bronze.documents, of ``COLUMNS``."""
        for row in rows:
            found = list(dict.fromkeys(self._add(row, parser)))
            if len(found) > MOST_FAULTS:
                found = [*found[:MOST_FAULTS], f"and {len(found) - MOST_FAULTS} more"]
            said = {name: row[name] for name in ("fetch_date", "object_key", "line", "kind", "source", "fetched_at")}
            self.faults += [{**said, "fault": each} for each in found]

    def leave_out(self, ids: Collection[str]) -> None:
        """Without what is said of these documents."""
        if ids:
            self.tellings = [each for each in self.tellings if each.document_id not in ids]
            self.scores = [row for row in self.scores if row["document_id"] not in ids]

    def _add(self, row: Mapping[str, Any], parser: Callable[[Landed], Parsed]) -> list[str]:
        """Takes one line in; what is wrong with it."""
        if row["line"] == WHOLE:
            return ["the object is no whole gzip file of lines"]
        try:
            landed = Landed.of_line(row["payload"])
        except LandingError as error:
            return [error.detail]
        if (landed.kind, landed.source) != (row["kind"], row["source"]):
            return [f"the line is of {landed.kind}/{landed.source}, and lies in another's object"]
        if landed.kind == "score":
            return self._add_scores(landed)
        try:
            parsed = parser(landed)
        except Exception as error:  # noqa: BLE001 - a parser's own fault is one line's, not that of all that follow
            return [f"the parser failed: {type(error).__name__}"]
        faults = list(parsed.faults)
        for document in parsed.documents:
            if is_storable(document.published_at_us):
                self.tellings.append(Telling.of(document))
            else:
                faults.append(f"{document.document_id}: published at no time that can be")
        for value in parsed.values:
            try:
                if not is_storable(value.observed_at_us):
                    faults.append(f"{value.name}: of no time that can be")
                    continue
                self.quotes.append(quote(value))
            except ValueError as error:
                faults.append(str(error))
        return faults

    def _add_scores(self, landed: Landed) -> list[str]:
        try:
            found = [Scored(each, landed.fetched_at_us) for each in scores_of(landed.body)]
            if not all(is_storable(each.score.published_at_us) for each in found):
                return ["scores of a document that was published at no time that can be"]
            self.scores += [score(each) for each in found]
        except (ValueError, OverflowError) as error:
            return [str(error)]
        return []
