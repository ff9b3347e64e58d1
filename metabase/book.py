"""All questions and dashboards of a folder, read together and held against each other."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from metabase import dashboard_reader, question_reader
from metabase.dashboard import Dashboard, QuestionCard
from metabase.faults import FileFaults, FilesError
from metabase.question import Question

FOLDER: Final = Path(__file__).parent
"""Where ``questions/`` and ``dashboards/`` are."""
_SMALL: Final = (2, 2)
_LEAST: Final[Mapping[str, tuple[int, int]]] = {"scalar": _SMALL, "smartscalar": _SMALL}
"""Display → the least width and height at which Metabase draws it; others want 4 by 3."""


@dataclass(frozen=True, slots=True)
class Book:
    """The questions and dashboards, by name."""

    questions: Mapping[str, Question]
    dashboards: Mapping[str, Dashboard]


def read(folder: Path = FOLDER) -> Book:
    """Reads ``questions/*.sql`` and ``dashboards/*.yaml``. Raises FilesError with every fault of every file."""
    questions: dict[str, Question] = {}
    dashboards: dict[str, Dashboard] = {}
    faults: dict[str, FileFaults] = {}
    for path in sorted((folder / "questions").glob("*.sql")):
        where = faults.setdefault(path.stem, FileFaults(_shown(path, folder)))
        if (text := _text(path, where)) is not None:
            questions[path.stem] = question_reader.read(text, name=path.stem, faults=where)
    told = [fault for each in faults.values() for fault in each.found]
    for path in sorted((folder / "dashboards").glob("*.yaml")):
        where = FileFaults(_shown(path, folder))
        dashboards[path.stem] = dashboard_reader.read(path.read_bytes(), name=path.stem, faults=where)
        for what in _clashes(dashboards[path.stem], questions):
            where.add("", what)
        told += where.found
    told += [f"{folder.name}: {fault}" for fault in _twice(questions, dashboards)]
    if told:
        raise FilesError(told)
    return Book(questions, dashboards)


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder.parent).as_posix()


def _text(path: Path, faults: FileFaults) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        faults.add("", "it is not UTF-8")
        return None


def _twice(questions: Mapping[str, Question], dashboards: Mapping[str, Dashboard]) -> Iterator[str]:
    """Titles are what people, and the provisioner, tell them apart by."""
    for what, titles in (
        ("questions", Counter(each.title for each in questions.values())),
        ("dashboards", Counter(each.title for each in dashboards.values())),
    ):
        yield from (f"two {what} have the title {title!r}" for title, count in titles.items() if title and count > 1)


def _clashes(dashboard: Dashboard, questions: Mapping[str, Question]) -> Iterator[str]:
    """What does not fit between a dashboard and its questions."""
    used: set[str] = set()
    for card in dashboard.cards:
        if not isinstance(card, QuestionCard) or not card.question:
            continue
        where = dashboard_reader.named(card)
        question = questions.get(card.question)
        if question is None:
            yield f"{where}: there is no question of this name"
            continue
        least = _LEAST.get(question.display, (4, 3))
        if card.place.w < least[0] or card.place.h < least[1]:
            yield f"{where}: a {question.display} is at least {least[0]} wide and {least[1]} high"
        yield from (f"{where}: {fault}" for fault in _unmapped(dashboard, card, question))
        if card.columns and question.display != "table":
            yield f"{where}: a {question.display} has no columns to choose from"
        lacking = [column for column in card.columns if column not in question.columns]
        yield from (f"{where}: {question.name}'s header names no column {column}" for column in lacking)
        for param in question.params:
            found = dashboard.filter_of(card, param.name)
            if found is not None:
                used.add(found.name)
                if found.type != param.type:
                    yield f"{where}: the filter {found.name} is a {found.type}, and {param.name} a {param.type}"
    yield from (f"filter {each.name}: no card uses it" for each in dashboard.filters if each.name not in used)


def _unmapped(dashboard: Dashboard, card: QuestionCard, question: Question) -> Iterator[str]:
    names = {each.name for each in dashboard.filters}
    for param, name in card.filters.items():
        if question.param(param) is None:
            yield f"{question.name} has no parameter {param}"
        if name is not None and name not in names:
            yield f"the dashboard has no filter {name}"
