"""What the newsroom says is what the fetchers ask for and the parsers read: no fault, and stories told twice."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from embedded.newsroom import Newsroom
from lambdas.batch import BatchFailedError
from lambdas.news.handler import news
from lambdas.social.handler import social
from tapehouse.document import Document, title_key
from tapehouse.documents import Parsed, parse
from tapehouse.landing import Landing

NOON_US = int(datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()) * 1_000_000
KEYS = {
    "TAPEHOUSE_NEWS_SOURCES": "alphavantage,finnhub,coindesk,cointelegraph",
    "TAPEHOUSE_SOCIAL_SOURCES": "fear-greed,reddit",
    "ALPHAVANTAGE_KEY": "newsroom-key",
    "FINNHUB_TOKEN": "newsroom-token",
    "REDDIT_CLIENT_ID": "newsroom",
    "REDDIT_CLIENT_SECRET": "newsroom-secret",
    "REDDIT_USER_AGENT": "linux:tapehouse:test (by /u/nobody)",
}
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "recorded"


class Home:
    """Both batches at one newsroom, and what they landed."""

    def __init__(self, room: Newsroom, folder: Path) -> None:
        self.room, self.landing = room, Landing(folder)
        urls = ",".join(f"{name}={url}" for name, url in room.addresses.items())
        self._environ = {**KEYS, "TAPEHOUSE_LANDING": str(folder), "TAPEHOUSE_SOURCE_URLS": urls}
        self.slept: list[float] = []

    def run(self, day: str) -> dict[str, str]:
        """Source → outcome."""
        told: dict[str, str] = {}
        for batch in (news, social):
            found = batch(self._environ, clock=lambda: NOON_US, sleep=self.slept.append)({"date": day})
            told |= {name: each["outcome"] for name, each in found["sources"].items()}
        return told

    def parsed(self) -> Iterator[Parsed]:
        for key in self.landing.keys(""):
            yield from (parse(line) for line in self.landing.read(key))

    def documents(self) -> list[Document]:
        return [document for parsed in self.parsed() for document in parsed.documents]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Newsroom(clock=lambda: NOON_US) as room:
        yield Home(room, tmp_path / "landing")


def test_a_day_lands_and_is_read_without_a_fault(home: Home) -> None:
    assert set(home.run("2026-11-28").values()) == {"landed"}
    assert [fault for parsed in home.parsed() for fault in parsed.faults] == []
    by_source = Counter(document.source for document in home.documents())
    assert by_source.keys() == {"alphavantage", "finnhub", "coindesk", "cointelegraph", "reddit"}
    assert min(by_source.values()) >= 20
    (first, *_) = values = [value for parsed in home.parsed() for value in parsed.values]
    assert (first.kind, first.name, len(values)) == ("index", "fear-greed", 3)
    assert all(document.published_at_us <= NOON_US for document in home.documents())
    assert all(document.title or document.body for document in home.documents() if not document.removed)


def test_one_story_comes_from_several_sources_by_address_and_by_title(home: Home) -> None:
    home.run("2026-11-28")
    told: dict[str, set[str]] = {}
    for document in home.documents():
        if document.kind == "news":
            told.setdefault(document.document_id, set()).add(document.source)
    assert sum(len(sources) > 1 for sources in told.values()) > 10
    titles: dict[str | None, set[str]] = {}
    for document in home.documents():
        if document.kind == "news":
            titles.setdefault(title_key(document.title), set()).add(document.document_id)
    assert 2 in {len(ids) for ids in titles.values()}


def test_the_vendor_s_scores_and_every_asset_are_there(home: Home) -> None:
    home.run("2026-11-28")
    scored = [document for document in home.documents() if document.source == "alphavantage"]
    assert {each.symbol for document in scored for each in document.vendor_sentiment} > {"BTC", "ETH", "SOL", "XRP"}
    tagged = {symbol for document in home.documents() for symbol in document.symbols}
    assert tagged == {"BTC", "ETH", "SOL", "XRP", "DOGE"}


def test_a_second_run_finds_nothing_new(home: Home) -> None:
    home.run("2026-11-29")
    before = list(home.landing.keys(""))
    again = home.run("2026-11-29")
    assert {again[name] for name in ("coindesk", "cointelegraph", "finnhub", "alphavantage")} == {"nothing new"}
    assert list(home.landing.keys("news/")) == [key for key in before if key.startswith("news/")]


def test_impatience_is_waited_for_and_the_end_of_the_day_is_told_without_the_key(home: Home) -> None:
    home.room.faults.set({"information": "too-fast", "information_times": "2"})
    assert home.run("2026-11-28")["alphavantage"] == "landed"
    assert {2.0, 4.0} <= set(home.slept)
    home.room.faults.set({"information": "day-over", "information_times": "1"})
    with pytest.raises(BatchFailedError, match="the day's requests are used up") as failed:
        home.run("2026-11-27")
    assert "newsroom-key" not in str(failed.value)


@pytest.mark.recorded
def test_what_was_recorded_is_landed_as_it_is(tmp_path: Path) -> None:
    if not (RECORDED.parent / "news").is_dir():
        reason = f"the recorded news are not in {RECORDED.parent}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with Newsroom(recordings=RECORDED, clock=lambda: NOON_US) as room:
        home = Home(room, tmp_path / "landing")
        told = home.run("2026-11-28")
        assert {name for name, outcome in told.items() if outcome == "landed"} == {"alphavantage", "finnhub", "reddit"}
        assert {told[name] for name in ("coindesk", "cointelegraph", "fear-greed")} == {"empty"}
        bodies = {line.body for key in home.landing.keys("news/finnhub/") for line in home.landing.read(key)}
        assert bodies == {(RECORDED.parent / "news" / "finnhub_news-general_2024-11-27.json").read_bytes()}
        by_source = Counter(document.source for document in home.documents())
    assert (by_source["finnhub"], by_source["reddit"]) == (2, 100)
    assert by_source["alphavantage"] == 5 * 21
