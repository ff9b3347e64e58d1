"""What a task says, as values: they are right as they are, since only ``loader.py`` makes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

MOST_DEPTH: Final = 3
"""Nested tasks in nested tasks, at most."""
MOST_LINKS: Final = 200
"""Links that one run of a task follows, on all its levels together."""
FIELDS: Final = ("text", "title", "author")
"""What is extracted under these names takes the place of what the page itself says."""

Locale: TypeAlias = Literal["en", "de", "fr", "ch"]


@dataclass(frozen=True, slots=True)
class Navigate:
    """Goes to an address, or to one that was extracted (``$link``)."""

    to: str

    @property
    def variable(self) -> str | None:
        return self.to[1:] if self.to.startswith("$") else None


@dataclass(frozen=True, slots=True)
class CheckPresence:
    """Fails the task where the page has nothing that the CSS selector matches."""

    selector: str


@dataclass(frozen=True, slots=True)
class Extract:
    """Reads the text, or the address that it links to, of the first or of all that the CSS selector matches."""

    selector: str
    taken: Literal["text", "href"]
    name: str
    all: bool = False


@dataclass(frozen=True, slots=True)
class Nested:
    """A task within a task: its steps are taken for each address that was extracted as ``over``."""

    name: str
    over: str
    steps: tuple["Step", ...]


Step: TypeAlias = Navigate | CheckPresence | Extract | Nested


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a price stands on a page, and how it is written there."""

    selector: str
    pattern: str | None = None
    """A regular expression: its one group, or its groups ``whole`` and ``fraction``, or all of it is the number."""
    locale: Locale | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """What a header's value ends with: a secret of Secrets Manager, by its name, or a part of one."""

    name: str
    """``NAME`` or ``NAME#JSON-KEY``."""
    before: str = ""
    """What stands in front of it: ``Bearer ``."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a task's pages are sent instead of to the landing."""

    url: str
    headers: Mapping[str, str | Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of the file."""

    name: str
    """Also its source in the landing."""
    kind: Literal["page", "price"]
    start: str
    schedule: str
    steps: tuple[Step, ...]
    """The first is a ``Navigate``."""
    hosts: frozenset[str]
    """All that it may go to, the start's among them; names alone, without ports."""
    javascript: bool = False
    """The pages are rendered by a browser first."""
    reading: Reading | None = None
    """Of a price, and so are the next two."""
    symbol: str = ""
    unit: str = ""
    webhook: Webhook | None = None


@dataclass(frozen=True, slots=True)
class Tasks:
    """The file's tasks, in its order."""

    tasks: Sequence[Task]

    def named(self, name: str) -> Task | None:
        return next((task for task in self.tasks if task.name == name), None)

    def scheduled(self, schedule: str) -> list[Task]:
        return [task for task in self.tasks if task.schedule == schedule]

    @property
    def schedules(self) -> list[str]:
        return sorted({task.schedule for task in self.tasks})
