"""Tellings → stories: which tellings are one story, and what its row says. Pure, and the same in any order.

Tellings of one document_id, which is of one canonical address, are one story. So are documents of one title
(``title_key``: its words, four at least) up to 48 hours behind the first of them: agencies' texts stand on many sites,
and a column's title comes again each day. Of a document the title is the one whose source has the longest text, so each
has one title, and stories are the runs of each title: no chain of titles has to be followed.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from glue_jobs.silver.stories.telling import Telling, newest
from tapehouse.document import title_key
from tapehouse.intervals import HOUR_US

MOST_APART_US: Final = 48 * HOUR_US


@dataclass(frozen=True, slots=True)
class Told:
    """One document, of all sources that tell it."""

    tellings: tuple[Telling, ...]
    """The one whose text counts first, then by source."""

    @classmethod
    def of(cls, tellings: Iterable[Telling]) -> "Told":
        """``tellings``: of one document, one a source."""
        ordered = sorted(tellings, key=lambda each: each.source)
        counts = min(ordered, key=lambda each: (each.removed, -len(each.body), each.source))
        return cls((counts, *(each for each in ordered if each is not counts)))

    @property
    def document_id(self) -> str:
        return self.tellings[0].document_id

    @property
    def published_at_us(self) -> int:
        return min(each.published_at_us for each in self.tellings)

    @property
    def title_key(self) -> str | None:
        """None: it is a story of its own."""
        return title_key(self.tellings[0].title)


@dataclass(frozen=True, slots=True)
class Story:
    """Documents that are one story, the earliest first: its text is the story's, its id names it."""

    documents: tuple[Told, ...]

    @property
    def tellings(self) -> tuple[Telling, ...]:
        return tuple(itertools.chain.from_iterable(each.tellings for each in self.documents))

    @property
    def title_key(self) -> str | None:
        return self.documents[0].title_key


def stories_of(tellings: Iterable[Telling]) -> list[Story]:
    """The stories of all these tellings; of a document and source the newest counts."""
    of_document: dict[str, list[Telling]] = defaultdict(list)
    for each in newest(tellings).values():
        of_document[each.document_id].append(each)
    of_title: dict[str, list[Told]] = defaultdict(list)
    found: list[Story] = []
    for told in map(Told.of, of_document.values()):
        if (key := told.title_key) is None:
            found.append(Story((told,)))
        else:
            of_title[key].append(told)
    found += [Story(run) for documents in of_title.values() for run in _runs(documents)]
    return sorted(found, key=lambda story: (story.documents[0].published_at_us, story.documents[0].document_id))


def _runs(documents: Sequence[Told]) -> Iterator[tuple[Told, ...]]:
    ordered = sorted(documents, key=lambda each: (each.published_at_us, each.document_id))
    begin = 0
    for number, each in enumerate(ordered):
        if each.published_at_us - ordered[begin].published_at_us > MOST_APART_US:
            yield tuple(ordered[begin:number])
            begin = number
    yield tuple(ordered[begin:])
