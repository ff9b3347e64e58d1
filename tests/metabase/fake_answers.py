"""How a fake Metabase answers: as strict as the contract, and with the habits of the real one.

Looked up in Metabase's sources of the 0.58 to 0.65 lines (src/metabase/): groups and data permissions in
permissions_rest/ and permissions/models/, collections' in permissions/models/collection/graph.clj, questions kept in a
dashboard in queries/models/card.clj and dashboards/models/dashboard.clj, throttling in session/api.clj.
"""

import copy
import json
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.metabase.fake_state import ADMINISTRATORS, EMAIL, EVERYBODY, KEY, Json, State
from tests.metabase.schema import faults

CONTRACT: Final = json.loads((Path(__file__).parent / "api.json").read_text(encoding="utf-8"))
MASK: Final = "**MetabasePass**"
ALL: Final = {"view-data": "unrestricted", "create-queries": "query-builder-and-native"}
_WRONG: Final = 10
_PAGE: Final = 3
"""It gives no more at once, whatever is asked for."""


class AnswerError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


class Request:
    """One request, answered from the state."""

    def __init__(self, state: State, method: str, target: str, *, body: Any, headers: Any) -> None:
        parts = urlsplit(target)
        self.state, self.method, self.path, self.query = state, method, parts.path, parse_qs(parts.query)
        self.body, self.headers = body, headers

    def answer(self) -> Any:
        state = self.state
        if state.starting:
            state.starting -= 1
            if self.path == "/api/health":
                raise AnswerError(503, {"status": "initializing", "progress": 0.5})
            raise AnswerError(503, "Metabase is still starting")
        template, number = self._route()
        name = f"{self.method.lower()}_{re.sub(r'[^a-z]+', '_', template.removeprefix('/api/')).strip('_')}"
        self._judge(template)
        if template not in ("/api/health", "/api/session/properties", "/api/setup", "/api/session"):
            self._let_in(template)
        return getattr(self, name)(*([number] if number is not None else []))

    def _route(self) -> tuple[str, int | None]:
        for template, methods in CONTRACT["paths"].items():
            shape = re.sub(r"\{[^}]+\}", r"(\\d+)", template)
            match = re.fullmatch(shape, self.path)
            if match and self.method.lower() in methods:
                return template, int(match[1]) if match.groups() else None
        raise AnswerError(404, "API endpoint does not exist.")

    def _judge(self, template: str) -> None:
        """Nothing that the contract does not know."""
        said = CONTRACT["paths"][template][self.method.lower()]
        wrong = [f"query: {key} is not known" for key in self.query if key not in said.get("query", {})]
        if self.body is not None and "body" not in said:
            wrong.append("there is no body")
        elif "body" in said and self.body is not None:
            wrong += faults(self.body, said["body"], CONTRACT["schemas"])
        if wrong:
            raise AnswerError(400, {"errors": {"contract": "; ".join(wrong)}})

    def _let_in(self, template: str) -> None:
        cookie = re.search(r"metabase\.SESSION=([^;]+)", self.headers.get("Cookie") or "")
        session = cookie[1] if cookie else self.headers.get("X-Metabase-Session")
        may = self.state.sessions.get(session) if session else None
        if may is None and not cookie and self.headers.get("X-API-KEY") == KEY:
            may = True
        if may is None:
            raise AnswerError(401, "Unauthenticated")
        self.is_superuser = may
        if not may and template != "/api/user/current":
            raise AnswerError(403, "You don't have permissions to do that.")

    def _thing(self, kind: str, number: int) -> Json:
        found: Json | None = getattr(self.state, kind).get(number)
        if found is None:
            raise AnswerError(404, "Not found.")
        return found

    # -- who we are ---------------------------------------------------------------------------------------------------

    def get_health(self) -> Json:
        return {"status": "ok"}

    def get_session_properties(self) -> Json:
        state = self.state
        tag = {"version": {"tag": state.version}} if state.version else {}
        return {**tag, "has-user-setup": bool(state.users), "setup-token": state.token, "site-name": "Metabase"}

    def post_setup(self) -> Json:
        state, user = self.state, self.body["user"]
        if state.users:
            raise AnswerError(
                403, "The /api/setup route can only be used to create the first user, however a user exists."
            )
        if self.body["token"] != state.token:
            raise AnswerError(400, {"errors": {"token": "Token does not match the setup token."}})
        state.users[user["email"]] = user["password"]
        state.token = None
        return self._session()

    def post_session(self) -> Json:
        """Wrong ones are counted, right ones are not; who is turned away for that is answered 401, not 429."""
        state, body = self.state, self.body
        if state.wrong >= _WRONG:
            told = "Too many attempts! You must wait 15 seconds before trying again."
            raise AnswerError(401, {"errors": {"username": told}})
        if state.users.get(body["username"]) != body["password"]:
            state.wrong += 1
            raise AnswerError(401, {"errors": {"password": f"did not match stored password {body['password']}"}})
        if state.wants_second:
            return {"mfa_required": True, "methods": ["totp"], "challenge_token": "x.y.z"}
        return self._session()

    def _session(self) -> Json:
        made = str(uuid.uuid4())
        self.state.sessions[made] = True
        return {"id": made}

    def get_user_current(self) -> Json:
        return {"id": 1, "email": EMAIL, "is_superuser": self.is_superuser}

    # -- databases ----------------------------------------------------------------------------------------------------

    def get_database(self, number: int | None = None) -> Json:
        state = self.state
        if number is None:
            few = ("id", "name", "engine")
            found = [{key: each[key] for key in few} for each in state.databases.values()]
            return {"data": found, "total": len(found)}
        found_one = self._thing("databases", number)
        if found_one["initial_sync_status"] == "started":
            found_one["initial_sync_status"] = "aborted" if state.aborts_sync else "complete"
            return {**self._masked(found_one), "initial_sync_status": "incomplete"}
        return self._masked(found_one)

    get_database_id = get_database

    def _masked(self, database: Json) -> Json:
        shown = copy.deepcopy(database)
        if shown["details"].get("secret_key"):
            shown["details"]["secret_key"] = MASK
        return shown

    def post_database(self) -> Json:
        state = self.state
        if state.unreachable:
            raise AnswerError(400, {"errors": {"region": "check this"}, "message": "Unable to reach Athena"})
        number = state.next_id()
        made = {"auto_run_queries": True, **self.body, "id": number, "initial_sync_status": "incomplete"}
        made["schedules"] = _schedules(self.body.get("schedules"))
        made["features"] = ["native-parameters"]
        state.databases[number] = made
        state.data_graph.setdefault(str(EVERYBODY), {})[str(number)] = dict(ALL)
        return self._masked(made)

    def put_database_id(self, number: int) -> Json:
        """Tries the connection where its details are others."""
        found = self._thing("databases", number)
        if self.state.unreachable and (self.body.get("details") or {}).items() - found["details"].items():
            raise AnswerError(400, {"errors": {"region": "check this"}, "message": "Unable to reach Athena"})
        found["details"] |= {k: v for k, v in (self.body.get("details") or {}).items() if v != MASK}
        found |= {key: value for key, value in self.body.items() if key not in ("details", "schedules")}
        found["is_on_demand"] = self.body.get("is_on_demand") or False
        if self.body.get("schedules"):
            found["schedules"] = _schedules(self.body["schedules"])
        return self._masked(found)

    def delete_database_id(self, number: int) -> None:
        """With whatever asks it, also in the trash."""
        self._thing("databases", number)
        del self.state.databases[number]
        asking = [card for card, each in self.state.cards.items() if each["dataset_query"]["database"] == number]
        for card in asking:
            del self.state.cards[card]

    def get_database_id_usage_info(self, number: int) -> Json:
        self._thing("databases", number)
        asking = [each for each in self.state.cards.values() if each["dataset_query"]["database"] == number]
        models = sum(each["model"] == "segment" for each in self.state.others.values())
        return {"question": len(asking), "dataset": 0, "metric": 0, "segment": models}

    def post_database_id_sync_schema(self, number: int) -> Json:
        self._thing("databases", number)["initial_sync_status"] = "started"
        return {"status": "ok"}

    # -- groups and rights --------------------------------------------------------------------------------------------

    def get_permissions_group(self) -> list[Json]:
        members = self.state.members
        return [{**each, "member_count": len(members.get(each["id"], ()))} for each in self.state.groups.values()]

    def get_permissions_group_id(self, number: int) -> Json:
        return {**self._thing("groups", number), "members": self.state.members.get(number, [])}

    def post_permissions_group(self) -> Json:
        """May what everybody may, of every database; of collections nothing. A name is there once, in any letters."""
        state, name = self.state, self.body["name"]
        if any(each["name"].lower() == name.lower() for each in state.groups.values()):
            raise AnswerError(400, "A group with that name already exists.")
        number = state.next_id()
        state.groups[number] = {"id": number, "name": name, "magic_group_type": None}
        state.data_graph[str(number)] = copy.deepcopy(state.data_graph.get(str(EVERYBODY), {}))
        return state.groups[number]

    def delete_permissions_group_id(self, number: int) -> None:
        if self._thing("groups", number)["magic_group_type"]:
            raise AnswerError(400, "You cannot edit or delete the permissions group!")
        del self.state.groups[number]
        self.state.members.pop(number, None)
        for graph in (self.state.data_graph, self.state.collection_graph):
            graph.pop(str(number), None)

    def get_permissions_graph(self) -> Json:
        """What allows least is left out; administrators may all, though nothing of it is kept."""
        state = self.state
        few = {
            group: {db: {k: v for k, v in may.items() if v not in ("no", "blocked")} for db, may in databases.items()}
            for group, databases in state.data_graph.items()
        }
        few[str(ADMINISTRATORS)] = {str(number): {**ALL, "details": "yes"} for number in state.databases}
        return {"revision": state.revisions["data"], "groups": few}

    def put_permissions_graph(self) -> Json:
        """Answers the groups that were sent. To write queries without seeing all is no pair of rights."""
        self._revision("data")
        for group, databases in self.body["groups"].items():
            self._thing("groups", int(group))
            for database, may in databases.items():
                self._thing("databases", int(database))
                self.state.data_graph.setdefault(group, {}).setdefault(database, {}).update(may)
        answer = self.get_permissions_graph()
        return {**answer, "groups": {group: answer["groups"][group] for group in self.body["groups"]}}

    def get_collection_graph(self) -> Json:
        """Sparse: who may nothing is left out, and what is in the trash."""
        state = self.state
        kept = {str(number) for number, each in state.collections.items() if not each["archived"]}
        few = {
            group: {number: may for number, may in rights.items() if may != "none" and number in kept}
            for group, rights in state.collection_graph.items()
        }
        few[str(ADMINISTRATORS)] = {"root": "write", **dict.fromkeys(kept, "write")}
        return {"revision": state.revisions["collection"], "groups": few}

    def put_collection_graph(self) -> Json:
        self._revision("collection")
        for group, collections in self.body["groups"].items():
            self._thing("groups", int(group))
            self.state.collection_graph.setdefault(group, {}).update(collections)
        return self.get_collection_graph()

    def _revision(self, which: str) -> None:
        if self.body["revision"] != self.state.revisions[which]:
            raise AnswerError(409, "Looks like someone else edited the permissions and your data is out of date.")
        self.state.revisions[which] += 1

    # -- collections --------------------------------------------------------------------------------------------------

    def get_collection(self) -> list[Json]:
        root = {"id": "root", "name": "Our analytics"}
        return [root, *(each for each in self.state.collections.values() if not each["archived"])]

    def post_collection(self) -> Json:
        number = self.state.next_id()
        self.state.collections[number] = {"archived": False, "location": "/", **self.body, "id": number}
        self.state.collection_graph.setdefault(str(EVERYBODY), {})[str(number)] = "write"
        return self.state.collections[number]

    def put_collection_id(self, number: int) -> Json:
        found = self._thing("collections", number)
        found |= {"archived": False, **self.body}
        if "parent_id" in self.body:
            found["location"] = f"/{self.body['parent_id']}/" if self.body["parent_id"] else "/"
        return found

    def get_collection_id_items(self, number: int) -> Json:
        self._thing("collections", number)
        wanted = self.query.get("models")  # without it all kinds
        things = [("card", each) for each in self.state.cards.values()]
        things += [("dashboard", each) for each in self.state.dashboards.values()]
        things += [(each["model"], each) for each in self.state.others.values()]
        with_inner = self.query.get("show_dashboard_questions") == ["true"]
        found = [
            {"id": each["id"], "name": each["name"], "model": kind, "description": each.get("description")}
            for kind, each in things
            if (wanted is None or kind in wanted) and each["collection_id"] == number and not each["archived"]
            and (with_inner or not each.get("dashboard_id"))
        ]  # fmt: skip
        offset = int(self.query.get("offset", ["0"])[0])
        page = found[offset : offset + _PAGE]
        total = len(found) if self.state.counts_pages else None
        return {"data": page, "total": total, "limit": _PAGE, "offset": offset}

    # -- questions ----------------------------------------------------------------------------------------------------

    def get_card(self) -> list[Json]:
        """All that are not in the trash, or those of a database; or all that are in it."""
        which, database = self.query["f"][0], self.query.get("model_id", [None])[0]
        return [
            {**self._card(number), "database_id": each["dataset_query"]["database"]}
            for number, each in self.state.cards.items()
            if each["archived"] == (which == "archived")
            and (which != "database" or str(each["dataset_query"]["database"]) == database)
        ]

    def post_card(self) -> Json:
        if self.body.get("collection_id") not in self.state.collections:
            raise AnswerError(404, "Not found.")
        number = self.state.next_id()
        self.state.cards[number] = {
            "type": "question", "archived": False, "entity_id": "x" * 21, "dashboard_id": None, **self.body,
            "id": number,
        }  # fmt: skip
        self._judge_query(self.body)
        return self._card(number)

    def put_card_id(self, number: int) -> Json:
        """One that is kept in a dashboard is in that dashboard's collection, and is moved by leaving the dashboard."""
        found, body = self._thing("cards", number), dict(self.body)
        self._judge_query(body)
        kept_in = body.get("dashboard_id", found.get("dashboard_id"))
        if kept_in and body.get("collection_id", found["collection_id"]) != found["collection_id"]:
            raise AnswerError(400, "Invalid Dashboard Question: Cannot manually set `collection_id`")
        if body.get("archived"):
            body.pop("collection_id", None)
        if found.get("dashboard_id") and not kept_in and "collection_id" not in body:
            body["collection_id"] = None  # at the top of all: nothing says where else
        found |= body
        return self._card(number)

    def _judge_query(self, body: Json) -> None:
        if query := body.get("dataset_query"):
            self._thing("databases", query["database"])
            tags = query["native"].get("template-tags", {})
            used = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", query["native"]["query"]))
            if set(tags) != used or any(key != tag["name"] for key, tag in tags.items()):
                raise AnswerError(400, {"errors": {"dataset_query": "template tags are not those of the SQL"}})

    def get_card_id(self, number: int) -> Json:
        return self._card(number, legacy=self.query.get("legacy-mbql") == ["true"])

    def _card(self, number: int, *, legacy: bool = False) -> Json:
        """As it is stored, MBQL 5, unless the old form is asked for and known; its tags as a map or a list in turn."""
        shown = copy.deepcopy(self._thing("cards", number))
        query = shown["dataset_query"]
        tags: Any = query["native"].get("template-tags", {})
        if len(self.state.requests) % 2:
            tags = list(tags.values())
        shown["visualization_settings"] = {"table.pivot": None, **shown["visualization_settings"]}
        if legacy and self.state.knows_legacy:
            query["native"]["template-tags"] = tags
            return shown
        stage = {"lib/type": "mbql.stage/native", "native": query["native"]["query"], "template-tags": tags}
        shown["dataset_query"] = {"lib/type": "mbql/query", "database": query["database"], "stages": [stage]}
        return shown

    def post_card_card_id_query(self, number: int) -> Json:
        sql = self._thing("cards", number)["dataset_query"]["native"]["query"]
        if "nosuch" in sql:
            return {"status": "failed", "error": "TABLE_NOT_FOUND: line 1:15: Table nosuch does not exist", "data": {}}
        return {"status": "completed", "row_count": 1, "data": {"rows": [[1]], "cols": [{"name": "a"}]}}

    # -- dashboards ---------------------------------------------------------------------------------------------------

    def post_dashboard(self) -> Json:
        number = self.state.next_id()
        self.state.dashboards[number] = {
            **{"archived": False, "width": "fixed", "parameters": [], "tabs": [], "dashcards": []},
            **{"auto_apply_filters": True, **self.body, "id": number},
        }  # fmt: skip
        return self.state.dashboards[number]

    def get_dashboard_id(self, number: int) -> Json:
        """With more than was sent, and its cards in any order."""
        shown = copy.deepcopy(self._thing("dashboards", number))
        self.state.dice.shuffle(shown["dashcards"])
        for card in shown["dashcards"]:
            card |= {"dashboard_id": number, "created_at": "2026-11-29T00:00:00Z", "inline_parameters": []}
            card["card"] = self._card(card["card_id"]) if card["card_id"] else {"name": None}
        return shown

    def put_dashboard_id(self, number: int) -> Json:
        found = self._thing("dashboards", number)
        if found["archived"] and self.body.get("archived") is not False:
            raise AnswerError(404, "The object has been archived.")
        tabs = self._numbered(self.body["tabs"], found["tabs"]) if "tabs" in self.body else {}
        if "tabs" in self.body:
            found["tabs"] = [
                {"id": tabs[tab["id"]], "name": tab["name"], "position": place}
                for place, tab in enumerate(self.body["tabs"])
            ]
        if "dashcards" in self.body:
            found["dashcards"] = self._dashcards(found, tabs)
        found |= {key: value for key, value in self.body.items() if key not in ("tabs", "dashcards")}
        found["parameters"] = [
            {key: value for key, value in each.items() if key not in self.state.drops} for each in found["parameters"]
        ]
        for card in self.state.cards.values():
            if card.get("dashboard_id") == number and "archived" in self.body:
                card["archived"] = self.body["archived"]
        return self.get_dashboard_id(number)

    def _dashcards(self, found: Json, tabs: Mapping[int, int]) -> list[Json]:
        numbers = self._numbered(self.body["dashcards"], found["dashcards"])
        self._judge_shown(found)
        made = []
        for card in self.body["dashcards"]:
            tab = card.get("dashboard_tab_id")
            if found["tabs"] and tab not in tabs:
                raise AnswerError(400, "This dashboard has tab, makes sure every card has a tab")
            if card.get("card_id") is not None:
                self._thing("cards", card["card_id"])
            told = {
                "card_id": None,
                **card,
                "id": numbers[card["id"]],
                "dashboard_tab_id": tabs.get(tab) if tab else None,
            }
            made.append(told)
        return made

    def _judge_shown(self, found: Json) -> None:
        """Questions kept in a dashboard are in the trash unless it shows them, and no other dashboard may begin to."""
        shown = {card["card_id"] for card in self.body["dashcards"] if card.get("card_id")}
        before = {card["card_id"] for card in found["dashcards"]}
        for number, card in self.state.cards.items():
            if card.get("dashboard_id") == found["id"]:
                card["archived"] = number not in shown
            elif number in shown - before and card.get("dashboard_id"):
                raise AnswerError(400, "Invalid Request.")
            elif number in shown - before and card["archived"]:
                raise AnswerError(404, "The object has been archived.")

    def _numbered(self, sent: list[Json], there: list[Json]) -> dict[int, int]:
        """What is there keeps its number; all else gets one."""
        known = {each["id"] for each in there}
        if len({each["id"] for each in sent}) < len(sent):
            raise AnswerError(400, {"errors": {"dashcards": "ids are there twice"}})
        return {each["id"]: each["id"] if each["id"] in known else self.state.next_id() for each in sent}


def _schedules(said: Json | None) -> Json:
    whole = {"schedule_day": None, "schedule_frame": None, "schedule_minute": 0}
    return {
        "metadata_sync": {**whole, **((said or {}).get("metadata_sync") or {"schedule_type": "hourly"})},
        "cache_field_values": None,
    }
