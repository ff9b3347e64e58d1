"""Gold of the news: what a day's stories come to, by hand; and the same tables however they came."""

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehouse.document import Document
from tapehouse.lake import Lake
from tapehouse.landing import Landed
from tapehouse.score import text_hash
from tapehouse.tables import (
    GOLD_KEYWORDS_DAILY,
    GOLD_NEWS,
    GOLD_SENTIMENT_DAILY,
    GOLD_SENTIMENT_VS_PRICE,
    MOST_PHRASES,
)
from tests.glue_jobs.news_lake import DAY, GOLD, HOUR, T0, NewsLake, document, landed, landed_scores, score

NEXT = DAY + timedelta(days=1)
BEFORE = DAY - timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> NewsLake:
    return NewsLake(Lake(tmp_path))


def story(name: str, sentiment: float | None, **words: Any) -> tuple[Document, Landed]:
    """A story with its title's score."""
    of = document(url=f"https://coindesk.com/{name}", title=f"Story of the day {name}", **words)
    return of, landed_scores(score(of, sentiment, symbols=of.symbols))


def tell(lake: NewsLake, *stories: tuple[Document, Landed]) -> None:
    for of, scores in stories:
        lake.land(landed(of), scores)
    lake.refresh()


def moods(lake: NewsLake) -> dict[tuple[date, str, str], dict[str, Any]]:
    return {(row["published_date"], row["symbol"], row["source"]): row for row in lake.rows(GOLD_SENTIMENT_DAILY)}


def test_a_story_without_scores_is_news_already_and_gets_them_when_they_come(lake: NewsLake) -> None:
    of, scores = story("a", 0.5, symbols=("BTC",))
    lake.land(landed(of))
    lake.refresh()
    (row,) = lake.rows(GOLD_NEWS)
    assert (row["title"], row["sentiment"], row["label"], row["scorer"]) == (of.title, None, None, None)
    assert lake.rows(GOLD_SENTIMENT_DAILY) == []
    lake.land(scores)
    lake.refresh()
    (row,) = lake.rows(GOLD_NEWS)
    assert (row["sentiment"], row["label"], row["scorer"], row["joy"]) == (0.5, "bullish", "own:1", 0.25)
    assert set(moods(lake)) == {(DAY, a, b) for a in ("ALL", "BTC") for b in ("ALL", "coindesk")}


def test_scores_that_come_before_their_story_wait_for_it(lake: NewsLake) -> None:
    of, scores = story("a", 0.5)
    lake.land(scores)
    lake.refresh()
    assert lake.rows(GOLD_NEWS) == []
    lake.land(landed(of))
    lake.refresh()
    assert [row["sentiment"] for row in lake.rows(GOLD_NEWS)] == [0.5]


def test_mood_is_the_mean_of_title_and_content_and_summary_counts_not(lake: NewsLake) -> None:
    of = document(body="b" * 400, author="Ann")
    fields = [("title", of.title, 0.2), ("content", of.body, -0.4), ("summary", "s", 1.0)]
    scores = [
        score(of, value, field=field, text_hash=text_hash(text), summary=f"of {field}", key_phrases=(field, "Same"))
        for field, text, value in fields
    ]
    lake.land(landed(of), landed_scores(*scores))
    lake.refresh()
    (row,) = lake.rows(GOLD_NEWS)
    assert row["sentiment"] == pytest.approx(-0.1)
    assert (row["label"], row["summary"]) == ("neutral", "of content")
    assert row["key_phrases"] == ["title", "same", "content"]
    assert row["symbols"] == ["BTC"]
    assert all(word in row["search_text"] for word in ("bitcoin rises", "bbb", "same", "btc", "ann"))


def test_the_score_of_the_text_as_it_is_now_counts(lake: NewsLake) -> None:
    of, scores = story("a", 0.5)
    old = landed_scores(score(of, -0.9, text_hash=text_hash("another title")), fetched_at_us=T0 + 90 * HOUR)
    lake.land(landed(of), old, scores)
    lake.refresh()
    assert [row["sentiment"] for row in lake.rows(GOLD_NEWS)] == [0.5]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_newest_scorer_counts_in_whatever_order_and_of_whatever_fetch(
    lake: NewsLake, order: tuple[int, ...]
) -> None:
    """A newer fetch of the same text is no reason to take the word of an older scorer."""
    of = document()
    said = [("words:9-ff", -0.9, 30), ("words:10-00", 0.5, 26), ("own:zz", 0.1, 50)]
    scores = [
        landed_scores(score(of, value, scorer=scorer), fetched_at_us=T0 + hours * HOUR) for scorer, value, hours in said
    ]
    lake.land(landed(of))
    for place in order:
        lake.land(scores[place])
        lake.refresh()
    (row,) = lake.rows(GOLD_NEWS)
    assert (row["scorer"], row["sentiment"]) == ("words:10-00", 0.5)


def test_a_day_s_mood_by_hand(lake: NewsLake) -> None:
    tell(
        lake,
        story("a", -0.35, symbols=("BTC",)),
        story("b", -0.15, symbols=("BTC", "ETH")),
        story("c", 0.1, symbols=("BTC",), source="x"),
        story("d", 0.15, symbols=("BTC",)),
        story("e", 0.35),
        story("f", None, symbols=("SOL",)),
        story("g", 1.0, published_at_us=T0 + 30 * HOUR),
    )
    found = moods(lake)
    row = found[DAY, "ALL", "ALL"]
    bands = ("bearish", "somewhat_bearish", "neutral_count", "somewhat_bullish", "bullish")
    assert [row[name] for name in bands] == [1, 1, 1, 1, 1]
    assert (row["documents"], row["min_sentiment"], row["max_sentiment"]) == (5, -0.35, 0.35)
    assert row["mean_sentiment"] == pytest.approx(0.02)
    assert row["std_sentiment"] == pytest.approx(0.27295, abs=1e-5)
    assert row["joy"] == 0.25
    assert found[DAY, "BTC", "x"]["documents"] == 1
    assert found[DAY, "BTC", "x"]["std_sentiment"] is None
    assert (DAY, "SOL", "ALL") not in found
    assert found[NEXT, "ALL", "ALL"]["documents"] == 1


def test_an_asset_called_all_is_all_as_it_is(lake: NewsLake) -> None:
    tell(lake, story("a", 0.5, symbols=("ALL",)), story("b", -0.5))
    assert {key[1:]: row["documents"] for key, row in moods(lake).items()} == {
        ("ALL", "ALL"): 2,
        ("ALL", "coindesk"): 2,
    }


def test_a_mood_is_of_one_scorer(lake: NewsLake) -> None:
    of = document(body="b" * 400)
    both = [score(of, 0.2, field=field, text_hash=text_hash(text), scorer="own:1") for field, text in
            (("title", of.title), ("content", of.body))]  # fmt: skip
    lake.land(landed(of), landed_scores(*both), landed_scores(score(of, -1.0, scorer="own:2")))
    lake.refresh()
    assert [(row["sentiment"], row["scorer"]) for row in lake.rows(GOLD_NEWS)] == [(0.2, "own:1")]


def test_a_story_that_two_sources_tell_is_one_of_all_and_one_of_each(lake: NewsLake) -> None:
    of, scores = story("a", 0.5)
    lake.land(landed(of), landed(document(url=of.url, title=of.title, source="other")), scores)
    lake.refresh()
    assert {key[2]: row["documents"] for key, row in moods(lake).items()} == {"ALL": 1, "coindesk": 1, "other": 1}


def test_what_its_source_took_back_is_gone_from_gold(lake: NewsLake) -> None:
    post = {"kind": "social", "source": "reddit", "author": "somebody", "body": "my secret"}
    of, scores = story("a", 0.5, **post)
    tell(lake, (of, scores), story("b", 0.1))
    gone = document(url=of.url, title=of.title, removed=True, fetched_at_us=T0 + 90 * HOUR, **post)
    lake.land(landed(gone))
    lake.refresh()
    assert [row["title"] for row in lake.rows(GOLD_NEWS)] == ["Story of the day b"]
    assert moods(lake)[DAY, "ALL", "ALL"]["documents"] == 1
    assert "secret" not in str(lake.all_rows(GOLD))


def test_keywords_are_those_of_most_stories_and_bounded(lake: NewsLake) -> None:
    many = tuple(f"phrase {number:03}" for number in range(MOST_PHRASES + 5))
    for name, sentiment, phrases in [("a", 0.5, ("ETF flows", *many)), ("b", -0.1, ("etf flows",)), ("c", None, ())]:
        of = document(url=f"https://coindesk.com/{name}", title=f"Story of the day {name}")
        lake.land(landed(of), landed_scores(score(of, sentiment, key_phrases=phrases, symbols=())))
    lake.refresh()
    rows = sorted(lake.rows(GOLD_KEYWORDS_DAILY), key=lambda row: row["place"])
    assert [row["phrase"] for row in rows[:2]] == ["etf flows", "phrase 000"]
    assert (rows[0]["documents"], rows[0]["mean_sentiment"], len(rows)) == (2, pytest.approx(0.2), MOST_PHRASES)


def test_mood_stands_beside_what_the_price_did(lake: NewsLake) -> None:
    tell(lake, story("a", 0.5, symbols=("BTC",)), story("b", 0.1, symbols=("SOL",)))
    lake.trade({("kraken", "BTC-USD", DAY): "110", ("ALL", "ETH-USD", DAY): "5"})
    lake.refresh()
    (row,) = lake.rows(GOLD_SENTIMENT_VS_PRICE)
    assert (row["symbol"], row["close"], row["documents"], row["mean_sentiment"]) == ("BTC-USD", Decimal(110), 1, 0.5)
    assert (row["return_pct"], row["next_return_pct"], row["trade_count"]) == (None, None, 7)
    days = {("kraken", "BTC-USD", day): price for day, price in [(BEFORE, "100"), (DAY, "110"), (NEXT, "99")]}
    lake.trade(days)
    lake.refresh()
    (row,) = lake.rows(GOLD_SENTIMENT_VS_PRICE)
    assert (row["return_pct"], row["next_return_pct"]) == (pytest.approx(10), pytest.approx(-10))


def test_a_mood_that_comes_after_the_candles_finds_them(lake: NewsLake) -> None:
    lake.trade({("kraken", "BTC-USD", DAY): "110"})
    lake.refresh()
    assert lake.rows(GOLD_SENTIMENT_VS_PRICE) == []
    tell(lake, story("a", 0.5, symbols=("BTC",)))
    assert len(lake.rows(GOLD_SENTIMENT_VS_PRICE)) == 1


def test_days_without_stories_are_not_computed_for_a_candle(lake: NewsLake) -> None:
    tell(lake, story("a", 0.5, symbols=("BTC",)))
    lake.trade({("kraken", "BTC-USD", DAY): "110"})
    lake.refresh()
    before = lake.versions(GOLD)
    lake.trade({("kraken", "BTC-USD", day): "110" for day in (DAY, DAY + timedelta(days=9))})
    lake.refresh()
    assert lake.versions(GOLD) == before


told = st.tuples(
    st.sampled_from("abc"), st.sampled_from([0, 20, 23.99, 24.0, 50]), st.sampled_from(["s", "t"]),
    st.integers(0, 2), st.sampled_from([False, False, True]), st.sampled_from([-0.9, 0.0, 0.2, None]),
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.lists(told, min_size=1, max_size=8, unique_by=lambda each: each[:3]), st.integers(0, 2**32))
def test_any_order_and_batches_come_to_the_same_tables(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, float, str, int, bool, float | None]], seed: int
) -> None:
    dice, lines = random.Random(seed), []
    for number, (name, hour, source, fetch, removed, sentiment) in enumerate(told):
        of = document(
            url=f"https://x.example/{name}", title=f"Story of the day {name}", source=source, body=f"text {source}",
            published_at_us=T0 + int(hour * HOUR), fetched_at_us=T0 + (100 + fetch) * HOUR + number, removed=removed,
            symbols=("BTC",),
        )  # fmt: skip
        scores = score(of, sentiment, scorer=f"own:{number % 2}")
        lines += [landed(of), landed_scores(scores, fetched_at_us=of.fetched_at_us)]
    candles = {("kraken", "BTC-USD", DAY + timedelta(days=n)): f"{100 + n}" for n in range(-1, 4)}
    at_once = NewsLake(Lake(tmp_path_factory.mktemp("at-once")))
    at_once.land(*lines)
    at_once.trade(candles)
    at_once.refresh()
    piecewise = NewsLake(Lake(tmp_path_factory.mktemp("piecewise")))
    order = [*lines, *dice.sample(lines, len(lines) // 2)]
    dice.shuffle(order)
    for first in range(0, len(order), 3):
        piecewise.land(*order[first : first + 3])
        piecewise.trade(dict(list(candles.items())[: dice.randrange(len(candles) + 1)]))
        piecewise.refresh()
    piecewise.trade(candles)
    piecewise.refresh()
    assert piecewise.all_rows() == at_once.all_rows()
    for name in ("news", "sentiment_vs_price"):
        piecewise.jobs[name].rebuild(
            [table for table in GOLD if (table is GOLD_SENTIMENT_VS_PRICE) != (name == "news")]
        )
    assert piecewise.all_rows() == at_once.all_rows()
