"""What the files want is brought about, once, whatever breaks; what others made is left alone."""

import dataclasses
import json
from pathlib import Path

import pytest

from metabase.server.errors import (
    AmbiguousError,
    DatabaseError,
    MovedError,
    QuestionsFailedError,
)
from tests.metabase.fake_rights import ALL
from tests.metabase.fake_state import EMAIL, EVERYBODY, PASSWORD
from tests.metabase.samples import CANDLES, MARKETS, SUMMARY, write
from tests.metabase.server.conftest import Desk


def test_a_new_metabase_is_set_up_and_gets_everything(desk: Desk) -> None:
    state = desk.server.reset(is_set_up=False)
    state.starting = 4
    assert desk.apply()
    assert state.users == {EMAIL: PASSWORD}
    assert state.token is None
    (database,) = state.databases.values()
    assert database["details"]["include-user-id-and-hash"] is False
    assert database["details"]["dbname"] == "dev_gold"
    assert not {"access_key", "secret_key", "catalog"} & set(database["details"])
    assert database["schedules"]["metadata_sync"]["schedule_type"] == "daily"
    assert database["initial_sync_status"] == "complete"
    assert sorted(card["name"] for card in state.cards.values()) == ["Candles", "Markets now", "Volume by side"]
    (board,) = state.dashboards.values()
    assert [tab["name"] for tab in board["tabs"]] == ["Prices", "Flow"]
    assert len(board["dashcards"]) == 5
    mapped = [each for card in board["dashcards"] for each in card["parameter_mappings"]]
    assert len(mapped) == 4
    assert all(each["card_id"] in state.cards for each in mapped)
    assert desk.said[-1] == "All 3 questions run."


def test_what_another_set_up_meanwhile_is_not_overwritten_unseen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    state = desk.server.reset(is_set_up=False)

    def another() -> bool:
        state.users, state.token = {EMAIL: PASSWORD}, None
        state.collections[7] = {"id": 7, "name": "Tapehouse", "location": "/", "archived": False}
        query = {"database": 9, "type": "native", "native": {"query": "SELECT 1"}}
        state.cards[8] = {
            "id": 8, "name": "Candles", "display": "table", "dataset_query": query, "collection_id": 7,
            "visualization_settings": {}, "archived": False, "description": None,
        }  # fmt: skip
        return True

    monkeypatch.setattr(desk, "confirm", another)
    with pytest.raises(MovedError):
        desk.apply()
    assert state.cards[8]["display"] == "table"
    assert desk.plan()


def test_viewers_see_what_is_there_and_others_nothing(desk: Desk) -> None:
    assert desk.apply()
    (viewers,) = [each["id"] for each in desk.state.groups.values() if each["name"] == "Tapehouse viewers"]
    (collection,) = desk.state.collections
    (database,) = desk.state.databases
    rights = desk.state.collection_graph
    assert (rights[str(viewers)][str(collection)], rights[str(EVERYBODY)][str(collection)]) == ("read", "none")
    data = desk.state.data_graph
    assert data[str(viewers)][str(database)] == {"view-data": "unrestricted", "create-queries": "no"}
    assert data[str(EVERYBODY)][str(database)] == {**ALL, "create-queries": "no"}


@pytest.mark.parametrize("knows_legacy", [True, False])
@pytest.mark.parametrize("version", ["v0.64.6", "v0.58.30", "v1.64.0.1", ""])
def test_applying_twice_changes_nothing(desk: Desk, version: str, knows_legacy: bool) -> None:
    desk.state.version, desk.state.knows_legacy = version, knows_legacy
    assert desk.plan()
    assert desk.state.writes == []
    assert desk.apply()
    for _ in range(2):  # its tags come as a map, then as a list
        assert not desk.plan()
        assert desk.said == [f"Metabase at {desk.server.url} ({version or 'of no known version'}): nothing to change."]
    before, done = desk.state.things(), len(desk.state.writes)
    assert desk.apply()
    assert (desk.state.things(), len(desk.state.writes), desk.asked) == (before, done, 1)
    drawn = "boxplot" if "64" in version else "combo"
    assert [each["display"] for each in desk.state.cards.values()] == [drawn, "table", "area"]
    assert desk.backups == []


def test_the_plan_shows_every_change_and_changes_nothing(desk: Desk) -> None:
    assert desk.apply()
    before = desk.state.things()
    write(desk.folder, summary=SUMMARY.replace("SELECT symbol", "SELECT  symbol").replace("Markets now", "Markets"))
    write(desk.folder, candles=CANDLES, markets=MARKETS.replace("w: 12", "w: 13"), summary=_new_summary())
    assert desk.plan()
    assert "\n".join(desk.said).partition("\n")[2] == _told()
    assert desk.state.things() == before


def _new_summary() -> str:
    return SUMMARY.replace("last_price,", "last_price AS last_price,").replace("Markets now", "Markets")


def _told() -> str:
    return """\
  change   question Markets now
             name: "Markets now" → "Markets"
             sql: "SELECT symbol, last_price, change_24h, volume_24h FROM dev_gold.market_summary [[ WHERE symbol = \
{{symbol}} ]]" → "SELECT symbol, last_price AS last_price, change_24h, volume_24h FROM dev_gold.market_summary \
[[ WHERE symbol = {{symbol}} ]]"
  change   dashboard Markets
             cards.Flow / volume.size_x: 12 → 13"""


def test_what_was_changed_by_hand_is_shown_kept_aside_and_overwritten(desk: Desk) -> None:
    assert desk.apply()
    card = next(each for each in desk.state.cards.values() if each["name"] == "Candles")
    original = dict(card)
    card |= {"name": "My candles", "visualization_settings": {"graph.show_goal": True}}
    board = next(iter(desk.state.dashboards.values()))
    board["dashcards"] = board["dashcards"][:3]
    desk.confirmed = False
    assert not desk.apply()
    assert card["name"] == "My candles"
    assert '             name: "My candles" → "Candles"' in desk.said
    assert "             visualization_settings.graph.show_goal: true → nothing" in desk.said
    desk.confirmed = True
    assert desk.apply()
    assert card == original
    (backup,) = desk.backups
    kept = json.loads(backup.read_text())
    assert "My candles" in [each["name"] for each in kept["questions"]]
    assert len(kept["dashboards"][0]["dashcards"]) == 3
    assert not desk.plan()


def test_cards_and_tabs_that_stay_keep_their_numbers(desk: Desk) -> None:
    assert desk.apply()
    board = next(iter(desk.state.dashboards.values()))
    before = {card["id"] for card in board["dashcards"]}, [tab["id"] for tab in board["tabs"]]
    write(desk.folder, markets=MARKETS.replace("x: 0, y: 9, w: 18", "x: 0, y: 19, w: 20"))
    assert desk.apply()
    assert ({card["id"] for card in board["dashcards"]}, [tab["id"] for tab in board["tabs"]]) == before
    assert not desk.plan()


def test_what_others_made_is_left_alone(desk: Desk) -> None:
    state = desk.state
    state.last_id = 100
    state.collections[7] = {"id": 7, "name": "Finance", "location": "/", "archived": False}
    state.collections[8] = {"id": 8, "name": "Tapehouse", "location": "/7/", "archived": False}
    state.databases[9] = {"id": 9, "name": "Tapehouse", "engine": "postgres", "details": {}, "initial_sync_status": "x"}
    query = {"database": 9, "type": "native", "native": {"query": "SELECT 1"}}
    theirs = {
        "name": "Candles",
        "display": "table",
        "dataset_query": query,
        "visualization_settings": {},
        "archived": False,
    }
    state.cards[10] = {**theirs, "id": 10, "collection_id": 7}
    before = state.things()
    assert desk.apply()
    mine = next(number for number, each in state.collections.items() if number > 100)
    state.cards[11] = {**theirs, "id": 11, "collection_id": mine, "name": "A copy", "description": None}
    state.cards[11]["description"] = next(
        e["description"] for e in state.cards.values() if e.get("display") == "boxplot"
    )
    state.cards[12] = {**theirs, "id": 12, "collection_id": mine, "name": "My own", "description": None}
    state.cards = {11: state.cards[11], **state.cards}  # a copy may be listed first
    assert not desk.plan()
    assert [line for line in desk.said if "leave" in line] == [
        "  leave    question A copy (in no file: `tapehouse metabase export` writes it down)",
        "  leave    question My own (in no file: `tapehouse metabase export` writes it down)",
    ]
    copies = {number: dict(state.cards[number]) for number in (11, 12)}
    write(desk.folder, summary=_new_summary())
    assert desk.apply()
    assert desk.destroy()
    after = state.things()
    for kind, things in before.items():
        for number, each in things.items():
            if kind not in ("data_graph", "collection_graph"):
                assert after[kind][number] == each
    assert {number: state.cards[number] for number in (11, 12)} == copies
    assert not state.collections[mine]["archived"]  # theirs are in it
    assert all(each["archived"] for number, each in state.cards.items() if number > 12)
    assert all(each["archived"] for each in state.dashboards.values())


@pytest.mark.parametrize("model", ["document", "pulse", "timeline", "a kind of later versions"])
def test_a_collection_in_which_somebody_else_keeps_whatever_it_is_stays(desk: Desk, model: str) -> None:
    """Everything in a collection goes into the trash with it."""
    assert desk.apply()
    (collection,) = desk.state.collections
    desk.state.others[600] = {
        "id": 600, "name": "Minutes", "model": model, "collection_id": collection, "archived": False
    }  # fmt: skip
    assert desk.destroy()
    assert f"  leave    {model} Minutes (not ours)" in desk.said
    assert not desk.state.collections[collection]["archived"]


def test_destroy_takes_away_all_of_ours_and_apply_brings_it_back(desk: Desk) -> None:
    assert desk.apply()
    desk.confirmed = False
    assert not desk.destroy()
    assert not any(each["archived"] for each in desk.state.cards.values())
    desk.confirmed = True
    assert desk.destroy()
    state = desk.state
    assert all(
        each["archived"] for kind in (state.cards, state.dashboards, state.collections) for each in kind.values()
    )
    assert [each["name"] for each in state.groups.values()] == ["All Users", "Administrators"]
    assert desk.said[1].split()[:2] == ["archive", "dashboard"]
    assert any("database Tapehouse" in line and "leave" in line for line in desk.said)
    assert len(desk.backups) == 1
    asked = desk.asked
    assert desk.destroy()
    assert desk.asked == asked
    assert desk.apply()
    assert not desk.plan()


def test_what_is_in_no_file_any_more_goes_into_the_trash(desk: Desk) -> None:
    assert desk.apply()
    only = "title: Markets\ndescription: D\ncards:\n  - {question: summary, x: 0, y: 0, w: 4, h: 3}\n"
    for name in ("candles", "volume"):
        (desk.files / f"questions/{name}.sql").unlink()
    (desk.files / "dashboards/markets.yaml").write_text(only)
    assert desk.apply()
    assert [line for line in desk.said if line.startswith("archive")] == [
        "archive  question Candles", "archive  question Volume by side",
    ]  # fmt: skip
    assert not desk.plan()
    assert sum(each["archived"] for each in desk.state.cards.values()) == 2


def test_a_question_that_does_not_run_fails_the_apply_by_name(desk: Desk) -> None:
    write(desk.folder, summary=SUMMARY.replace("gold.market_summary", "gold.nosuch"))
    for _ in range(2):
        with pytest.raises(QuestionsFailedError) as caught:
            desk.apply()
        assert str(caught.value) == (
            "1 question(s) do not run in Metabase:\n"
            "  - Markets now: TABLE_NOT_FOUND: line 1:15: Table nosuch does not exist"
        )
    write(desk.folder)
    assert desk.apply()


def test_athena_that_is_not_reached_is_told(desk: Desk) -> None:
    desk.state.unreachable = True
    with pytest.raises(DatabaseError, match=r"does not get to Athena: Unable to reach Athena; .*check this"):
        desk.apply()
    desk.state.unreachable, desk.state.aborts_sync = False, True
    with pytest.raises(DatabaseError, match="gave up looking"):
        desk.apply()
    desk.state.aborts_sync = False
    assert desk.apply()
    assert "  sync     database Tapehouse" in desk.said


def test_a_database_that_was_changed_by_hand_is_put_right(desk: Desk) -> None:
    assert desk.apply()
    (database,) = desk.state.databases.values()
    database["details"] |= {"include-user-id-and-hash": True, "secret_key": "hunter2-hunter2"}
    database["schedules"]["metadata_sync"]["schedule_type"] = "hourly"
    assert desk.plan()
    assert [line.strip() for line in desk.said[2:]] == [
        "details.include-user-id-and-hash: true → false",
        'schedules.metadata_sync.schedule_type: "hourly" → "daily"',
    ]
    assert desk.apply()
    assert database["details"]["secret_key"] == "hunter2-hunter2"
    assert "hunter2" not in desk.backups[0].read_text()
    assert not desk.plan()


def test_a_database_that_cannot_be_changed_is_told_as_one_that_cannot_be_made(desk: Desk) -> None:
    assert desk.apply()
    desk.state.unreachable = True
    desk.athena = dataclasses.replace(desk.athena, workgroup="another")
    with pytest.raises(DatabaseError, match="does not get to Athena: Unable to reach Athena"):
        desk.apply()


def test_a_collection_that_was_changed_by_hand_is_put_right_where_it_is(desk: Desk) -> None:
    assert desk.apply()
    (collection,) = desk.state.collections.values()
    before = dict(collection)
    collection["description"] = "Mine"
    assert desk.apply()
    assert collection == before
    assert not desk.plan()


def test_two_copies_that_cannot_be_told_apart_are_no_guess(desk: Desk) -> None:
    assert desk.apply()
    card = next(each for each in desk.state.cards.values() if each["name"] == "Candles")
    desk.state.cards[99] = {**card, "id": 99}
    with pytest.raises(AmbiguousError, match="several questions called 'Candles'"):
        desk.plan()


def _copied(desk: Desk, title: str) -> int:
    """Somebody's copy of a question of ours, as Metabase makes one: with its words; the number of ours."""
    number = next(number for number, each in desk.state.cards.items() if each["name"] == title)
    desk.state.cards[99] = {**desk.state.cards[number], "id": 99, "name": f"{title} - Duplicate"}
    return number


def test_a_copy_of_what_is_in_no_file_any_more_stops_nothing(desk: Desk, tmp_path: Path) -> None:
    """Which of them was ours nobody knows: its title went with its file."""
    assert desk.apply()
    number = _copied(desk, "Volume by side")
    (desk.files / "questions/volume.sql").unlink()
    only = "title: Markets\ndescription: D\ncards:\n  - {question: summary, x: 0, y: 0, w: 4, h: 3}\n"
    (desk.files / "dashboards/markets.yaml").write_text(only)
    assert desk.apply()
    assert [line for line in desk.said if line.startswith("  leave")] == [
        f"  leave    question {name} (in no file: `tapehouse metabase export` writes it down)"
        for name in ("Volume by side", "Volume by side - Duplicate")
    ]
    assert not desk.plan()
    assert desk.export(tmp_path / "out") == 0
    assert sorted(each.name for each in (tmp_path / "out/questions").iterdir()) == ["volume.sql", "volume_2.sql"]
    assert desk.destroy()
    assert not any(desk.state.cards[each]["archived"] for each in (number, 99))


def test_a_file_that_got_another_name_is_the_same_question_though_there_is_a_copy(desk: Desk) -> None:
    assert desk.apply()
    number = _copied(desk, "Volume by side")
    (desk.files / "questions/volume.sql").rename(desk.files / "questions/flow.sql")
    (desk.files / "dashboards/markets.yaml").write_text(MARKETS.replace("question: volume", "question: flow"))
    copy = dict(desk.state.cards[99])
    assert desk.apply()
    assert "questions/flow.sql" in desk.state.cards[number]["description"]
    assert desk.state.cards[99] == copy


def test_two_of_a_name_are_no_guess(desk: Desk) -> None:
    assert desk.apply()
    (number,) = desk.state.collections
    desk.state.collections[99] = {**desk.state.collections[number], "id": 99}
    with pytest.raises(AmbiguousError, match="several collections called 'Tapehouse'"):
        desk.plan()


def test_a_file_that_got_another_name_is_the_same_question(desk: Desk) -> None:
    """Links to it, and whoever is sent it, hold on to its number."""
    assert desk.apply()
    numbers = set(desk.state.cards), set(desk.state.dashboards)
    (desk.files / "questions/volume.sql").rename(desk.files / "questions/flow.sql")
    (desk.files / "dashboards/markets.yaml").unlink()
    (desk.files / "dashboards/prices.yaml").write_text(MARKETS.replace("question: volume", "question: flow"))
    assert desk.apply()
    assert [line for line in desk.said if line.startswith(("make", "archive", "change"))] == [
        "change   question Volume by side", "change   dashboard Markets",
    ]  # fmt: skip
    assert (set(desk.state.cards), set(desk.state.dashboards)) == numbers
    assert not desk.plan()


def test_a_question_that_was_moved_elsewhere_by_hand_is_made_anew_and_left_there(desk: Desk) -> None:
    assert desk.apply()
    desk.state.collections[900] = {"id": 900, "name": "Mine", "location": "/", "archived": False}
    card = next(each for each in desk.state.cards.values() if each["name"] == "Candles")
    card["collection_id"] = 900
    moved = dict(card)
    assert desk.apply()
    assert "  make     question Candles" in desk.said
    assert any("cards.Prices / candles" in line for line in desk.said)
    assert card == moved
    assert not desk.plan()


def test_a_dashboard_of_two_hundred_cards_is_one_like_any_other(desk: Desk) -> None:
    cards = "\n".join(f"  - {{text: Same, x: {x * 2}, y: {y}, w: 2, h: 1}}" for y in range(17) for x in range(12))
    few = "\n".join(cards.splitlines()[:199])
    write(
        desk.folder,
        markets=f"title: Many\ndescription: D\ncards:\n{few}\n  - {{question: candles, x: 0, y: 20, w: 9, h: 9}}",
    )
    assert desk.apply()
    (board,) = desk.state.dashboards.values()
    numbers = {each["id"] for each in board["dashcards"]}
    assert len(numbers) == 200
    board["dashcards"][7]["row"] = 99
    assert desk.apply()
    assert {each["id"] for each in board["dashcards"]} == numbers
    assert not desk.plan()


def test_filters_that_a_question_was_saved_with_by_hand_go_with_its_tags(desk: Desk) -> None:
    """Metabase's page saves them beside the tags they came from, and asks for them also when those are gone."""
    assert desk.apply()
    card = next(each for each in desk.state.cards.values() if each["name"] == "Markets now")
    card["parameters"] = [{"id": "p", "type": "string/=", "slug": "symbol", "name": "Symbol"}]
    assert not desk.plan()
    write(desk.folder, summary=SUMMARY.replace("-- params: symbol: text\n", "").partition(" [[")[0])
    assert desk.apply()
    assert card["parameters"] == []


def test_a_filter_that_was_put_into_a_card_by_hand_is_shown_and_taken_out(desk: Desk) -> None:
    assert desk.apply()
    (board,) = desk.state.dashboards.values()
    shown = next(number for number, each in desk.state.cards.items() if each["name"] == "Markets now")
    card = next(each for each in board["dashcards"] if each["card_id"] == shown)
    number = board["parameters"][0]["id"]
    card["inline_parameters"] = [number]
    assert desk.plan()
    assert f'             cards.Prices / summary.inline_parameters: ["{number}"] → nothing' in desk.said
    assert desk.apply()
    assert not any(each["inline_parameters"] for each in board["dashcards"])
    assert not desk.plan()
