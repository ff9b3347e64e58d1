"""What would be done, as data: the plan that is shown is the plan that is carried out."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from metabase.server import forms
from metabase.server.forms import Form
from metabase.server.live import Askers, Live, Owned, Raw, owned
from metabase.server.names import Kind, marked
from metabase.server.wanted import COLLECTION_SAYS, Wanted

What: TypeAlias = Literal["set up", "make", "change", "sync", "archive", "remove"]
Thing: TypeAlias = Literal["Metabase", "database", "group", "collection", "permissions", "question", "dashboard"]
ACCESS: Final[Mapping[str, str]] = {
    "viewers: collection": "read",
    "viewers: view-data": "unrestricted",
    "viewers: create-queries": "no",
    "everybody: collection": "none",
    "everybody: create-queries": "no",
}
"""Viewers see what is there; who is in no such group sees nothing of it. What everybody may view of a database cannot
be taken away in the open-source edition; without a question to open, or a query to write, it shows nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not as it should be. None is nothing."""

    path: str
    live: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is done."""

    what: What
    thing: Thing
    name: str
    """The title; of a change, the present one."""
    differences: tuple[Difference, ...] = ()
    key: str = ""
    """The name of its file."""
    live_id: int | None = None
    wanted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overwrites(self) -> bool:
        """Whether something that is there goes."""
        return self.what in ("change", "archive", "remove")


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is done, in its order, and what is left alone."""

    changes: tuple[Change, ...]
    left_alone: tuple[str, ...] = ()

    @property
    def overwrites(self) -> bool:
        return any(change.overwrites for change in self.changes)

    def counts(self) -> str:
        """As ``7 to make, 1 to change``."""
        told = {what: sum(change.what == what for change in self.changes) for what in _ORDER}
        return ", ".join(f"{count} to {what}" for what, count in told.items() if count) or "nothing to change"

    def lines(self) -> Iterator[str]:
        """Every change, and every value that it changes."""
        for change in self.changes:
            yield f"  {change.what:<8} {change.thing} {change.name}".rstrip()
            for each in change.differences:
                yield from (f"             {line}" for line in _told(each))
        for stranger in self.left_alone:
            yield f"  leave    {stranger}"


_NAMED: Final = 3
_NOT_OURS: Final = "(in no file: `tapehouse metabase export` writes it down)"
_ORDER: Final[tuple[What, ...]] = ("set up", "make", "change", "sync", "archive", "remove")


def make(wanted: Wanted, live: Live, *, is_set_up: bool = True) -> Plan:
    """The difference between what is wanted and what is there. Raises AmbiguousError."""
    questions = owned("question", live.cards, {name: form["name"] for name, form in wanted.questions.items()})
    dashboards = owned("dashboard", live.dashboards, {name: form["name"] for name, form in wanted.dashboards.items()})
    changes = [] if is_set_up else [Change("set up", "Metabase", "and its first administrator")]
    changes += _database(wanted, live)
    if live.viewers_id is None:
        changes.append(Change("make", "group", wanted.names.viewers))
    changes += _collection(wanted, live)
    changes += _access(live)
    changes += _questions(wanted, live, questions)
    changes += _dashboards(wanted, dashboards, questions)
    changes += _archived("dashboard", dashboards.stale, questions)
    changes += _archived("question", questions.stale, questions)
    return Plan(tuple(changes), tuple(f"{each} {_NOT_OURS}" for each in _strangers(live, questions, dashboards)))


def removal(wanted: Wanted, live: Live, asks: Askers | None = None, *, with_database: bool = False) -> Plan:
    """All of ours goes: questions and dashboards into Metabase's trash, with the collection if nothing else is in it.

    The database stays unless that is said, since its removal removes whatever asks it, for good; and it stays where
    anything asks it that is not ours. ``asks``: what does, where there is a database.
    """
    questions = owned("question", live.cards, {name: form["name"] for name, form in wanted.questions.items()})
    dashboards = owned("dashboard", live.dashboards, {name: form["name"] for name, form in wanted.dashboards.items()})
    changes = [
        *_archived("dashboard", {**dashboards.ours, **dashboards.stale}, questions),
        *_archived("question", {**questions.ours, **questions.stale}, questions),
    ]
    strangers = _strangers(live, questions, dashboards)
    if live.collection and not strangers:
        changes.append(Change("archive", "collection", wanted.names.collection, live_id=live.collection_id))
    if live.viewers_id is not None:
        lost = (Difference("members", list(live.members), None),) if live.members else ()
        changes.append(Change("remove", "group", wanted.names.viewers, lost, live_id=live.viewers_id))
    left = [f"{each} (not ours)" for each in strangers]
    if live.database and asks:
        name = wanted.names.database
        if why := _asked_by_others(asks, questions.ids):
            left.append(f"database {name} ({why})")
        elif with_database:
            titles = {form["name"] for form in wanted.questions.values()}
            gone = tuple(_of_no_file_in_trash(asks, questions.ids, titles))
            changes.append(Change("remove", "database", name, gone, live_id=live.database_id))
        else:
            left.append(
                f"database {name} (nothing but ours asks it: --with-database removes it, and what is in the "
                "trash with it)"
            )
    return Plan(tuple(changes), tuple(left))


def _asked_by_others(asks: Askers, ours: frozenset[int]) -> str:
    """Why a database has to stay; nothing where only ours ask it, be it from the trash."""
    others = sorted(
        str(each["name"])
        for each in asks.cards
        if each["id"] not in ours and not (each.get("archived") and marked("question", each.get("description")))
    )
    if not others and asks.unlisted:
        return f"{asks.unlisted} thing(s) that are no question ask it: remove it in Metabase"
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return f"asked by {', '.join(others[:_NAMED])}{more}: remove it in Metabase" if others else ""


def _of_no_file_in_trash(asks: Askers, ours: frozenset[int], titles: set[str]) -> Iterator[Difference]:
    """Questions that go for good with their database, and may be somebody's copies: those have the words of ours."""
    for each in asks.cards:
        if each["id"] not in ours and each["name"] not in titles:
            yield Difference(f"question {each['name']}", "in the trash", None)


def _archived(kind: Kind, found: Mapping[str, Raw], questions: Owned) -> Iterator[Change]:
    for key, each in found.items():
        lost = tuple(_kept_in(each, questions)) if kind == "dashboard" else ()
        yield Change("archive", kind, each["name"], lost, key, each["id"])


def _kept_in(board: Raw, questions: Owned) -> Iterator[Difference]:
    """Questions that somebody made inside a dashboard of ours: Metabase puts them into the trash with their card."""
    for each in questions.strangers:
        if each.get("dashboard_id") == board["id"]:
            yield Difference(f"question {each['name']}, kept in it", "here", "in the trash")


def _strangers(live: Live, questions: Owned, dashboards: Owned) -> list[str]:
    ours = dashboards.ids
    strangers = [f"question {each['name']}" for each in questions.strangers if each.get("dashboard_id") not in ours]
    strangers += [f"dashboard {each['name']}" for each in dashboards.strangers]
    return sorted([*strangers, *live.others])


def _database(wanted: Wanted, live: Live) -> Iterator[Change]:
    body = wanted.database
    if live.database is None:
        yield Change("make", "database", body["name"], wanted=body)
        return
    if differences := different(_alike(live.database, body), body):
        yield Change("change", "database", body["name"], differences, live_id=live.database_id, wanted=body)
    elif live.database.get("initial_sync_status") != "complete":
        yield Change("sync", "database", body["name"], live_id=live.database_id)


def _alike(live: Any, wanted: Any) -> Any:
    """Of what is there the keys that are wanted: Metabase adds its own, and secrets come back masked."""
    if not isinstance(live, Mapping) or not isinstance(wanted, Mapping):
        return live
    return {key: _alike(live[key], value) for key, value in wanted.items() if key in live}


def _collection(wanted: Wanted, live: Live) -> Iterator[Change]:
    name = wanted.names.collection
    body = {"name": name, "description": COLLECTION_SAYS}
    if live.collection is None:
        yield Change("make", "collection", name, wanted=body)
    elif differences := different(
        {"description": live.collection.get("description") or ""}, {"description": COLLECTION_SAYS}
    ):
        yield Change("change", "collection", name, differences, live_id=live.collection_id, wanted=body)


def _access(live: Live) -> Iterator[Change]:
    has = {key: live.access.get(key) for key in ACCESS}
    if differences := different(has, ACCESS):
        what: What = "make" if all(each.live is None for each in differences) else "change"
        yield Change(what, "permissions", "", differences, wanted=ACCESS)


def _questions(wanted: Wanted, live: Live, found: Owned) -> Iterator[Change]:
    for key, form in wanted.questions.items():
        card = found.ours.get(key)
        if card is None:
            yield Change("make", "question", form["name"], key=key, wanted=form)
        elif differences := different(forms.of_live_card(card, live.database_id), form):
            yield Change("change", "question", card["name"], differences, key, card["id"], form)


def _dashboards(wanted: Wanted, found: Owned, questions: Owned) -> Iterator[Change]:
    names = {card["id"]: name for name, card in questions.ours.items()}
    for key, form in wanted.dashboards.items():
        board = found.ours.get(key)
        if board is None:
            yield Change("make", "dashboard", form["name"], key=key, wanted=form)
        elif differences := different(forms.of_live_dashboard(board, names), form):
            differences += tuple(_kept_in(board, questions))
            yield Change("change", "dashboard", board["name"], differences, key, board["id"], form)


# -- differences ------------------------------------------------------------------------------------------------------


def different(live: Form | Mapping[str, Any], wanted: Form | Mapping[str, Any]) -> tuple[Difference, ...]:
    """Where two forms differ, value by value."""
    return tuple(_different("", live, wanted))


def _different(path: str, live: Any, wanted: Any) -> Iterator[Difference]:
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        for key in dict.fromkeys([*wanted, *live]):
            yield from _different(f"{path}.{key}" if path else str(key), live.get(key), wanted.get(key))
    elif isinstance(live, list) and isinstance(wanted, list) and len(live) == len(wanted):
        for number, (one, other) in enumerate(zip(live, wanted, strict=True)):
            yield from _different(f"{path}[{number}]", one, other)
    elif live != wanted or isinstance(live, bool) != isinstance(wanted, bool):
        yield Difference(path, live, wanted)


def _told(each: Difference) -> Sequence[str]:
    """A value in a line; text of several lines as what goes and what comes."""
    if isinstance(each.live, str) and isinstance(each.wanted, str) and "\n" in each.live + each.wanted:
        lines = difflib.unified_diff(each.live.splitlines(), each.wanted.splitlines(), lineterm="", n=1)
        return [f"{each.path}:", *(f"  {line}" for line in list(lines)[2:])]
    return [f"{each.path}: {_shown(each.live)} → {_shown(each.wanted)}"]


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
