"""What people drew by hand becomes files that can be read again; what no file can say is told."""

from pathlib import Path

import pytest

from metabase import book
from tests.metabase.samples import SUMMARY
from tests.metabase.server.conftest import Desk


def by_hand(desk: Desk) -> int:
    """Questions and a dashboard that somebody drew beside ours; the number of the first."""
    state = desk.state
    (database,), (collection,) = state.databases, state.collections
    tags = {"pair": {"id": "1", "name": "pair", "display-name": "Pair", "type": "text", "default": ["BTC-USD"]}}
    sql = "SELECT hour, volume, side FROM dev_gold.exchange_activity [[ WHERE symbol = {{pair}} ]];"
    query = {"database": database, "type": "native", "native": {"query": sql, "template-tags": tags}}
    said = {
        "graph.dimensions": ["hour", "side"], "graph.metrics": ["volume"], "stackable.stack_type": "stacked",
        "column_settings": {
            '["name","volume"]': {"column_title": "Traded in all", "suffix": " BTC", "decimals": 2},
            '["name","hour"]': {"column_title": "Hour"},
        },
    }  # fmt: skip
    first = {
        "id": 501, "name": "My volume, by hour!", "display": "bar", "dataset_query": query, "archived": False,
        "visualization_settings": said, "collection_id": collection, "description": "How much is\ntraded?",
    }  # fmt: skip
    state.cards[501] = first
    state.cards[502] = {**first, "id": 502, "name": "Sankey", "display": "sankey"}
    state.cards[503] = {**first, "id": 503, "name": "Second", "visualization_settings": {}}
    words = {"virtual_card": {"display": "text"}, "text": "By hand: yes"}
    place = {"size_x": 6, "size_y": 4, "row": 0, "dashboard_tab_id": None}
    target = ["variable", ["template-tag", "pair"]]
    mapped = [{"parameter_id": "p1", "card_id": 501, "target": target}]
    parameter = {"id": "p1", "name": "Market", "slug": "market", "type": "string/=", "default": ["ETH-USD"]}
    state.dashboards[504] = {
        "id": 504, "name": "Mine", "description": None, "collection_id": collection, "archived": False,
        "width": "fixed", "tabs": [], "parameters": [parameter], "dashcards": [
            {**place, "id": 1, "card_id": 501, "col": 0, "visualization_settings": {}, "parameter_mappings": mapped},
            {**place, "id": 2, "card_id": None, "col": 6, "visualization_settings": words},
        ],
    }  # fmt: skip
    return 501


VOLUME = """\
-- title: My volume, by hour!
-- answers: How much is traded?
-- display: bar
-- x: hour
-- y: volume
-- series: side
-- titles: volume: Traded in all
-- units: volume: BTC
-- formats: volume: decimals 2
-- params: pair: text default BTC-USD
-- stack: stacked
SELECT hour, volume, side FROM gold.exchange_activity [[ WHERE symbol = {{pair}} ]]
"""
MINE = """\
title: Mine
description: Mine
width: fixed
filters:
- name: market
  title: Market
  type: text
  default: ETH-USD
cards:
- question: my_volume_by_hour
  x: 0
  y: 0
  w: 6
  h: 4
  filters:
    pair: market
- text: 'By hand: yes'
  x: 6
  y: 0
  w: 6
  h: 4
"""


def test_what_was_drawn_by_hand_is_written_down_and_then_ours(desk: Desk) -> None:
    assert desk.apply()
    by_hand(desk)
    before = desk.state.things()
    assert desk.export(desk.files) == 2
    assert desk.state.things() == before
    assert (desk.files / "questions/my_volume_by_hour.sql").read_text() == VOLUME
    assert (desk.files / "dashboards/mine.yaml").read_text() == MINE
    assert [line for line in desk.said if line.startswith("leave")] == [
        "leave    question Sankey: no file can say its display, sankey",
        "leave    question Second: 1: x: a bar needs it; 1: y: a bar has 1 to 12 of them, and here are 0",
    ]
    assert sorted(book.read(desk.files).dashboards) == ["markets", "mine"]
    assert desk.apply()
    assert not desk.plan()
    assert desk.state.cards[501]["id"] == 501
    assert "Kept as code: metabase/questions/my_volume_by_hour.sql" in desk.state.cards[501]["description"]
    assert [line for line in desk.said if "leave" in line] == [
        f"  leave    question {name} (in no file: `tapehouse metabase export` writes it down)"
        for name in ("Sankey", "Second")
    ]


def test_what_was_changed_by_hand_replaces_its_file_only_if_told(desk: Desk) -> None:
    assert desk.apply()
    card = next(each for each in desk.state.cards.values() if each["name"] == "Markets now")
    card["name"] = "Markets"
    path = desk.files / "questions/summary.sql"
    assert desk.export(desk.files) == 1
    assert desk.said == [f"leave    question Markets: {path} is there (--overwrite)"]
    assert path.read_text() == SUMMARY
    assert desk.export(desk.files, overwrite=True) == 0
    assert path.read_text().startswith("-- title: Markets\n-- answers: What does each market cost")


def test_what_a_file_does_not_say_of_how_it_is_drawn_is_told_before_apply_takes_it_away(desk: Desk) -> None:
    assert desk.apply()
    by_hand(desk)
    desk.state.cards[501]["visualization_settings"]["graph.show_values"] = True
    desk.export(desk.files)
    assert desk.said[1:2] == [
        "         which cannot say visualization_settings.graph.show_values: apply will take that away"
    ]


@pytest.mark.parametrize(
    ("title", "sql", "why"),
    [
        (
            "My volume",
            "--   note of mine\nSELECT hour, volume, side FROM a",
            "12: a question begins with SELECT or WITH",
        ),
        ("My volume", "SELECT hour, volume, 'a\u2028b' AS side FROM a", "a file would say otherwise: SQL"),
        (" My volume", "SELECT hour, volume, side FROM a", "a file would say otherwise: title"),
    ],
)
def test_what_would_be_read_otherwise_than_it_is_is_not_written(desk: Desk, title: str, sql: str, why: str) -> None:
    assert desk.apply()
    by_hand(desk)
    for number in (502, 503):
        del desk.state.cards[number]
    native = {"query": sql, "template-tags": {}}
    desk.state.cards[501]["name"] = title
    desk.state.cards[501]["dataset_query"] = {**desk.state.cards[501]["dataset_query"], "native": native}
    desk.export(desk.files)
    assert f"leave    question {title}: {why}" in desk.said
    assert not (desk.files / "questions/my_volume.sql").exists()


def test_how_lines_end_and_what_ends_a_query_is_no_matter(desk: Desk) -> None:
    assert desk.apply()
    by_hand(desk)
    native = {"query": "\r\n\tSELECT hour, volume,\r\n  side FROM a ;\r\n; ", "template-tags": {}}
    desk.state.cards[501]["dataset_query"] = {**desk.state.cards[501]["dataset_query"], "native": native}
    assert desk.export(desk.files) == 2
    written = (desk.files / "questions/my_volume_by_hour.sql").read_text()
    assert written.endswith("\nSELECT hour, volume,\n  side FROM a\n")


def test_a_goal_of_nothing_and_a_unit_with_a_comma_are_written_down(desk: Desk) -> None:
    assert desk.apply()
    by_hand(desk)
    drawn = desk.state.cards[501]["visualization_settings"]
    drawn |= {"graph.show_goal": True, "graph.goal_value": 0, "progress.goal": 7}
    drawn["column_settings"]['["name","volume"]']["suffix"] = " a, b: c"
    assert desk.export(desk.files) == 2
    written = (desk.files / "questions/my_volume_by_hour.sql").read_text()
    assert "\n-- goal: 0\n" in written
    assert "\n-- units: volume: a b: c\n" in written
    lost = 'visualization_settings.column_settings.["name","volume"].suffix'
    assert any(line.startswith("         which cannot say") and lost in line for line in desk.said)


def test_what_a_file_does_not_say_of_a_dashboard_is_told(desk: Desk) -> None:
    assert desk.apply()
    by_hand(desk)
    mine = desk.state.dashboards[504]
    mine["parameters"].append({"id": "p2", "name": "When", "slug": "when", "type": "date/range"})
    mine["dashcards"][0] |= {"series": [{"id": 503}], "visualization_settings": {"click_behavior": {"type": "none"}}}
    desk.export(desk.files)
    said = "filter When (date/range), my_volume_by_hour.series, my_volume_by_hour.click_behavior"
    assert f"         which cannot say {said}: apply will take that away" in desk.said


def test_nothing_by_hand_gets_the_file_of_another_that_metabase_lacks(desk: Desk) -> None:
    assert desk.apply()
    by_hand(desk)
    desk.state.cards[501]["name"] = "Volume"
    ours = next(each for each in desk.state.cards.values() if each["name"] == "Volume by side")
    ours["archived"] = True
    path = desk.files / "questions/volume.sql"
    before = path.read_text()
    desk.export(desk.files, overwrite=True)
    assert path.read_text() == before
    assert (desk.files / "questions/volume_2.sql").read_text().startswith("-- title: Volume\n")


@pytest.mark.parametrize(
    ("title", "description", "name"),
    [
        ("\u0394 \u20bf \u5e02\u573a", None, "question"),
        ("2 \u00c4pfel & 3 B\u00e4ume", None, "question_2_pfel_3_b_ume"),
        ("My own", "Kept as code: metabase/questions/Not-A-Name.sql", "my_own"),
        ("My own", "Kept as code: metabase/questions/gone_1.sql", "gone_1"),
        ("My own", "Kept as code: metabase/questions/../../etc.sql", "my_own"),
    ],
)
def test_a_file_has_a_name_that_dashboards_can_say(desk: Desk, title: str, description: str, name: str) -> None:
    assert desk.apply()
    by_hand(desk)
    desk.state.cards[501] |= {"name": title, "description": description}
    desk.export(desk.files)
    assert (desk.files / f"questions/{name}.sql").read_text().startswith(f"-- title: {title}\n")
    assert f"question: {name}\n" in (desk.files / "dashboards/mine.yaml").read_text()


def test_nothing_that_is_in_files_already_is_written_again(desk: Desk, tmp_path: Path) -> None:
    assert desk.apply()
    assert desk.export(tmp_path / "out") == 0
    assert desk.said == []
    assert not (tmp_path / "out").exists()


def test_a_dashboard_that_shows_what_is_in_no_file_is_told(desk: Desk) -> None:
    assert desk.apply()
    by_hand(desk)
    for card in desk.state.dashboards[504]["dashcards"]:
        card["card_id"] = card["card_id"] and 502
    desk.export(desk.files)
    assert "leave    dashboard Mine: it shows card 502, Sankey, which is in no file" in desk.said
