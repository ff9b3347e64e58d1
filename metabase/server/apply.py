"""Carries a plan out.

Killed anywhere, the next plan holds what is left: each thing is found again by its name or its words.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from metabase.server import bodies
from metabase.server.client import MetabaseClient
from metabase.server.errors import DatabaseError, QuestionsFailedError, RefusedError
from metabase.server.forms import KEPT_IN
from metabase.server.live import Live, owned
from metabase.server.plan import Change, Plan
from metabase.server.wanted import Wanted

_LOOK_EVERY_S: Final = 2.0
_ASKED_AT_ONCE: Final = 4
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long, and by which clock."""

    sync_s: float = 600.0
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic


class Apply:
    """One carrying out."""

    def __init__(
        self,
        client: MetabaseClient,
        wanted: Wanted,
        live: Live,
        *,
        waiting: Waiting = Waiting(),
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._client, self._wanted, self._waiting, self._tell = client, wanted, waiting, tell
        self._database_id, self._collection_id = live.database_id, live.collection_id
        self._viewers_id, self._everybody_id = live.viewers_id, live.everybody_id
        titles = {name: form["name"] for name, form in wanted.questions.items()}
        found = owned("question", live.cards, titles)
        self._card_ids = {name: int(card["id"]) for name, card in found.ours.items()}
        self._boards = {int(each["id"]): each for each in live.dashboards}

    def carry_out(self, plan: Plan) -> None:
        """Makes and changes all, in the plan's order. Raises LakehouseError at the first that fails."""
        for change in plan.changes:
            self._tell(f"{change.what:<8} {change.thing} {change.name}".rstrip())
            self._do(change)

    def ask_all(self) -> None:
        """Runs each question of ours as a reader would find it, several beside each other: Athena lets each wait.

        Raises QuestionsFailedError with those that fail.
        """
        with ThreadPoolExecutor(_ASKED_AT_ONCE) as asking:
            answers = zip(self._wanted.questions.values(), asking.map(self._ask, self._wanted.questions), strict=True)
            failed = {form["name"]: why for form, why in answers if why}
        if failed:
            raise QuestionsFailedError(failed)

    def _ask(self, name: str) -> str | None:
        """Why a question does not run; None where it does. One that failed is answered as if it had not."""
        try:
            answer = self._client.post(f"/api/card/{self._card_ids[name]}/query", {}, harmless=True)
        except RefusedError as error:
            return str(error)
        if answer.get("status") == "completed":
            return None
        return " ".join(str(answer.get("error") or "it says no reason").split())[:_SHOWN]

    # -- one by one ---------------------------------------------------------------------------------------------------

    def _do(self, change: Change) -> None:
        if change.what == "archive":
            self._client.put(f"/api/{_PATHS[change.thing]}/{change.live_id}", {"archived": True})
        elif change.what == "remove":
            self._remove(change)
        elif change.thing == "database":
            self._database(change)
        elif change.thing == "group":
            self._viewers_id = self._client.post("/api/permissions/group", {"name": change.name})["id"]
        elif change.thing == "collection":
            self._collection(change)
        elif change.thing == "permissions":
            self._access(change.wanted)
        elif change.thing == "question":
            self._question(change)
        elif change.thing == "dashboard":
            self._dashboard(change)

    def _remove(self, change: Change) -> None:
        try:
            self._client.delete(f"/api/{_PATHS[change.thing]}/{change.live_id}")
        except RefusedError as error:
            if error.status != 404:  # gone, perhaps by our own try whose answer was lost
                raise

    def _database(self, change: Change) -> None:
        body = dict(change.wanted)
        try:
            if change.what == "make":
                self._database_id = self._client.post("/api/database", body)["id"]
            elif change.what == "change":
                self._client.put(f"/api/database/{self._database_id}", body)
        except RefusedError as error:
            if error.status != 400:
                raise
            raise DatabaseError(f"Metabase does not get to Athena: {error.detail}") from None
        self._sync()

    def _sync(self) -> None:
        """Has it look for tables and fields, and waits. Raises DatabaseError."""
        self._client.post(f"/api/database/{self._database_id}/sync_schema", harmless=True)
        ends = self._waiting.now() + self._waiting.sync_s
        while True:
            status = self._client.get(f"/api/database/{self._database_id}").get("initial_sync_status")
            if status == "complete":
                return
            if status == "aborted":
                raise DatabaseError("Metabase gave up looking for Athena's tables: its log says why.")
            if self._waiting.now() >= ends:
                raise DatabaseError(
                    f"Metabase has been looking for Athena's tables for {self._waiting.sync_s:g} s: look at the "
                    "workgroup's history, then run the same again."
                )
            self._waiting.sleep(_LOOK_EVERY_S)

    def _collection(self, change: Change) -> None:
        body = dict(change.wanted)
        if change.what == "make":
            self._collection_id = self._client.post("/api/collection", body)["id"]
        else:  # a PUT without it would bring an archived one back, and one with parent_id move it
            self._client.put(f"/api/collection/{self._collection_id}", {**body, "archived": False})

    def _access(self, wanted: Mapping[str, Any]) -> None:
        numbers = {"viewers": self._viewers_id, "everybody": self._everybody_id}
        data: dict[str, dict[str, dict[str, Any]]] = {}
        collections: dict[str, dict[str, str]] = {}
        for key, value in wanted.items():
            who, _, what = key.partition(": ")
            number = str(numbers[who])
            if what == "collection":
                collections[number] = {str(self._collection_id): value}
            else:
                data.setdefault(number, {}).setdefault(str(self._database_id), {})[what] = value
        self._allow("/api/permissions/graph", data)
        self._allow("/api/collection/graph", collections)

    def _allow(self, path: str, groups: Mapping[str, Any]) -> None:
        """Only what is sent is changed. It is refused where rights changed since they were read, be it by our own try
        whose answer was lost: then it is asked once more, of what is there now."""
        try:
            self._put_rights(path, groups)
        except RefusedError as error:
            if error.status != 409:
                raise
            self._put_rights(path, groups)

    def _put_rights(self, path: str, groups: Mapping[str, Any]) -> None:
        self._client.put(path, {"revision": self._client.get(path)["revision"], "groups": groups})

    def _question(self, change: Change) -> None:
        if self._database_id is None:
            raise DatabaseError("There is no database to ask.")
        body = bodies.of_card(change.wanted, database_id=self._database_id)
        if change.what == "make":
            made = self._client.post("/api/card", {**body, "collection_id": self._collection_id})
            self._card_ids[change.key] = int(made["id"])
        else:
            if any(each.path == KEPT_IN for each in change.differences):
                body |= {"dashboard_id": None, "collection_id": self._collection_id}
            self._client.put(f"/api/card/{change.live_id}", body)

    def _dashboard(self, change: Change) -> None:
        live: Mapping[str, Any] = self._boards.get(change.live_id or 0, {})
        if change.what == "make":
            said = {"name": change.wanted["name"], "description": change.wanted["description"]}
            live = self._client.post("/api/dashboard", {**said, "collection_id": self._collection_id})
        body = bodies.of_dashboard(change.wanted, card_ids=self._card_ids, live=live)
        self._client.put(f"/api/dashboard/{live['id']}", body)


_PATHS: Final = {
    "question": "card", "dashboard": "dashboard", "collection": "collection", "database": "database",
    "group": "permissions/group",
}  # fmt: skip
