"""What is exported and applied again is what there was: of all the project's own questions and dashboards, too."""

import dataclasses
from pathlib import Path

import pytest

from metabase import book
from metabase.book import Book
from metabase.server import forms
from tests.metabase.fake import FakeMetabase
from tests.metabase.samples import CANDLES, SUMMARY
from tests.metabase.server.conftest import ATHENA, Desk

OURS = book.read()


@pytest.fixture
def shop(server: FakeMetabase, tmp_path: Path) -> Desk:
    """A Metabase with all of the project's own, and nothing of it in the folder. No prefix: that is tested elsewhere,
    and to look for names in so much SQL takes long."""
    server.reset()
    desk = Desk(server, book.FOLDER, tmp_path, athena=dataclasses.replace(ATHENA, prefix=""))
    assert desk.apply()
    desk.files = tmp_path / "metabase"
    return desk


def drawn(read: Book, major: int) -> dict[str, forms.Form]:
    """What Metabase gets of a book: what its files mean there."""
    made = {name: forms.of_question(each, major=major, prefix="") for name, each in read.questions.items()}
    return made | {f"{n} (dashboard)": forms.of_dashboard(d, OURS.questions) for n, d in read.dashboards.items()}


def test_all_of_ours_are_written_down_without_their_files_and_mean_the_same(shop: Desk) -> None:
    assert shop.export(shop.files) == 0
    assert not [line for line in shop.said if "cannot say" in line]
    read = book.read(shop.files)
    assert drawn(read, 64) == drawn(OURS, 64)
    before, done = shop.state.things(), len(shop.state.writes)
    assert not shop.plan()
    assert shop.apply()
    assert (shop.state.things(), len(shop.state.writes)) == (before, done)


@pytest.mark.parametrize("version", ["v0.64.6", "v0.58.30"])
def test_all_of_ours_that_were_renamed_are_changed_in_nothing_else(shop: Desk, version: str) -> None:
    """Also where Metabase could not say what the file does: that a number is compact, that lines are candles."""
    shop.state.version = version
    shop.files = book.FOLDER
    assert shop.apply()
    shop.files = shop.folder / "metabase"
    for kind in ("questions/*.sql", "dashboards/*.yaml"):
        for path in book.FOLDER.glob(kind):
            (shop.files / kind).parent.mkdir(parents=True, exist_ok=True)
            (shop.files / kind).with_name(path.name).write_text(path.read_text())
    for thing in (*shop.state.cards.values(), *shop.state.dashboards.values()):
        thing["name"] += " 2"
    assert shop.export(shop.files, overwrite=True) == 0
    read = book.read(shop.files)
    for name in OURS.questions:
        old, new = ((folder / f"questions/{name}.sql").read_text() for folder in (book.FOLDER, shop.files))
        assert new.splitlines() == old.replace("\n", " 2\n", 1).rstrip().splitlines()
    boards = {name: dataclasses.replace(each, title=each.title + " 2") for name, each in OURS.dashboards.items()}
    assert drawn(Book({}, read.dashboards), 64) == drawn(Book({}, boards), 64)


def settings(desk: Desk, name: str) -> forms.Form:
    card = next(each for each in desk.state.cards.values() if each["name"] == name)
    made: forms.Form = card["visualization_settings"]
    return made


def test_what_was_drawn_otherwise_is_changed_in_its_file_and_nothing_else(desk: Desk) -> None:
    """Entry by entry: that a number is compact, Metabase does not say."""
    assert desk.apply()
    drawn_now = settings(desk, "Markets now")
    drawn_now["column_settings"]['["name","last_price"]']["decimals"] = 4
    assert desk.export(desk.files, overwrite=True) == 0
    said = (desk.files / "questions/summary.sql").read_text()
    assert said == SUMMARY.replace("last_price: decimals 2", "last_price: decimals 4")
    drawn_now["table.column_formatting"] = []
    assert desk.export(desk.files, overwrite=True) == 0
    said = (desk.files / "questions/summary.sql").read_text()
    assert "-- formats: last_price: decimals 4, change_24h: decimals 2, volume_24h: bar compact\n" in said
    assert not desk.plan()


def test_candles_whose_sql_was_changed_by_hand_are_candles(desk: Desk) -> None:
    assert desk.apply()
    card = next(each for each in desk.state.cards.values() if each["name"] == "Candles")
    native = card["dataset_query"]["native"]
    native["query"] = native["query"].replace("interval = '1h'", "interval = '5m'")
    assert desk.export(desk.files, overwrite=True) == 0
    assert (desk.files / "questions/candles.sql").read_text() == CANDLES.replace("'1h'", "'5m'")
    native["query"] = native["query"].replace("LIMIT 400", "LIMIT 4")
    assert desk.export(desk.files, overwrite=True) == 1
    assert desk.said == ["leave    question Candles: no file can say its display, boxplot"]


def test_what_asks_another_database_is_left(desk: Desk) -> None:
    assert desk.apply()
    desk.state.databases[900] = {**next(iter(desk.state.databases.values())), "id": 900, "name": "Other"}
    card = next(each for each in desk.state.cards.values() if each["name"] == "Markets now")
    card["dataset_query"]["database"] = 900
    assert desk.export(desk.files, overwrite=True) == 1
    assert desk.said == ["leave    question Markets now: it asks another database"]


@pytest.mark.parametrize(
    "lines",
    [
        ["display: line", "x: t", "y: a, b", "right: b", "goal: 1.5", "log: true", "units: a: USD, b: USD"],
        ["display: combo", "x: t", "y: a, b", "bars: b", "stack: stacked"],
        ["display: gauge", "y: a", "segments: -1 .. 0 green fresh, 0 .. 2.5 yellow, 2.5 .. 3600 red late one"],
        ["display: pie", "x: t", "y: a", "formats: a: percent 1"],
        ["display: smartscalar", "x: t", "y: a", "formats: t: date"],
        ["display: progress", "y: a", "goal: b"],
        ["display: table", "formats: a: currency EUR 2, t: time, d: date, e: datetime, l: link, s: signed, n: bar"],
    ],
)
def test_whatever_a_header_says_is_read_back(desk: Desk, lines: list[str]) -> None:
    path = desk.files / "questions/summary.sql"
    text = "\n".join([*(f"-- {line}" for line in ("title: T", "answers: A", *lines)), "SELECT 1", ""])
    path.write_text(text)
    (desk.files / "dashboards/markets.yaml").unlink()
    before = book.read(desk.files).questions["summary"]
    assert desk.apply()
    path.unlink()
    assert desk.export(desk.files) == 0
    assert book.read(desk.files).questions["summary"] == before
