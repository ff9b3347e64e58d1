"""Forms as Metabase's requests want them: with numbers in the places of names."""

from collections.abc import Mapping
from typing import Any

from metabase.server.forms import Form

Body = dict[str, Any]


def of_card(form: Mapping[str, Any], *, database_id: int) -> Body:
    """Of a question. The query in its old form, which every version takes, and stores as its own. Its parameters are
    those of the query's tags: none are kept beside it, as Metabase's page does, that would outlive a tag."""
    return {
        "name": form["name"],
        "description": form["description"],
        "display": form["display"],
        "type": form["type"],
        "dataset_query": {
            "database": database_id,
            "type": "native",
            "native": {"query": form["sql"], "template-tags": form["tags"]},
        },
        "visualization_settings": form["visualization_settings"],
        "parameters": [],
    }


def of_dashboard(form: Mapping[str, Any], *, card_ids: Mapping[str, int], live: Mapping[str, Any]) -> Body:
    """Of a dashboard: all its cards and tabs, since those that are not sent are deleted.

    Tabs and cards that are there keep their numbers, which subscriptions and links hold on to; new ones get negative
    ones.
    """
    tabs = _tabs(form["tabs"], live)
    numbers = {tab["name"]: tab["id"] for tab in tabs}
    left = list(live.get("dashcards") or [])
    cards: list[Body] = []
    for number, card in enumerate(form["cards"].values(), start=1):
        card_id = card_ids[card["question"]] if card["question"] else None
        there = _taken(left, card_id, card, numbers.get(card["tab"]))
        cards.append(_card(card, card_id, there or -number, numbers.get(card["tab"])))
    return {
        "name": form["name"],
        "description": form["description"],
        "width": form["width"],
        "parameters": form["parameters"],
        "tabs": tabs,
        "dashcards": cards,
    }


def _tabs(titles: list[str], live: Mapping[str, Any]) -> list[Body]:
    there = {tab["name"]: tab["id"] for tab in live.get("tabs") or []}
    return [{"id": there.get(title, -number), "name": title} for number, title in enumerate(titles, start=1)]


def _taken(left: list[Body], card_id: int | None, card: Form, tab: int | None) -> int | None:
    """The number of a card that is there and holds the same; each is taken once."""
    text = card["visualization_settings"].get("text")
    for each in left:
        same = each.get("card_id") == card_id and each.get("dashboard_tab_id") == tab
        if same and (card_id is not None or (each.get("visualization_settings") or {}).get("text") == text):
            left.remove(each)
            return int(each["id"])
    return None


def _card(card: Form, card_id: int | None, number: int, tab: int | None) -> Body:
    drawn = dict(card["visualization_settings"])
    if card_id is None:  # as Metabase's own page writes words
        empty: Body = {"name": None, "dataset_query": {}, "visualization_settings": {}, "archived": False}
        drawn["virtual_card"] = {**drawn["virtual_card"], **empty}
    made: Body = {
        "id": number,
        "card_id": card_id,
        **{key: card[key] for key in ("row", "col", "size_x", "size_y")},
        "visualization_settings": drawn,
        "parameter_mappings": [
            {"parameter_id": parameter, "card_id": card_id, "target": target}
            for parameter, target in card["mappings"].items()
        ],
        "series": [],
        "inline_parameters": [],
    }
    if tab is not None:
        made["dashboard_tab_id"] = tab
    return made
