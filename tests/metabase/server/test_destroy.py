"""What is ours goes, and no more; what cannot be had back is asked for, and kept aside."""

import json

import pytest

from metabase.server.errors import MovedError
from tests.metabase.fake_state import Json
from tests.metabase.server.conftest import Desk


def asking(desk: Desk, number: int = 800, **other: object) -> Json:
    """Somebody's question elsewhere, that asks our database."""
    (database,) = desk.state.databases
    query = {"database": database, "type": "native", "native": {"query": "SELECT 1", "template-tags": {}}}
    card = {
        "id": number, "name": f"Theirs {number}", "display": "table", "dataset_query": query, "archived": False,
        "visualization_settings": {}, "collection_id": 4, "description": None, **other,
    }  # fmt: skip
    desk.state.cards[number] = card
    return card


def viewers(desk: Desk) -> int:
    return next(number for number, each in desk.state.groups.items() if each["name"] == "Tapehouse viewers")


def test_who_was_a_viewer_is_told_and_in_the_backup(desk: Desk) -> None:
    assert desk.apply()
    people = ("zoe@example.com", "ann@example.com")
    desk.state.members[viewers(desk)] = [
        {"user_id": number, "email": each, "membership_id": 5} for number, each in enumerate(people)
    ]
    assert not desk.plan()
    assert desk.destroy()
    assert '             members: ["ann@example.com", "zoe@example.com"] → nothing' in desk.said
    (backup,) = desk.backups
    kept = json.loads(backup.read_text())["viewers"]
    assert (kept["name"], {each["email"] for each in kept["members"]}) == ("Tapehouse viewers", set(people))


def test_a_group_alone_is_kept_aside_too(desk: Desk) -> None:
    desk.state.groups[60] = {"id": 60, "name": "Tapehouse viewers", "magic_group_type": None}
    desk.state.members[60] = [{"user_id": 1, "email": "ann@example.com", "membership_id": 5}]
    assert desk.destroy()
    assert 60 not in desk.state.groups
    assert "ann@example.com" in desk.backups[0].read_text()


def test_the_database_goes_only_where_that_is_said(desk: Desk) -> None:
    assert desk.apply()
    assert desk.destroy()
    hint = "nothing but ours asks it: --with-database removes it, and what is in the trash with it"
    assert f"  leave    database Tapehouse ({hint})" in desk.said
    assert len(desk.state.databases) == 1
    assert desk.destroy(with_database=True)  # ours are in the trash by now
    assert desk.state.databases == desk.state.cards == {}
    assert desk.destroy(with_database=True)
    assert desk.said[0].endswith("nothing to change.")
    assert desk.apply()
    assert not desk.plan()
    assert desk.destroy(with_database=True)
    assert desk.said[-1] == "remove   database Tapehouse"
    assert desk.state.databases == desk.state.cards == {}


@pytest.mark.parametrize("archived", [False, True])
def test_a_database_that_somebody_else_asks_stays(desk: Desk, archived: bool) -> None:
    assert desk.apply()
    marked = next(iter(desk.state.cards.values()))["description"]
    theirs = [asking(desk, 800, archived=archived), *(asking(desk, n, description=marked) for n in range(801, 804))]
    assert desk.destroy(with_database=True)
    why = "asked by Theirs 800, Theirs 801, Theirs 802 and 1 more: remove it in Metabase"
    assert f"  leave    database Tapehouse ({why})" in desk.said
    assert len(desk.state.databases) == 1
    assert [desk.state.cards[each["id"]] for each in theirs] == theirs


@pytest.mark.parametrize("counts_trash", [True, False])
def test_a_database_that_is_used_for_what_is_no_question_stays(desk: Desk, counts_trash: bool) -> None:
    assert desk.apply()
    desk.state.counts_trash = counts_trash
    next(iter(desk.state.cards.values()))["archived"] = True
    desk.state.others[600] = {"id": 600, "name": "S", "model": "segment", "collection_id": 4, "archived": False}
    assert desk.destroy(with_database=True)
    why = "1 thing(s) that are no question ask it: remove it in Metabase"
    assert f"  leave    database Tapehouse ({why})" in desk.said
    assert len(desk.state.databases) == 1


def test_a_copy_in_the_trash_is_named_before_it_goes_with_the_database(desk: Desk) -> None:
    assert desk.apply()
    ours = next(iter(desk.state.cards.values()))
    asking(desk, archived=True, description=ours["description"], name="Candles - Duplicate")
    asking(desk, 801, archived=True, description=ours["description"], name=ours["name"])
    desk.confirmed = False
    desk.destroy(with_database=True)
    at = desk.said.index("  remove   database Tapehouse")
    assert desk.said[at + 1 :] == ['             question Candles - Duplicate: "in the trash" → nothing']


def test_what_begins_to_ask_it_while_it_is_confirmed_is_not_lost(desk: Desk) -> None:
    assert desk.apply()

    def meanwhile() -> bool:
        asking(desk)
        (collection,) = desk.state.collections
        desk.state.others[600] = {
            "id": 600, "name": "Minutes", "model": "document", "collection_id": collection, "archived": False,
        }  # fmt: skip
        return True

    desk.confirm = meanwhile  # type: ignore[method-assign]
    assert desk.destroy(with_database=True)
    assert len(desk.state.databases) == 1
    assert not desk.state.cards[800]["archived"]
    assert not any(each["archived"] for each in desk.state.collections.values())


def test_what_changes_while_it_is_confirmed_stops_it(desk: Desk) -> None:
    assert desk.apply()

    def meanwhile() -> bool:
        next(iter(desk.state.cards.values()))["name"] = "Another"
        return True

    desk.confirm = meanwhile  # type: ignore[method-assign]
    with pytest.raises(MovedError):
        desk.destroy()
    assert not any(each["archived"] for each in desk.state.cards.values())
