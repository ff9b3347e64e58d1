"""Dashboards of a fake Metabase, as dashboards_rest/ and dashboards/models/ of the real one have them."""

import copy
from collections.abc import Mapping

from tests.metabase.fake_cards import Cards
from tests.metabase.fake_request import AnswerError
from tests.metabase.fake_state import Json


class Dashboards(Cards):
    """What is asked of them."""

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
            card |= {"dashboard_id": number, "created_at": "2026-11-29T00:00:00Z"}
            card["card"] = self._card(card["card_id"]) if card["card_id"] else {"name": None}
        return shown

    def put_dashboard_id(self, number: int) -> Json:
        """Cards of one in the trash cannot be changed, also where the same request takes it out of there."""
        found = self._thing("dashboards", number)
        if found["archived"] and "dashcards" in self.body:
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
        before = {card["id"]: card.get("inline_parameters", []) for card in found["dashcards"]}
        made = []
        for card in self.body["dashcards"]:
            tab = card.get("dashboard_tab_id")
            if found["tabs"] and tab not in tabs:
                raise AnswerError(400, "This dashboard has tab, makes sure every card has a tab")
            if card.get("card_id") is not None:
                self._thing("cards", card["card_id"])
            told = {
                "card_id": None,
                "inline_parameters": before.get(card["id"], []),
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
