"""Questions of a fake Metabase, as queries_rest/ and queries/models/ of the real one have them."""

import copy
import re
from typing import Any

from tests.metabase.fake_request import AnswerError, Asked
from tests.metabase.fake_state import Json


class Cards(Asked):
    """What is asked of them."""

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
