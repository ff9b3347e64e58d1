"""Questions that Metabase keeps inside a dashboard instead of beside it."""

import json

from tests.metabase.fake_state import Json
from tests.metabase.samples import SUMMARY, write
from tests.metabase.server.conftest import Desk

CARD = {"size_x": 4, "size_y": 3, "row": 40, "col": 0, "parameter_mappings": [], "visualization_settings": {}}


def kept_inside(desk: Desk, board: Json) -> Json:
    """A question that somebody made inside a dashboard."""
    (database,), (collection,) = desk.state.databases, desk.state.collections
    query = {"database": database, "type": "native", "native": {"query": "SELECT 1 AS a", "template-tags": {}}}
    card = {
        "id": 700, "name": "My aside", "display": "table", "dataset_query": query, "archived": False,
        "visualization_settings": {}, "collection_id": collection, "description": None, "dashboard_id": board["id"],
    }  # fmt: skip
    desk.state.cards[700] = card
    tab = board["tabs"][0]["id"] if board["tabs"] else None
    board["dashcards"].append({**CARD, "id": 701, "card_id": 700, "dashboard_tab_id": tab})
    return card


def ours(desk: Desk) -> Json:
    return next(each for each in desk.state.dashboards.values() if each["name"] == "Markets")


def theirs(desk: Desk) -> Json:
    (collection,) = desk.state.collections
    board: Json = {
        "id": 690, "name": "Theirs", "description": None, "collection_id": collection, "archived": False,
        "width": "fixed", "tabs": [], "parameters": [], "dashcards": [],
    }  # fmt: skip
    desk.state.dashboards[690] = board
    return board


def test_ours_that_was_put_into_a_dashboard_comes_out_of_it(desk: Desk) -> None:
    assert desk.apply()
    before = desk.state.things()
    card = next(each for each in desk.state.cards.values() if each["name"] == "Volume by side")
    card["dashboard_id"] = ours(desk)["id"]
    assert desk.plan()
    assert desk.said[1:] == ["  change   question Volume by side", '             kept in: "a dashboard" → nothing']
    assert desk.apply()
    assert desk.state.things() == before
    assert not desk.plan()


def test_one_of_somebody_in_our_dashboard_is_told_to_go_with_its_card_and_is_in_the_backup(desk: Desk) -> None:
    assert desk.apply()
    card = kept_inside(desk, ours(desk))
    assert desk.plan()
    assert '             question My aside, kept in it: "here" → "in the trash"' in desk.said
    assert not any("leave" in line for line in desk.said)
    assert desk.apply()
    assert card["archived"]
    assert "My aside" in [each["name"] for each in json.loads(desk.backups[0].read_text())["questions"]]
    assert not desk.plan()


def test_one_of_somebody_in_our_dashboard_goes_with_that(desk: Desk) -> None:
    assert desk.apply()
    card = kept_inside(desk, ours(desk))
    assert desk.destroy()
    assert '             question My aside, kept in it: "here" → "in the trash"' in desk.said
    assert card["archived"]
    assert all(each["archived"] for each in desk.state.collections.values())
    assert "My aside" in desk.backups[0].read_text()


def test_one_of_somebody_in_their_own_dashboard_is_left_there(desk: Desk) -> None:
    assert desk.apply()
    card, board = kept_inside(desk, theirs(desk)), dict(theirs(desk))
    write(desk.folder, summary=SUMMARY.replace("Markets now", "Markets"))
    assert desk.apply()
    assert desk.destroy()
    assert not card["archived"]
    assert desk.state.dashboards[690] == board
    assert "  leave    question My aside (not ours)" in desk.said


def test_one_that_becomes_a_file_is_told_to_come_out_of_its_dashboard(desk: Desk) -> None:
    assert desk.apply()
    card = kept_inside(desk, theirs(desk))
    desk.export(desk.files)
    assert "         which cannot say that it is kept in a dashboard: apply will take that away" in desk.said
    assert desk.apply()
    assert card["dashboard_id"] is None
    assert not desk.plan()
