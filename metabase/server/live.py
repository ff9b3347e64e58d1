"""What a Metabase holds of ours, read without changing anything. Nothing outside our collection is looked into."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from metabase.server.client import MetabaseClient
from metabase.server.errors import AmbiguousError
from metabase.server.names import Kind, Names, marked
from metabase.server.wanted import ENGINE

Raw = dict[str, Any]
ALL_USERS: Final = "all-internal-users"


@dataclass(frozen=True, slots=True)
class Live:
    """The present state. What is not there is None, or empty."""

    database: Raw | None = None
    collection: Raw | None = None
    viewers: Raw | None = None
    """The group of those who may look, with its members."""
    everybody_id: int | None = None
    """The group that everybody is in."""
    cards: tuple[Raw, ...] = ()
    """The questions in our collection, whoever made them."""
    dashboards: tuple[Raw, ...] = ()
    others: tuple[str, ...] = ()
    """What else lies there, in words."""
    access: Mapping[str, str] = field(default_factory=dict)
    """Who may do what: see ``access_of``."""

    @property
    def database_id(self) -> int | None:
        return self.database["id"] if self.database else None

    @property
    def collection_id(self) -> int | None:
        return self.collection["id"] if self.collection else None

    @property
    def viewers_id(self) -> int | None:
        return self.viewers["id"] if self.viewers else None

    @property
    def members(self) -> tuple[str, ...]:
        """The addresses of mail of those who may look."""
        return tuple(sorted(str(each.get("email")) for each in (self.viewers or {}).get("members") or ()))


def read(client: MetabaseClient, names: Names) -> Live:
    """Asks as an administrator. Raises AmbiguousError where two things have a name that only one may have."""
    databases = client.get("/api/database")["data"]
    mine = [each for each in databases if each["name"] == names.database and each["engine"] == ENGINE]
    found = _only("database", names.database, mine)
    database = client.get(f"/api/database/{found['id']}") if found else None
    collection = find_collection(client, names)
    groups = client.get("/api/permissions/group")
    found = _only("group", names.viewers, [each for each in groups if each["name"] == names.viewers])
    viewers = client.get(f"/api/permissions/group/{found['id']}") if found else None
    everybody = [each["id"] for each in groups if each.get("magic_group_type") == ALL_USERS]
    everybody = everybody or [each["id"] for each in groups if each["name"] == "All Users"]
    cards, dashboards, others = _inside(client, collection["id"]) if collection else ((), (), ())
    ids = (viewers["id"] if viewers else None, everybody[0] if everybody else None)
    return Live(
        database=database,
        collection=collection,
        viewers=viewers,
        everybody_id=ids[1],
        cards=cards,
        dashboards=dashboards,
        others=others,
        access=access_of(
            client.get("/api/permissions/graph"),
            client.get("/api/collection/graph"),
            groups={"viewers": ids[0], "everybody": ids[1]},
            database_id=database["id"] if database else None,
            collection_id=collection["id"] if collection else None,
        ),
    )


def find_collection(client: MetabaseClient, names: Names) -> Raw | None:
    """Ours, at the top of all; somebody's own collection of the same name is not."""
    found = [
        each
        for each in client.get("/api/collection")
        if each["name"] == names.collection
        and each.get("location") in ("/", None)
        and each["id"] != "root"
        and not each.get("archived")
        and not each.get("personal_owner_id")
        and not each.get("namespace")
    ]
    return _only("collection", names.collection, found)


def _only(kind: str, name: str, found: Sequence[Raw]) -> Raw | None:
    if len(found) > 1:
        raise AmbiguousError(kind, name)
    return found[0] if found else None


def _inside(client: MetabaseClient, collection: int) -> tuple[tuple[Raw, ...], tuple[Raw, ...], tuple[str, ...]]:
    """Questions, dashboards and the rest of a collection, also questions that live in a dashboard.

    No kinds are named, so that it is whatever this version knows: what is not seen would be removed with the rest.
    """
    items = list(client.items(f"/api/collection/{collection}/items", [("show_dashboard_questions", "true")]))
    cards = [
        client.get(f"/api/card/{each['id']}", [("legacy-mbql", "true")]) for each in items if each["model"] == "card"
    ]
    dashboards = [client.get(f"/api/dashboard/{each['id']}") for each in items if each["model"] == "dashboard"]
    words = {"dataset": "model"}
    others = (
        f"{words.get(e['model'], e['model'])} {e['name']}" for e in items if e["model"] not in ("card", "dashboard")
    )
    return tuple(cards), tuple(dashboards), tuple(sorted(others))


def access_of(
    data: Mapping[str, Any],
    collections: Mapping[str, Any],
    *,
    groups: Mapping[str, int | None],
    database_id: int | None,
    collection_id: int | None,
) -> dict[str, str]:
    """``viewers: collection`` → read, and so on, of what is there. Metabase leaves out what allows least."""
    found: dict[str, str] = {}
    for name, number in groups.items():
        if number is None:
            continue
        if collection_id is not None:
            may = (collections["groups"].get(str(number)) or {}).get(str(collection_id)) or "none"
            found[f"{name}: collection"] = str(may)
        if database_id is not None:
            allowed = (data["groups"].get(str(number)) or {}).get(str(database_id)) or {}
            found[f"{name}: view-data"] = str(allowed.get("view-data") or "blocked")
            found[f"{name}: create-queries"] = str(allowed.get("create-queries") or "no")
    return found


@dataclass(frozen=True, slots=True)
class Askers:
    """What asks a database, anywhere in Metabase, also from the trash."""

    cards: tuple[Raw, ...]
    unlisted: int
    """How many things more Metabase counts, of any kind."""


_KINDS: Final = {"model": "dataset"}
"""Of a card → as it is counted, where that is another word."""


def askers(client: MetabaseClient, database: int) -> Askers:
    """Looks where nothing else does: to remove a database removes whatever asks it, for good."""
    cards = client.get("/api/card", [("f", "database"), ("model_id", str(database))])
    trash = [each for each in client.get("/api/card", [("f", "archived")]) if each.get("database_id") == database]
    listed = Counter(str(_KINDS.get(kind := each.get("type") or "question", kind)) for each in (*cards, *trash))
    usage = client.get(f"/api/database/{database}/usage_info") or {}
    # kind by kind: should it not count the trash, that must not make up for a segment that is counted
    unlisted = sum(max(int(count or 0) - listed[kind], 0) for kind, count in usage.items())
    return Askers((*cards, *trash), unlisted)


# -- whose is what ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Owned:
    """Things of one kind, by whose they are."""

    ours: Mapping[str, Raw]
    """By the name of the file that wants it."""
    stale: Mapping[str, Raw]
    """By the name of a file that is no more."""
    strangers: tuple[Raw, ...]

    @property
    def ids(self) -> frozenset[int]:
        """Of all that are ours, also by a file that is no more."""
        return frozenset(int(each["id"]) for each in (*self.ours.values(), *self.stale.values()))


def owned(kind: Kind, found: Iterable[Raw], titles: Mapping[str, str]) -> Owned:
    """``titles``: of the files, by name. A thing is ours by its words, else by its title; so is that of a file which
    got another name.

    A copy that somebody made has the words too, and another title: it is theirs. Of a file that is no more nobody knows
    the title: where there are copies, all of them are left alone. Raises AmbiguousError where copies of what a file
    wants cannot be told apart.
    """
    left = list(found)
    ours: dict[str, Raw] = {}
    stale: dict[str, Raw] = {}
    names = dict.fromkeys(name for each in left if (name := marked(kind, each.get("description"))))
    for name in names:
        same = [each for each in left if marked(kind, each.get("description")) == name]
        if len(same) > 1:
            if name not in titles:
                continue
            same = [each for each in same if each["name"] == titles[name]]
        if len(same) != 1:
            raise AmbiguousError(kind, titles[name])
        (ours if name in titles else stale)[name] = same[0]
        left.remove(same[0])
    for name, title in titles.items():
        if name in ours:
            continue
        titled = [(each, marked(kind, each.get("description"))) for each in (*stale.values(), *left)]
        titled = [(each, said) for each, said in titled if each["name"] == title]
        renamed = [each for each, said in titled if said and said not in titles]
        unsaid = [each for each, said in titled if not said]
        if one := renamed[0] if len(renamed) == 1 else _only(kind, title, unsaid):
            ours[name] = one
            stale = {old: each for old, each in stale.items() if each is not one}
            left = [each for each in left if each is not one]
    return Owned(ours, stale, tuple(left))
