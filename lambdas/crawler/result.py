"""What one run of a task read, and how it becomes lines."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lambdas.crawler.model import Task
from tapehouse.landing import Landed


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """What was read on one page."""

    url: str
    title: str
    text: str
    author: str | None
    published_at_us: int | None
    fetched_at_us: int
    links: Sequence[str] = ()
    """All that were extracted on it."""
    extracted: dict[str, str | list[str] | None] = field(default_factory=dict)
    price: str | None = None
    """Plain decimal text; None on a page that no price was read from."""

    def body(self, task: Task) -> dict[str, Any]:
        """As it is landed, or sent to a webhook."""
        value = {"name": task.symbol, "value": self.price, "unit": task.unit, "observed_at_us": self.fetched_at_us}
        return {
            "task": task.name,
            "url": self.url,
            "title": self.title,
            "text": self.text,
            "author": self.author,
            "published_at_us": self.published_at_us,
            "links": list(self.links),
            "extracted": self.extracted,
            "values": [value] if self.price is not None else [],
        }

    def landed(self, task: Task) -> Landed:
        """One line of the run's object."""
        return Landed(
            kind=task.kind,
            source=task.name,
            request=f"GET {self.url}",
            fetched_at_us=self.fetched_at_us,
            body=dumped(self.body(task)),
            content_type="application/json",
        )


@dataclass(slots=True)
class Outcome:
    """What a run came to, as it goes on."""

    pages: list[PageRead] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    """Why the task failed, though pages of it may have been read."""
    passed_over: list[str] = field(default_factory=list)
    """Links that lead to nothing to be read, each with its reason: gone, foreign, disallowed. They fail nothing."""
    links_left: int = 0
    """Links beyond those that one run follows."""


def dumped(said: Any) -> bytes:
    """JSON, the same bytes for the same value."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
