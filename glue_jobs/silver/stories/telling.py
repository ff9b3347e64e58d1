"""A telling: one document as one source has it now. A story is told by some of them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from tapehouse.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A document of one source, as of its newest fetch. Key: document_id + source."""

    document_id: str
    source: str
    kind: str
    url: str | None
    title: str
    body: str
    author: str | None
    published_at_us: int
    first_fetched_us: int
    """When the source was first found to tell it."""
    fetched_at_us: int
    """When it told it as it is here."""
    symbols: tuple[str, ...]
    vendor_sentiment: float | None
    """What the source holds its whole mood to be."""
    removed: bool
    last_removed_us: int | None = None
    """When the source was last found to have taken it back, whatever it tells now."""

    @property
    def key(self) -> tuple[str, str]:
        return self.document_id, self.source

    @property
    def weight(self) -> tuple[int, str]:
        """Of two fetches the one that counts: the newer one, and of one moment, always the same one."""
        said = json.dumps(asdict(replace(self, first_fetched_us=0, last_removed_us=None)), sort_keys=True)
        return self.fetched_at_us, hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def of(cls, document: Document) -> "Telling":
        whole = [each.score for each in document.vendor_sentiment if each.symbol is None]
        return cls(
            document_id=document.document_id,
            source=document.source,
            kind=document.kind,
            url=document.url,
            title="" if document.removed else document.title,
            body="" if document.removed else document.body,
            author=None if document.removed else document.author,
            published_at_us=document.published_at_us,
            first_fetched_us=document.fetched_at_us,
            fetched_at_us=document.fetched_at_us,
            symbols=document.symbols,
            vendor_sentiment=max(-1.0, min(1.0, sum(whole) / len(whole))) if whole else None,
            removed=document.removed,
            last_removed_us=document.fetched_at_us if document.removed else None,
        )


def text_of(tellings: Iterable[Telling]) -> str:
    """Tellings as JSON."""
    return json.dumps([asdict(each) for each in tellings], ensure_ascii=False, separators=(",", ":"))


def tellings_of(text: str) -> list[Telling]:
    """What ``text_of`` wrote."""
    return [_telling(each) for each in json.loads(text)]


def newest(tellings: Iterable[Telling]) -> dict[tuple[str, str], Telling]:
    """Of each document and source the telling that counts, whatever their order.

    When it was first fetched is kept, and when it was last taken back.
    """
    found: dict[tuple[str, str], Telling] = {}
    for each in tellings:
        before = found.get(each.key)
        if before is None:
            found[each.key] = each
            continue
        counts = max(before, each, key=lambda telling: telling.weight)
        found[each.key] = replace(
            counts,
            first_fetched_us=min(before.first_fetched_us, each.first_fetched_us),
            last_removed_us=max(filter(None, (before.last_removed_us, each.last_removed_us)), default=None),
        )
    return found


def taken_back(tellings: Iterable[Telling]) -> dict[str, int]:
    """Document → until when, µs UTC, what was fetched of it is of a text that a source has taken back since."""
    found: dict[str, int] = {}
    for each in tellings:
        if each.last_removed_us is not None:
            found[each.document_id] = max(each.last_removed_us, found.get(each.document_id, 0))
    return found


def _telling(said: Mapping[str, Any]) -> Telling:
    # rows of before that was kept do not say it
    gone = said["fetched_at_us"] if said["removed"] else None
    return Telling(**{"last_removed_us": gone, **said, "symbols": tuple(said["symbols"])})
