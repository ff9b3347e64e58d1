"""A document forgotten: nothing of its text is anywhere, whoever was killed; all others are as if it had never been."""

import gzip
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from glue_jobs.audit.news import news
from glue_jobs.pipeline import pipeline
from glue_jobs.refresh import Refresh
from glue_jobs.silver.stories import Forget, Forgotten
from tapehouse.document import document_id
from tapehouse.documents import parse
from tapehouse.errors import UnpreparedError
from tapehouse.lake import Lake
from tapehouse.landing import Landed
from tapehouse.score import Score, body_of, text_hash
from tapehouse.tables import BRONZE_DOCUMENTS, SILVER_DOCUMENTS
from tests.glue_jobs.news_lake import GOLD, SILVER, TABLES, NewsLake, score
from tests.tapehouse.documents import bodies
from tests.tapehouse.documents.bodies import FETCHED_US, landed

SECRET: Final = "secretofada"
SAID: Final = {"title": f"Ada tells her whole story {SECRET}", "text": f"My name is {SECRET}."}
ADDRESS: Final = "https://www.paper.example/ada"
ADA: Final = document_id("coindesk", url=ADDRESS, key="")
HOUR: Final = 3_600_000_000
FORGET_US: Final = 1_796_000_000_000_000


def rss(*stories: str, hours: int = 0) -> Landed:
    return landed("news", "coindesk", bodies.rss(stories), fetched_at_us=FETCHED_US + hours * HOUR)


def hers(**words: Any) -> str:
    return bodies.story(link=ADDRESS, title=SAID["title"], description=SAID["text"], guid="ada", **words)


def vendors(*more: Any) -> Landed:
    told = bodies.article(url=ADDRESS, title=SAID["title"], summary=SAID["text"] * 2)
    return landed("news", "alphavantage", bodies.alphavantage([bodies.article(), told, bodies.article(url=""), *more]))


def page_of(name: str, **words: Any) -> Landed:
    url = f"https://www.paper.example/{name}"
    return landed("page", "paper", bodies.page(url=url, **words), request=f"GET {url}")


def scored(line: Landed) -> list[Landed]:
    """A line a document, as they are scored."""
    found: list[Landed] = []
    for document in parse(line).documents:
        said: list[Score] = [score(document, key_phrases=(document.title,), text_hash=text_hash(document.title))]
        found.append(Landed(kind="score", source="scores", request="an object", fetched_at_us=line.fetched_at_us,
                            body=body_of(said)))  # fmt: skip
    return found


def objects(*, with_her: bool) -> list[list[Landed]]:
    """What lands: her story by two sources and on two days, others' beside it, a fault, prices, scores of all."""
    others = [bodies.story(), bodies.story(link="https://www.paper.example/no-date", pubDate=None)]
    stories = [hers(), *others] if with_her else others
    told = vendors()
    if not with_her:
        told = landed("news", "alphavantage", bodies.alphavantage([bodies.article(), bodies.article(url="")]))
    found = [
        [rss(*stories), rss(bodies.story(link="https://www.paper.example/other", title="Quite another story here"))],
        [rss(*stories, hours=24)],
        [told],
        [page_of("bob", title="Bob tells his own story too")],
        [landed("index", "fear-greed", bodies.fear_greed([bodies.day()]))],
    ]
    return [*found, *([line for each in lines for line in scored(each)] for lines in found[:3])]


def some(lines: list[list[Landed]]) -> list[list[Landed]]:
    return [lines[0], lines[2], lines[5]]


def copied(lines: list[list[Landed]], lake: NewsLake) -> NewsLake:
    for each in lines:
        lake.landing.put(each)
    return lake


@pytest.fixture(autouse=True)
def real_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.glue_jobs.news_lake.parser", parse)


@pytest.fixture
def lake(tmp_path: Path) -> NewsLake:
    made = copied(objects(with_her=True), NewsLake(Lake(tmp_path / "lake")))
    made.refresh()
    return made


@pytest.fixture(scope="module")
def never_told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All tables of a lake that she was never in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.glue_jobs.news_lake.parser", parse)
        made = copied(objects(with_her=False), NewsLake(Lake(tmp_path_factory.mktemp("never") / "lake")))
        made.refresh()
        return facts(made)


def forget(lake: NewsLake, asked: str = ADA) -> Forget:
    """As the command does it, without its locks."""
    lake.refresh()
    made = Forget(lake.workspace, lake.landing, asked, now_us=lambda: FORGET_US)
    assert made.is_known()
    made.redact()
    made.settle(lake.jobs["stories"])  # type: ignore[arg-type]
    lake.refresh()
    return made


def facts(lake: NewsLake) -> dict[str, Any]:
    """All rows; of faults what does not hang on an object's hash, nor on how many items came before."""
    found: dict[str, Any] = lake.all_rows()
    faults = found.pop("silver.document_faults")
    return {**found, "faults": sorted((row["source"], row["fault"].partition(".")[2]) for row in faults)}


def places_of(lake: NewsLake, text: str) -> list[str]:
    """Objects of the landing and live rows that hold it."""
    found = [key for key in lake.landing.keys("") if text.encode() in gzip.decompress(lake.landing.content(key))]
    return found + [t.name for t in (BRONZE_DOCUMENTS, *SILVER, *GOLD) if text in repr(lake.rows(t))]


def test_nothing_of_its_text_is_left_and_all_others_are_as_if_it_had_never_been(
    lake: NewsLake, never_told: dict[str, Any]
) -> None:
    assert {"silver.documents", "silver.scores", "gold.news", "gold.keywords_daily"} <= {*places_of(lake, SECRET)}
    number = len(list(lake.landing.keys()))
    found = forget(lake).found
    assert (found.lines, found.objects, found.others, found.left) == (6, 6, [], [])
    assert places_of(lake, SECRET) == []
    assert places_of(lake, ADA) == []
    assert facts(lake) == never_told
    assert news(lake.workspace, TABLES, parser=parse) == []
    assert len(list(lake.landing.keys())) == number
    assert {row["object_key"] for row in lake.rows(BRONZE_DOCUMENTS)} == set(lake.landing.keys())


def test_no_log_repeats_how_a_text_or_an_address_begins(lake: NewsLake) -> None:
    """Logs are kept longer than rows: what statistics say of a text would stay after it was forgotten."""
    logs = [path.read_text().casefold() for path in lake.lake.path.rglob("_delta_log/*.json")]
    assert len(logs) > len(TABLES)
    for words in (SAID["title"], SAID["text"], ADDRESS):
        assert not [each for each in logs if words[:20].casefold() in each], words


def test_done_again_there_is_nothing_to_do(lake: NewsLake) -> None:
    forget(lake)
    lake.begin()
    keys, versions = list(lake.landing.keys()), lake.versions((BRONZE_DOCUMENTS, *SILVER, *GOLD))
    found = forget(lake).found
    assert (found.lines, found.objects) == (0, 0)
    assert (list(lake.landing.keys()), lake.versions((BRONZE_DOCUMENTS, *SILVER, *GOLD))) == (keys, versions)


class KilledError(BaseException):
    """Nothing catches it."""


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Counts each commit, object put and object erased, before and after it: at the n-th the process ends."""
    count: Iterator[int] = itertools.count()
    killed_at = -1

    def point() -> None:
        if next(count) == killed_at:
            raise KilledError

    def killing(owner: Any, name: str) -> None:
        does = getattr(owner, name)

        def call(*arguments: Any, **words: Any) -> Any:
            point()
            done = does(*arguments, **words)
            point()
            return done

        monkeypatch.setattr(owner, name, call)

    for owner, name in (
        ("glue_jobs.engine.workspace.Workspace", "commit"),
        ("tapehouse.landing.Landing", "put_beside"),
        ("tapehouse.landing.Landing", "erase"),
        ("glue_jobs.silver.stories.forgotten.Forgotten", "add"),
    ):
        module, _, cls = owner.rpartition(".")
        killing(getattr(__import__(module, fromlist=[cls]), cls), name)

    def at(number: int) -> None:
        nonlocal count, killed_at
        count, killed_at = itertools.count(), number

    return at


def test_killed_at_any_place_the_next_run_comes_to_the_same_end(tmp_path: Path, points: Callable[[int], None]) -> None:
    """Two objects with a commit each, and their scores."""
    few = [copied(some(objects(with_her=each)), NewsLake(Lake(tmp_path / str(each)))) for each in (True, False)]
    for each in few:
        each.refresh()
    lake, never_told, kept = few[0], facts(few[1]), tmp_path / "kept"
    shutil.copytree(lake.lake.path, kept)
    kills = 0
    for number in itertools.count():
        shutil.rmtree(lake.lake.path)
        shutil.copytree(kept, lake.lake.path)
        lake.workspace._logs.clear()
        lake.begin()
        points(number)
        try:
            forget(lake)
        except KilledError:
            kills += 1
        else:
            break
        points(-1)
        lake.begin()
        if number % 2:  # a refresh may come first
            lake.refresh()
            lake.begin()
        forget(lake)
        assert places_of(lake, SECRET) == [], number
        assert facts(lake) == never_told, number
        assert {row["object_key"] for row in lake.rows(BRONZE_DOCUMENTS)} == set(lake.landing.keys()), number
    assert kills > 15


def test_a_refetch_stays_forgotten_and_the_next_forget_cleans_it(lake: NewsLake, never_told: dict[str, Any]) -> None:
    forget(lake)
    again = rss(hers(), bodies.story(), hours=48)
    lake.landing.put([again])
    lake.landing.put(scored(again))
    lake.begin()
    lake.refresh()
    assert {name for name in places_of(lake, SECRET) if "/" not in name} == {BRONZE_DOCUMENTS.name}
    assert forget(lake).found.objects == 2
    assert places_of(lake, SECRET) == []
    assert lake.rows(SILVER_DOCUMENTS)[0].keys() == never_told["silver.documents"][0].keys()


def test_a_rebuild_stays_forgotten(lake: NewsLake) -> None:
    forget(lake)
    lake.landing.put([rss(hers(), bodies.story(), hours=48)])
    lake.refresh()
    before = lake.all_rows(SILVER)
    lake.jobs["stories"].rebuild(SILVER)
    assert lake.all_rows(SILVER) == before
    assert SECRET not in repr(before)


def test_of_a_story_the_other_documents_stay_and_are_named(lake: NewsLake) -> None:
    lake.landing.put([page_of("copy", title=SAID["title"], text="By an agency.")])
    lake.refresh()
    found = forget(lake).found
    copy = document_id("paper", url="https://www.paper.example/copy", key="")
    assert found.others == [copy]
    (row,) = (row for row in lake.rows(SILVER_DOCUMENTS) if row["told_as"] == [copy])
    assert (row["document_id"], row["body"], row["sources"]) == (copy, "By an agency.", ["paper"])
    assert SAID["text"] not in repr(lake.rows(BRONZE_DOCUMENTS))


def test_a_line_that_it_cannot_be_taken_out_of_is_named(lake: NewsLake) -> None:
    made = Forget(lake.workspace, lake.landing, ADA, now_us=lambda: FORGET_US, take_out=lambda line, ids: None)
    made.redact()
    assert len(made.found.left) == len(lake.rows(BRONZE_DOCUMENTS))
    assert made.found.objects == 0


def test_the_list_is_kept_in_the_lake(lake: NewsLake) -> None:
    listed = Forgotten(lake.lake.uri)
    assert listed.ids() == frozenset()
    with pytest.raises(ValueError, match="is no document_id"):
        listed.add("../x", now_us=lambda: 1)
    listed.add(ADA, now_us=lambda: 1)
    content = (lake.lake.path / "_forgotten" / f"{ADA}.json").read_bytes()
    listed.add(ADA, now_us=lambda: 2)
    assert (lake.lake.path / "_forgotten" / f"{ADA}.json").read_bytes() == content
    assert listed.ids() == frozenset({ADA})


def refresh_of(lake: NewsLake) -> Refresh:
    return Refresh(None, lake.lake, pipeline())  # type: ignore[arg-type]


def test_the_command_takes_in_what_landed_first_and_waits_for_the_tables_owners(
    lake: NewsLake, never_told: dict[str, Any]
) -> None:
    lake.landing.put([page_of("late", title="A late story", text=SECRET)])
    late = document_id("paper", url="https://www.paper.example/late", key="")
    assert refresh_of(lake).forget(late).objects == 1
    found = refresh_of(lake).forget(ADA)
    assert found.objects == 6
    lake.begin()
    assert places_of(lake, SECRET) == []
    assert facts(lake) == never_told
    assert {"landing", "stories", "news"} <= {each.name for each in (lake.lake.path / "_locks").iterdir()}


@pytest.mark.parametrize(("asked", "says"), [("0" * 32, "no document 0000"), ("ada", "'ada' is no document_id")])
def test_whom_nobody_knows_is_said_and_nothing_is_done(lake: NewsLake, asked: str, says: str) -> None:
    before = lake.all_rows(TABLES)
    with pytest.raises(UnpreparedError, match=f"{says}.*told_as"):
        refresh_of(lake).forget(asked)
    assert not (lake.lake.path / "_forgotten").exists()
    lake.begin()
    assert lake.all_rows(TABLES) == before
