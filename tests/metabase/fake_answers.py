"""How a fake Metabase answers: as strict as the contract, and with the habits of the real one.

Looked up in Metabase's sources of the 0.58 to 0.65 lines (src/metabase/): signing in, its throttling and its second
factor in session/api.clj, databases and what uses them in warehouses_rest/api.clj, pages in collections_rest/api.clj.
"""

import copy
import json
import re
import uuid
from pathlib import Path
from typing import Any, Final

from tests.metabase.fake_dashboards import Dashboards
from tests.metabase.fake_request import AnswerError
from tests.metabase.fake_rights import ALL, Rights
from tests.metabase.fake_state import EMAIL, EVERYBODY, KEY, Json
from tests.metabase.schema import faults

CONTRACT: Final = json.loads((Path(__file__).parent / "api.json").read_text(encoding="utf-8"))
MASK: Final = "**MetabasePass**"
_WRONG: Final = 10
_PAGE: Final = 3
"""It gives no more at once, whatever is asked for."""


class Request(Rights, Dashboards):
    """One request, answered from the state."""

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
        asking = [
            each
            for each in self.state.cards.values()
            if each["dataset_query"]["database"] == number and (self.state.counts_trash or not each["archived"])
        ]
        models = sum(each["model"] == "segment" for each in self.state.others.values())
        return {"question": len(asking), "dataset": 0, "metric": 0, "segment": models}

    def post_database_id_sync_schema(self, number: int) -> Json:
        self._thing("databases", number)["initial_sync_status"] = "started"
        return {"status": "ok"}

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


def _schedules(said: Json | None) -> Json:
    whole = {"schedule_day": None, "schedule_frame": None, "schedule_minute": 0}
    return {
        "metadata_sync": {**whole, **((said or {}).get("metadata_sync") or {"schedule_type": "hourly"})},
        "cache_field_values": None,
    }
