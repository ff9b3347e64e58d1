"""Stories and posts: the same for the same seed and day, spread over it, none of them from the future."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.newsroom.calendar import dice, tone
from embedded.newsroom.desk import COPIES, ORIGINALS, Desk
from embedded.newsroom.fear_greed import FearGreed
from embedded.newsroom.filling import filled
from embedded.newsroom.forum import A_DAY, Forum
from embedded.newsroom.words import ASSETS, CALM, COMMENTS, FALLS, POSTS, RISES, SLOTS, Template, templates
from tapehouse.document import canonical_url, title_key
from tapehouse.intervals import DAY_US

DAY = 20_786  # 2026-11-29
DRAWN = {
    *("asset", "symbol", "other", "other_symbol", "pct", "pct2", "tenths", "millions", "thousands", "hours", "seconds"),
    *("days", "weeks", "events", "pages", "votes", "ordinal", "agency_cap"),
}
BLOCKS = [RISES, FALLS, CALM, *POSTS.values(), *COMMENTS.values()]


def test_there_are_templates_enough_of_every_mood() -> None:
    assert sum(len(templates(block)) for block in (RISES, FALLS, CALM)) >= 60
    assert min(len(templates(block)) for block in (RISES, FALLS, CALM)) >= 15
    assert len({template.topic for template in templates(RISES)}) >= 6
    assert sum(len(templates(block)) for block in POSTS.values()) >= 25


@pytest.mark.parametrize("block", BLOCKS)
def test_every_template_is_whole_and_names_only_what_is_filled(block: str) -> None:
    found = templates(block)
    assert len(set(found)) == len(found)
    for template in found:
        assert template.topic
        assert template.title or template.text
        assert template.slots <= DRAWN | SLOTS.keys()


@pytest.mark.parametrize("block", [RISES, FALLS, CALM])
def test_every_story_names_its_asset_in_its_title(block: str) -> None:
    """Else a title would come again the next day, and be taken for the same story."""
    assert [each.title for each in templates(block) if not {"asset", "symbol"} & _slots(each.title)] == []


def _slots(title: str) -> frozenset[str]:
    return Template("", title, "").slots


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), day=st.integers(14_000, 30_000))
def test_a_day_has_its_stories_all_of_them_on_that_day_and_every_one_told_by_somebody(seed: int, day: int) -> None:
    stories = Desk(seed).of_day(day)
    assert len(stories) == ORIGINALS + COPIES
    assert {story.at_us // DAY_US for story in stories} == {day}
    assert [story.story_id for story in stories] == sorted({story.story_id for story in stories})
    assert [story.at_us for story in stories] == sorted(story.at_us for story in stories)
    assert all(story.paper.source or story.gathered_by for story in stories)
    assert all(set(story.symbols) <= ASSETS.keys() and -1 <= story.score <= 1 for story in stories)
    assert not any("{" in story.title + story.text for story in stories)


def test_the_same_seed_and_day_are_the_same_in_another_process() -> None:
    code = f"from embedded.newsroom.desk import Desk; print(Desk(7).of_day({DAY}))"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    # a set's order is a process' own
    told = [str(story).partition("gathered_by")[0] for story in Desk(7).of_day(DAY)]
    assert [part in done.stdout for part in told] == [True] * len(told)
    assert Desk(7).of_day(DAY) != Desk(8).of_day(DAY)
    assert {story.title for story in Desk(7).of_day(DAY)} != {story.title for story in Desk(7).of_day(DAY + 1)}


def test_some_titles_are_told_twice_a_day_at_two_addresses_and_none_again_within_two_days() -> None:
    desk = Desk(3)
    for day in range(DAY, DAY + 20):
        told = Counter(title_key(story.title) for story in desk.of_day(day))
        assert sorted(told.values()) == [1] * (ORIGINALS - COPIES) + [2] * COPIES
        assert len({canonical_url(story.url) for story in desk.of_day(day)}) == ORIGINALS + COPIES
        later = {title_key(story.title) for each in (day + 1, day + 2) for story in desk.of_day(each)}
        assert not told.keys() & later


def test_nothing_is_from_the_future_and_the_rest_of_the_day_comes_with_its_hours() -> None:
    desk, noon = Desk(1), DAY * DAY_US + DAY_US // 2
    morning = list(desk.newest_first(noon, days=0))
    assert 5 < len(morning) < ORIGINALS
    assert max(story.at_us for story in morning) <= noon
    assert set(morning) < set(desk.newest_first(noon + DAY_US // 4, days=0))
    assert list(desk.oldest_first(DAY * DAY_US, noon)) == morning[::-1]


def test_the_index_follows_the_news() -> None:
    index, desk = FearGreed(5), Desk(5)
    days = range(DAY, DAY + 60)
    glad = [day for day in days if tone(5, day) > 0.2]
    sad = [day for day in days if tone(5, day) < -0.2]
    assert glad
    assert sad
    assert min(index.value(day) for day in glad) > max(index.value(day) for day in sad)
    assert _mean(desk, glad) > 0 > _mean(desk, sad)


def _mean(desk: Desk, days: list[int]) -> float:
    scores = [story.score for day in days for story in desk.of_day(day)]
    return sum(scores) / len(scores)


def test_posts_and_comments_are_thirty_a_day_and_subreddit() -> None:
    forum, now = Forum(1), (DAY + 1) * DAY_US
    posts = forum.of_day("CryptoCurrency", "new", DAY)
    comments = forum.of_day("CryptoCurrency", "comments", DAY)
    assert len(posts) == len(comments) == A_DAY
    assert posts == Forum(1).of_day("cryptocurrency", "new", DAY)
    assert posts != forum.of_day("Bitcoin", "new", DAY)
    begun = {post.name: post.at_us for post in posts}
    assert all(comment.at_us >= begun[comment.under] for comment in comments)
    assert {post.at_us // DAY_US for post in (*posts, *comments)} == {DAY}
    assert [post for post in forum.newest_first("CryptoCurrency", "new", now) if post.at_us >= DAY * DAY_US] == list(
        posts[::-1]
    )


def test_a_template_is_about_another_asset_on_each_of_five_days() -> None:
    (template, *_) = templates(RISES)
    about = [filled(template, 0, day, dice(1, day, "x")).symbols[0] for day in range(DAY, DAY + 5)]
    assert set(about) == ASSETS.keys()
