"""Questions and dashboards in one form, whether a file wants them or Metabase has them: what differs, differs.

A form is plain JSON. It speaks of questions and tabs by name, so that it is the same before and after Metabase has
given them numbers, and holds no order that means nothing. Metabase gives the same thing in several ways: a query as it
was written or as MBQL 5, its tags as a map or a list, dashboards' cards in any order, what was never set as null or not
at all.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from metabase.dashboard import Dashboard, Filter, QuestionCard, TextCard
from metabase.param import Param
from metabase.question import Question
from metabase.server import drawing
from metabase.server.databases import prefixed
from metabase.server.names import described, stable_id

Form = dict[str, Any]
_TAG_KEYS: Final = ("id", "name", "display-name", "type", "default", "required", "dimension", "widget-type")
_PARAMETER_KEYS: Final = (
    "id", "name", "slug", "type", "sectionId", "default", "isMultiSelect", "values_query_type", "values_source_type",
    "values_source_config",
)  # fmt: skip
_TYPES: Final = {"text": ("string/=", "string"), "number": ("number/=", "number"), "date": ("date/single", "date")}
"""Of a filter → Metabase's type and section. A raw tag takes no other operator than "="."""
KEPT_IN: Final = "kept in"
"""Of a question that somebody put into a dashboard. Ours lie beside theirs, since one may be in several."""


# -- what the files want ----------------------------------------------------------------------------------------------


def of_question(question: Question, *, major: int, prefix: str) -> Form:
    """``major``: Metabase's version; ``prefix``: before the names of the databases."""
    sql = drawing.boxes(question) if drawing.draws_boxes(question, major) else question.sql
    return {
        "name": question.title,
        "description": described("question", question.name, question.answers),
        "display": drawing.display(question, major),
        "type": "question",
        "database": True,
        "sql": prefixed(sql, prefix),
        "tags": {param.name: _tag(question.name, param) for param in question.params},
        "visualization_settings": without_nothing(drawing.settings(question, major)),
    }


def _tag(question: str, param: Param) -> Form:
    made: Form = {
        "id": stable_id(question, param.name),
        "name": param.name,
        "display-name": param.name.replace("_", " ").capitalize(),
        "type": param.type,
    }
    if param.default is not None:
        made["default"] = param.default
    if param.required:
        made["required"] = True
    return made


def of_dashboard(dashboard: Dashboard, questions: Mapping[str, Question]) -> Form:
    return {
        "name": dashboard.title,
        "description": described("dashboard", dashboard.name, dashboard.description),
        "width": dashboard.width,
        "parameters": [_parameter(dashboard.name, each) for each in dashboard.filters],
        "tabs": [tab.title for tab in dashboard.tabs if tab.title],
        "cards": _labelled(
            (tab.title, _card(dashboard, card, questions)) for tab in dashboard.tabs for card in tab.cards
        ),
    }


def _parameter(dashboard: str, each: Filter) -> Form:
    kind, section = _TYPES[each.type]
    made: Form = {
        "id": parameter_id(dashboard, each.name),
        "name": each.title,
        "slug": each.name,
        "type": kind,
        "sectionId": section,
    }
    if each.type != "date":
        made["isMultiSelect"] = False
        made["values_query_type"] = "list" if each.values else "none"
    if each.values:
        made |= {"values_source_type": "static-list", "values_source_config": {"values": list(each.values)}}
    if each.default is not None:
        made["default"] = each.default if each.type == "date" else [_value(each.type, each.default)]
    return made


def _value(kind: str, text: str) -> Any:
    if kind != "number":
        return text
    return float(text) if "." in text else int(text)


def parameter_id(dashboard: str, name: str) -> str:
    return stable_id(dashboard, name).replace("-", "")[:8]


def _card(dashboard: Dashboard, card: QuestionCard | TextCard, questions: Mapping[str, Question]) -> Form:
    place = card.place
    made: Form = {"col": place.x, "row": place.y, "size_x": place.w, "size_y": place.h}
    if isinstance(card, TextCard):
        kind = "heading" if card.is_heading else "text"
        drawn: Form = {"virtual_card": {"display": kind}, "text": card.text}
        return {**made, "question": None, "visualization_settings": drawn, "mappings": {}}
    mapped = {
        parameter_id(dashboard.name, found.name): ["variable", ["template-tag", param.name]]
        for param in questions[card.question].params
        if (found := dashboard.filter_of(card, param.name))
    }
    title = {"card.title": card.title} if card.title else {}
    drawn = {**title, **drawing.columns_shown(card.columns)}
    return {**made, "question": card.question, "visualization_settings": drawn, "mappings": mapped}


# -- what Metabase has ------------------------------------------------------------------------------------------------


def of_live_card(card: Mapping[str, Any], database_id: int | None) -> Form:
    sql, tags = native(card["dataset_query"])
    inside = {KEPT_IN: "a dashboard"} if card.get("dashboard_id") else {}
    return {
        **inside,
        "name": card["name"],
        "description": card.get("description") or "",
        "display": card["display"],
        "type": card.get("type") or "question",
        "database": card["dataset_query"].get("database") == database_id,
        "sql": sql,
        "tags": {name: _live_tag(tag) for name, tag in tags.items()},
        "visualization_settings": without_nothing(card.get("visualization_settings") or {}),
    }


def native(query: Mapping[str, Any]) -> tuple[str | None, dict[str, Mapping[str, Any]]]:
    """The SQL and its tags by name; no SQL where the question was built by clicks."""
    stages = query.get("stages")
    if stages:
        first = stages[0]
        sql, tags = first.get("native"), first.get("template-tags")
        if len(stages) > 1 or not isinstance(sql, str):
            return None, {}
    else:
        first = query.get("native") or {}
        sql, tags = first.get("query"), first.get("template-tags")
    found = tags.values() if isinstance(tags, dict) else tags or []
    return sql, {tag["name"]: tag for tag in found}


def _live_tag(tag: Mapping[str, Any]) -> Form:
    made = {key: tag[key] for key in _TAG_KEYS if tag.get(key) not in (None, False)}
    if isinstance(made.get("default"), list):
        made["default"] = made["default"][0] if len(made["default"]) == 1 else made["default"]
    if isinstance(made.get("default"), int | float):
        made["default"] = str(made["default"])
    return made


def of_live_dashboard(dashboard: Mapping[str, Any], names: Mapping[int, str]) -> Form:
    """``names``: of our questions, by their numbers."""
    tabs = sorted(dashboard.get("tabs") or [], key=lambda tab: tab.get("position") or 0)
    titles = {tab["id"]: tab["name"] for tab in tabs}
    ordered = [(titles.get(card.get("dashboard_tab_id"), ""), card) for card in dashboard.get("dashcards") or []]
    return {
        "name": dashboard["name"],
        "description": dashboard.get("description") or "",
        "width": dashboard.get("width") or "fixed",
        "parameters": [
            {key: each[key] for key in _PARAMETER_KEYS if each.get(key) is not None}
            for each in dashboard.get("parameters") or []
        ],
        "tabs": list(titles.values()),
        "cards": _labelled((tab, _live_dashcard(card, names)) for tab, card in ordered),
    }


def _live_dashcard(card: Mapping[str, Any], names: Mapping[int, str]) -> Form:
    number = card.get("card_id")
    drawn = without_nothing(card.get("visualization_settings") or {})
    if number is None and isinstance(drawn.get("virtual_card"), dict):
        drawn["virtual_card"] = {"display": drawn["virtual_card"].get("display")}
    made = {key: card[key] for key in ("col", "row", "size_x", "size_y")}
    made["question"] = None if number is None else names.get(number, _stranger(card, number))
    made["visualization_settings"] = drawn
    made["mappings"] = {
        each["parameter_id"]: each["target"]
        for each in card.get("parameter_mappings") or []
        if number is None or each.get("card_id") == number  # Metabase passes over one without
    }
    if card.get("inline_parameters"):
        made["inline_parameters"] = card["inline_parameters"]
    if card.get("series"):
        made["series"] = [each.get("id") for each in card["series"]]
    return made


def _stranger(card: Mapping[str, Any], number: int) -> str:
    return f"card {number}, {(card.get('card') or {}).get('name', 'no name')}"


# -- both -------------------------------------------------------------------------------------------------------------


def _labelled(cards: Iterable[tuple[str, Form]]) -> Form:
    """Cards by a label that stays where one is moved: its tab, and its question or its first words."""
    made: Form = {}
    for tab, card in sorted(cards, key=lambda each: (each[0], each[1]["row"], each[1]["col"])):
        words = str(card["visualization_settings"].get("text") or "empty").split()
        what = card["question"] or " ".join(words)[:30]
        label = " / ".join(part for part in (tab, what) if part)
        number = next(n for n in range(1, 1_000) if (label if n == 1 else f"{label} #{n}") not in made)
        made[label if number == 1 else f"{label} #{number}"] = {**card, "tab": tab}
    return made


def without_nothing(said: Any) -> Any:
    """Without keys that say nothing, as empty ones do, and with JSON that is a key in one spelling."""
    if isinstance(said, dict):
        made = {_spelled(key): without_nothing(value) for key, value in said.items()}
        return {key: value for key, value in made.items() if value not in (None, {}, [])}
    return [without_nothing(each) for each in said] if isinstance(said, list) else said


def _spelled(key: str) -> str:
    if not key.startswith("["):
        return key
    try:
        return json.dumps(json.loads(key), separators=(",", ":"))
    except ValueError:
        return key
