"""Silver of the news: a story once however it is told, and the same tables whatever the order and the batches."""

import gzip
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.engine.follow import BatchLimits
from glue_jobs.silver.stories.taken import MOST_FAULTS, Taken
from tapehouse.document import Document, Value, VendorSentiment
from tapehouse.documents import Parsed
from tapehouse.lake import Lake
from tapehouse.landing import Landed
from tapehouse.score import text_hash
from tapehouse.tables import SILVER_DOCUMENT_FAULTS, SILVER_DOCUMENTS, SILVER_QUOTES, SILVER_SCORES
from tests.glue_jobs.news_lake import HOUR, SILVER, T0, NewsLake, document, landed, landed_scores, score

TITLES = ("Bitcoin rises to a new high", "Exchange halts all withdrawals today", "Market update")


@pytest.fixture
def lake(tmp_path: Path) -> NewsLake:
    return NewsLake(Lake(tmp_path))


def told(lake: NewsLake) -> list[tuple[str, list[str], list[str]]]:
    """Title, sources and how many documents of each story."""
    return [(row["title"], row["sources"], row["told_as"]) for row in lake.rows(SILVER_DOCUMENTS)]


def test_one_address_of_two_sources_is_one_story(lake: NewsLake) -> None:
    one = document(body="short")
    other = document(source="alphavantage", body="a longer text", fetched_at_us=T0 + 30 * HOUR, symbols=("BTC",))
    lake.land(landed(one), landed(other))
    lake.refresh()
    (row,) = lake.rows(SILVER_DOCUMENTS)
    assert (row["sources"], row["body"], row["symbols"]) == (["alphavantage", "coindesk"], "a longer text", ["BTC"])
    assert row["fetched_at"].timestamp() * 1e6 == one.fetched_at_us


def test_one_title_on_two_sites_is_one_story_and_the_earliest_names_it(lake: NewsLake) -> None:
    later = document(url="https://b.example/x", source="cointelegraph", published_at_us=T0 + 13 * HOUR)
    first = document(title="BITCOIN rises - to a new high!")
    lake.land(landed(later))
    lake.refresh()
    lake.land(landed(first))
    lake.refresh()
    assert told(lake) == [(first.title, ["coindesk", "cointelegraph"], [first.document_id, later.document_id])]


def test_one_title_a_week_later_is_another_story(lake: NewsLake) -> None:
    lake.land(landed(document()), landed(document(url="https://coindesk.com/b", published_at_us=T0 + 100 * HOUR)))
    lake.refresh()
    assert len(told(lake)) == 2


def test_a_column_of_every_day_is_no_endless_story(lake: NewsLake) -> None:
    days = [document(url=f"https://c.example/{n}", published_at_us=T0 + 24 * n * HOUR) for n in range(7)]
    for each in reversed(days):
        lake.land(landed(each))
        lake.refresh()
    assert [len(ids) for _, _, ids in told(lake)] == [3, 3, 1]


def test_a_first_telling_that_comes_late_begins_its_title_s_stories_elsewhere(lake: NewsLake) -> None:
    for hour in (40, 80, 120):
        lake.land(landed(document(url=f"https://c.example/{hour}", published_at_us=T0 + hour * HOUR)))
    lake.refresh()
    assert [len(ids) for _, _, ids in told(lake)] == [2, 1]
    lake.land(landed(document(url="https://c.example/0", published_at_us=T0)))
    lake.refresh()
    assert [len(ids) for _, _, ids in told(lake)] == [2, 2]
    lake.land(
        landed(document(url="https://c.example/0", title=TITLES[1], published_at_us=T0, fetched_at_us=T0 + 99 * HOUR))
    )
    lake.refresh()
    assert sorted(len(ids) for _, _, ids in told(lake)) == [1, 1, 2]


def test_a_title_that_was_mended_leaves_the_story_of_the_old_one(lake: NewsLake) -> None:
    first, other = document(), document(url="https://b.example/x", source="b")
    lake.land(landed(first), landed(other))
    lake.refresh()
    lake.land(landed(document(url="https://b.example/x", source="b", title=TITLES[1], fetched_at_us=T0 + 40 * HOUR)))
    lake.refresh()
    assert sorted(title for title, _, _ in told(lake)) == sorted(TITLES[:2])


def test_short_titles_are_no_reason_to_be_one_story(lake: NewsLake) -> None:
    lake.land(*(landed(document(url=f"https://coindesk.com/{n}", title="Market update")) for n in range(3)))
    lake.refresh()
    assert len(told(lake)) == 3


def test_an_older_fetch_that_comes_late_changes_nothing_but_when_it_was_first_seen(lake: NewsLake) -> None:
    lake.land(landed(document(title="Bitcoin rises to a record high", fetched_at_us=T0 + 40 * HOUR)))
    lake.refresh()
    lake.land(landed(document(fetched_at_us=T0 + 20 * HOUR)))
    lake.refresh()
    (row,) = lake.rows(SILVER_DOCUMENTS)
    assert row["title"] == "Bitcoin rises to a record high"
    assert row["fetched_at"].timestamp() * 1e6 == T0 + 20 * HOUR


def test_what_its_source_took_back_is_gone_from_silver(lake: NewsLake) -> None:
    post = {
        "kind": "social",
        "source": "reddit",
        "author": "somebody",
        "body": "my secret",
        "url": "https://r.example/1",
    }
    scores = landed_scores(score(document(**post), key_phrases=("my secret",)))
    lake.land(landed(document(**post)), scores)
    lake.refresh()
    assert "secret" in str(lake.rows(SILVER_SCORES))
    lake.land(landed(document(**post, removed=True, fetched_at_us=T0 + 40 * HOUR)))
    lake.refresh()
    (row,) = lake.rows(SILVER_DOCUMENTS)
    assert (row["title"], row["body"], row["author"]) == ("", "", None)
    assert "secret" not in str(row)
    assert lake.rows(SILVER_SCORES) == []


def test_a_score_of_what_was_taken_back_comes_no_more_and_one_of_what_is_told_again_does(lake: NewsLake) -> None:
    back = document(removed=True, fetched_at_us=T0 + 40 * HOUR)
    late, again = (landed_scores(score(document()), fetched_at_us=T0 + hours * HOUR) for hours in (40, 41))
    lake.land(landed(back))
    lake.refresh()
    lake.land(late)
    lake.refresh()
    assert lake.rows(SILVER_SCORES) == []
    lake.land(again)
    lake.refresh()
    assert len(lake.rows(SILVER_SCORES)) == 1
    lake.land(landed(document(fetched_at_us=T0 + 41 * HOUR)), landed_scores(score(document(), scorer="own:2")))
    lake.refresh()
    assert [row["scorer"] for row in lake.rows(SILVER_SCORES)] == ["own:1"], "however late an old one comes"


def test_a_date_that_was_mended_moves_the_story(lake: NewsLake) -> None:
    lake.land(landed(document()))
    lake.refresh()
    lake.land(landed(document(published_at_us=T0 - HOUR, fetched_at_us=T0 + 40 * HOUR)))
    lake.refresh()
    assert [row["published_date"] for row in lake.rows(SILVER_DOCUMENTS)] == [date(2026, 11, 27)]


def test_vendors_sentiment_of_the_whole_is_their_mean(lake: NewsLake) -> None:
    def by(source: str, *scores: tuple[str | None, float]) -> Landed:
        vendor = tuple(VendorSentiment(symbol=symbol, score=value) for symbol, value in scores)
        return landed(document(source=source, vendor_sentiment=vendor))

    lake.land(by("alphavantage", (None, 0.5), ("BTC", -1.0)), by("other", (None, 0.25)), by("coindesk"))
    lake.refresh()
    assert [row["vendor_sentiment"] for row in lake.rows(SILVER_DOCUMENTS)] == [0.375]


def test_a_score_is_there_once_and_its_newest_fetch_counts(lake: NewsLake) -> None:
    moved = document(published_at_us=T0 - HOUR)
    lake.land(landed_scores(score(document())), landed_scores(score(document(), scorer="own:2")))
    lake.refresh()
    lake.land(landed_scores(score(moved), fetched_at_us=T0 + 40 * HOUR))
    lake.refresh()
    found = {(row["scorer"], row["published_date"]) for row in lake.rows(SILVER_SCORES)}
    assert found == {("own:1", date(2026, 11, 27)), ("own:2", date(2026, 11, 28))}


def test_a_text_in_a_language_that_is_not_read_has_no_score(lake: NewsLake) -> None:
    lake.land(landed_scores(score(document(), None, language="ru", emotions=None)))
    lake.refresh()
    (row,) = lake.rows(SILVER_SCORES)
    assert (row["sentiment"], row["label"], row["joy"], row["language"]) == (None, None, None, "ru")


def value(**words: Any) -> Value:
    said: dict[str, Any] = {
        "kind": "index", "source": "fear-greed", "name": "fear-greed", "value": "25", "unit": "points",
        "label": "Extreme Fear", "observed_at_us": T0, "fetched_at_us": T0 + 26 * HOUR, **words,
    }  # fmt: skip
    return Value(**said)


def test_a_number_of_a_day_is_there_once_and_its_newest_telling_counts(lake: NewsLake) -> None:
    lake.land(landed(value()), landed(value(value="26", fetched_at_us=T0 + 30 * HOUR)))
    lake.land(landed(value(value="27", fetched_at_us=T0 + 29 * HOUR)), landed(value(observed_at_us=T0 - 24 * HOUR)))
    lake.refresh()
    assert [row["value"] for row in lake.rows(SILVER_QUOTES)] == [Decimal(25), Decimal(26)]


@pytest.mark.parametrize("text", ["NaN", "-1", "1e5", "1" * 17, "0.1234567890123", "0", ""])
def test_a_price_that_is_none_is_a_fault_and_not_a_quote(lake: NewsLake, text: str) -> None:
    lake.land(landed(value(kind="price", source="shop", name="BTC-USD", value=text, unit="USD")))
    lake.refresh()
    assert lake.rows(SILVER_QUOTES) == []
    (row,) = lake.rows(SILVER_DOCUMENT_FAULTS)
    assert "BTC-USD" in row["fault"]


def test_what_cannot_be_read_is_a_fault_with_its_place(lake: NewsLake) -> None:
    key = lake.landing.put([landed(document(), fault="item 3: no title"), landed(document(url="https://c.example/c"))])
    path = Path(lake.landing.uri) / key
    (spoilt,) = lake.land(landed(document(fetched_at_us=T0)))
    (Path(lake.landing.uri) / spoilt).write_bytes(b"garbage")
    lake.land(Landed(kind="score", source="scores", request="", fetched_at_us=T0, body=b'[{"field": "title"}]'))
    lake.refresh()
    faults = {(row["object_key"], row["line"]): row["fault"] for row in lake.rows(SILVER_DOCUMENT_FAULTS)}
    assert path.is_file()
    assert faults.pop((key, 0)) == "item 3: no title"
    assert faults.pop((spoilt, -1)) == "the object is no whole gzip file of lines"
    assert list(faults.values()) == ["no scores of a document (KeyError)"]
    assert len(lake.rows(SILVER_DOCUMENTS)) == 1, "the same title"


POISON = [
    landed(document(fetched_at_us=10**18), fetched_at_us=10**18),
    landed_scores(score(document(), published_at_us=253_402_300_799_999_999)),
    landed_scores(score(document(), published_at_us=-(10**18))),
    landed(Value(kind="index", source="fear-greed", name="fear-greed", value="1", unit="points", label=None,
                 observed_at_us=253_402_300_799_999_999, fetched_at_us=T0)),
]  # fmt: skip


@pytest.mark.parametrize("poison", POISON)
def test_a_time_that_no_table_holds_is_a_fault_and_stops_nothing(lake: NewsLake, poison: Landed) -> None:
    content = gzip.compress(poison.line() + b"\n")
    key = f"{poison.kind}/{poison.source}/2026-11-28/000000000000-0123456789abcdef.jsonl.gz"
    path = Path(lake.landing.uri) / key
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    lake.land(landed(document()))
    lake.refresh()
    assert [row["object_key"] for row in lake.rows(SILVER_DOCUMENT_FAULTS)] == [key]
    assert len(lake.rows(SILVER_DOCUMENTS)) == 1


def test_a_line_in_another_s_object_is_a_fault() -> None:
    taken, line = Taken(), landed(document())
    taken.add([{"payload": line.line(), "kind": "news", "source": "other", "line": 0, "object_key": "k",
                "fetch_date": None, "fetched_at": None}], parser=lambda _: Parsed())  # fmt: skip
    assert [fault["fault"] for fault in taken.faults] == ["the line is of news/coindesk, and lies in another's object"]


def test_a_parser_that_fails_is_one_line_s_fault() -> None:
    def broken(line: Landed) -> Parsed:
        raise RecursionError(line)

    taken, line = Taken(), landed(document())
    row = {"payload": line.line(), "kind": "news", "source": "coindesk", "line": 0, "object_key": "k",
           "fetch_date": None, "fetched_at": None}  # fmt: skip
    taken.add([row], parser=broken)
    assert [fault["fault"] for fault in taken.faults] == ["the parser failed: RecursionError"]


def test_the_faults_of_one_line_are_bounded() -> None:
    taken, line = Taken(), landed(document())
    row = {"payload": line.line(), "kind": "news", "source": "coindesk", "line": 0, "object_key": "k",
           "fetch_date": None, "fetched_at": None}  # fmt: skip
    taken.add([row], parser=lambda _: Parsed(faults=tuple(f"item {n}" for n in range(MOST_FAULTS + 7))))
    assert len(taken.faults) == MOST_FAULTS + 1
    assert taken.faults[-1]["fault"] == "and 7 more"


# -- any order, any batches -------------------------------------------------------------------------------------------

documents = st.builds(
    lambda url, title, source, hour, fetch, body, removed: document(
        url=f"https://{source if url == 'own' else 'x'}.example/{url}", title=TITLES[title], source=source,
        published_at_us=T0 + hour * HOUR, fetched_at_us=T0 + (200 + fetch) * HOUR, body="word " * body,
        removed=removed, symbols=("BTC",) if body else (),
    ),
    url=st.sampled_from(["a", "b", "c", "own"]), title=st.integers(0, 2), source=st.sampled_from(["s", "t"]),
    hour=st.sampled_from([0, 1, 30, 49, 60, 110]), fetch=st.integers(0, 2), body=st.integers(0, 2),
    removed=st.sampled_from([False, False, False, True]),
)  # fmt: skip


def wanted(told: Sequence[Document]) -> set[tuple[Any, ...]]:
    """Plain Python's stories: day, name, text, sources, all documents."""
    newest: dict[tuple[str, str], Document] = {}
    for each in told:
        before = newest.get((each.document_id, each.source))
        if before is None or each.fetched_at_us > before.fetched_at_us:
            newest[each.document_id, each.source] = each
    groups: dict[str, list[Document]] = defaultdict(list)
    for each in newest.values():
        groups[each.document_id].append(each)

    def said(group: list[Document]) -> Document:
        return min(group, key=lambda d: (d.removed, 0 if d.removed else -len(d.body), d.source))

    def when(group: list[Document]) -> tuple[int, str]:
        return min(d.published_at_us for d in group), group[0].document_id

    titles: dict[str, list[list[Document]]] = defaultdict(list)
    for group in groups.values():
        text = said(group)
        alone = text.removed or text.title == TITLES[2]
        titles[group[0].document_id if alone else text.title].append(group)
    found = set()
    for several in titles.values():
        runs: list[list[list[Document]]] = []
        for group in sorted(several, key=when):
            if runs and when(group)[0] - when(runs[-1][0])[0] <= 48 * HOUR:
                runs[-1].append(group)
            else:
                runs.append([group])
        for run in runs:
            text, sources = said(run[0]), sorted({d.source for group in run for d in group})
            ids = tuple(group[0].document_id for group in run)
            found.add((when(run[0]), "" if text.removed else text.body, tuple(sources), ids))
    return found


def scored(told: Sequence[Document]) -> set[tuple[str, str, int]]:
    """Document, text and fetch of the scores that stay: none of what a source took back at that time or later."""
    newest: dict[tuple[str, str], int] = {}
    for each in told:
        back = max([d.fetched_at_us for d in told if d.removed and d.document_id == each.document_id], default=0)
        if not each.removed and each.fetched_at_us > back:
            key = each.document_id, text_hash(each.title)
            newest[key] = max(each.fetched_at_us, newest.get(key, 0))
    return {(*key, fetched_at_us) for key, fetched_at_us in newest.items()}


def distinct(told: Sequence[Document]) -> list[Document]:
    """One document of each id, source and fetch: of one moment a source says one thing."""
    return list({(each.document_id, each.source, each.fetched_at_us): each for each in told}.values())


@settings(max_examples=25, deadline=None)
@given(st.lists(documents, min_size=1, max_size=12), st.integers(0, 2**32), st.integers(1, 4))
def test_stories_equal_plain_python_s_in_any_order_and_batches(
    tmp_path_factory: pytest.TempPathFactory, told: list[Document], seed: int, size: int
) -> None:
    told, dice = distinct(told), random.Random(seed)
    lake = NewsLake(Lake(tmp_path_factory.mktemp("lake")), limits=BatchLimits(max_rows=size))
    again = [*told, *dice.sample(told, len(told) // 2)]  # some are told again
    order = [landed(each, request=f"{number}") for number, each in enumerate(again)]
    order += [landed_scores(score(each), fetched_at_us=each.fetched_at_us) for each in told if not each.removed]
    dice.shuffle(order)
    for first in range(0, len(order), 6):
        lake.land(*order[first : first + 6])
        if dice.random() < 0.3:
            lake.begin()
        lake.refresh()
    found = {
        ((round(row["published_at"].timestamp()) * 1_000_000, row["document_id"]), row["body"],
         tuple(row["sources"]), tuple(row["told_as"]))
        for row in lake.rows(SILVER_DOCUMENTS)
    }  # fmt: skip
    assert found == wanted(told)
    scores = {
        (row["document_id"], row["text_hash"], round(row["fetched_at"].timestamp()) * 1_000_000)
        for row in lake.rows(SILVER_SCORES)
    }
    assert scores == scored(told)
    before = lake.all_rows(SILVER)
    lake.jobs["stories"].rebuild(SILVER)
    assert lake.all_rows(SILVER) == before


def test_two_tellings_of_one_moment_come_to_the_same_whichever_is_first(tmp_path: Path) -> None:
    found = []
    for turned in (False, True):
        lake = NewsLake(Lake(tmp_path / str(turned)))
        lines = [landed(document(body="one")), landed(document(body="two"))]
        lines += [landed(value(value="1")), landed(value(value="2"))]
        lines += [landed_scores(score(document(), 0.1)), landed_scores(score(document(), 0.2))]
        for line in reversed(lines) if turned else lines:
            lake.land(line)
            lake.refresh()
        found.append(lake.all_rows(SILVER))
    assert found[0] == found[1]


def test_what_is_there_already_is_not_written_again(lake: NewsLake) -> None:
    lake.land(landed(document()), landed(value()), landed_scores(score(document())))
    lake.refresh()
    before = lake.versions(SILVER)
    lake.land(landed(document(), request="asked again"), landed(value(), request="asked again"))
    lake.refresh()
    assert lake.versions(SILVER) == before
