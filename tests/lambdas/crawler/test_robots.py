"""A site's robots.txt is asked for once a day, and what cannot be had allows nothing for now."""

import pickle
from collections.abc import Iterator

import pytest

from lambdas.crawler.guard import ForbiddenAddressError, Guard
from lambdas.crawler.pinned import session
from lambdas.crawler.robots import MOST_BYTES, DisallowedError, Robots, RobotsUnavailableError
from lambdas.http import Http, Limits
from tests.lambdas.crawler.site import Page, Resolver, Site

DAY_US = 24 * 3_600 * 1_000_000


class Clock:
    """µs UTC, as the test says."""

    now_us = 1_796_000_000_000_000

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def robots(clock: Clock, request: pytest.FixtureRequest) -> Iterator[Robots]:
    """Of an agent that the test may name."""
    agent = getattr(request, "param", "tapehouse/0.1")
    guard = Guard(loopback=True, resolve=Resolver(one_test=["127.0.0.1"]))
    limits = Limits(most_bytes=MOST_BYTES, most_wire_bytes=MOST_BYTES, tries=2, deadline_s=10)
    http = Http(limits, session=session(guard), sleep=lambda _: None, check=guard.place)
    yield Robots(http, user_agent=agent, clock=clock)
    http.close()


def text(body: str) -> Page:
    return Page(body, content_type="text/plain")


def test_a_disallowed_path_is_not_crawled_and_another_is(site: Site, robots: Robots) -> None:
    site.pages["/robots.txt"] = text("User-agent: *\nDisallow: /private\nCrawl-delay: 2.5\n")
    assert robots.check(site.url("/news")) == 2.5
    with pytest.raises(DisallowedError, match=r"/private/x is not crawled: its robots\.txt says so"):
        robots.check(site.url("/private/x?token=hunter2"))


@pytest.mark.parametrize("robots", ["tapehouse/0.1", "tapehouse (desk@example.com)", "Tapehouse"], indirect=True)
def test_the_group_of_our_own_name_is_ours(site: Site, robots: Robots) -> None:
    site.pages["/robots.txt"] = text("User-agent: Tapehouse\nDisallow: /\n\nUser-agent: *\nAllow: /\n")
    with pytest.raises(DisallowedError):
        robots.check(site.url("/"))


def test_it_is_asked_once_a_day_and_origin(site: Site, robots: Robots, clock: Clock) -> None:
    for _ in range(3):
        robots.check(site.url("/a"))
    robots.check(site.url("/a", host="one.test"))
    assert [each.host for each in site.asked] == [f"127.0.0.1:{site.port}", f"one.test:{site.port}"]
    clock.now_us += DAY_US
    robots.check(site.url("/a"))
    assert site.paths == ["/robots.txt"] * 3
    assert site.asked[0].headers["user-agent"].startswith("tapehouse/")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_site_without_one_allows_all(site: Site, robots: Robots, status: int) -> None:
    site.pages["/robots.txt"] = Page("User-agent: *\nDisallow: /", status)
    assert robots.check(site.url("/a")) == 0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_site_in_trouble_allows_nothing_for_now(site: Site, robots: Robots, clock: Clock, status: int) -> None:
    site.pages["/robots.txt"] = Page("", status)
    for _ in range(3):
        with pytest.raises(RobotsUnavailableError, match=str(status)):
            robots.check(site.url("/a"))
    assert len(site.asked) == 2, "it is tried twice, and then left alone for a while"
    site.pages["/robots.txt"] = text("")
    clock.now_us += 300 * 1_000_000
    assert robots.check(site.url("/a")) == 0


def test_nothing_that_answers_allows_nothing(robots: Robots) -> None:
    with pytest.raises(RobotsUnavailableError, match="connection"):
        robots.check("http://127.0.0.1:9/")


def test_redirects_without_end_allow_nothing(site: Site, robots: Robots) -> None:
    site.pages["/robots.txt"] = Page(status=302, headers={"Location": "/robots.txt"})
    with pytest.raises(RobotsUnavailableError):
        robots.check(site.url("/a"))


def test_a_redirect_is_followed_through_the_guard(site: Site, robots: Robots) -> None:
    site.pages["/robots.txt"] = Page(status=301, headers={"Location": "/r"})
    site.pages["/r"] = text("User-agent: *\nDisallow: /a")
    with pytest.raises(DisallowedError):
        robots.check(site.url("/a"))


def test_a_redirect_to_the_metadata_of_a_cloud_is_not(site: Site, robots: Robots) -> None:
    site.pages["/robots.txt"] = Page(status=302, headers={"Location": "http://169.254.169.254/latest/"})
    with pytest.raises(ForbiddenAddressError):
        robots.check(site.url("/a"))


@pytest.mark.parametrize("endless", [True, False])
def test_more_than_is_read_allows_nothing(site: Site, robots: Robots, endless: bool) -> None:
    site.pages["/robots.txt"] = Page("#" * (MOST_BYTES + 1), endless=endless)
    for _ in range(2):
        with pytest.raises(DisallowedError, match="500 KiB"):
            robots.check(site.url("/a"))
    assert len(site.asked) == 1


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"<html>not found</html>", b"User-agent", b":::\n", b"\xef\xbb\xbf"])
def test_one_that_says_nothing_allows_all(site: Site, robots: Robots, body: bytes) -> None:
    site.pages["/robots.txt"] = Page(body)
    assert robots.check(site.url("/a")) == 0


@pytest.mark.parametrize("said", ["nan", "-1", "inf", "x", ""])
def test_a_delay_that_is_none_is_none(site: Site, robots: Robots, said: str) -> None:
    site.pages["/robots.txt"] = text(f"User-agent: *\nCrawl-delay: {said}\n")
    assert 0 <= robots.check(site.url("/a")) < 10


def test_a_byte_order_mark_hides_no_rule(site: Site, robots: Robots) -> None:
    site.pages["/robots.txt"] = text("\ufeffUser-agent: *\nDisallow: /a\n")
    with pytest.raises(DisallowedError):
        robots.check(site.url("/a"))


def test_the_errors_survive_pickling() -> None:
    for error in (DisallowedError("http://x", "why"), RobotsUnavailableError("http://x", "why")):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
