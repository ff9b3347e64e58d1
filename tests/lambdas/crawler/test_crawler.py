"""Tasks, run against a site on loopback: what is landed, what fails, and what is never asked."""

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from lambdas.crawler.crawler import TaskFailedError, TaskUnfinishedError
from lambdas.crawler.guard import ForbiddenAddressError
from lambdas.crawler.model import MOST_LINKS
from lambdas.crawler.walk import ForeignHostError, OutOfTimeError, StepFailedError
from tapehouse.documents import parse
from tests.lambdas.crawler.crawling import LINKS, NOW_US, Home, each, linking
from tests.lambdas.crawler.site import Page

WORDS = "Bitcoin rose above sixty thousand dollars on Saturday, and traders said why. "
STORY = f"""<html><head><title>Site</title><meta name="author" content="Ada">
<meta property="article:published_time" content="2026-11-29T02:00:00Z"></head>
<body><nav>Menu</nav>
<article><h1>The story</h1><p>{WORDS * 6}</p></article>
<p class=tag>btc</p><p class=tag>eth</p></body>"""
PRICE: dict[str, Any] = {"kind": "price", "value": {"selector": "#p"}, "symbol": "BTC-USD"}


def failed(home: Home, *steps: Any, **changed: Any) -> TaskFailedError:
    with pytest.raises(TaskFailedError) as caught:
        home.run(*steps, **changed)
    return caught.value


def test_a_page_is_landed_as_one_line_of_one_object(home: Home) -> None:
    home.site.pages["/start"] = Page(STORY)
    said = home.run()
    assert said == {"task": "news", "pages": 1, "passed_over": [], "links_left": 0, "object": "key"}
    ((line,),) = home.landed
    url = home.site.url("/start", host="one.test")
    assert (line.kind, line.source, line.request, line.status) == ("page", "news", f"GET {url}", 200)
    assert (line.fetched_at_us, line.content_type) == (NOW_US, "application/json")
    (body,) = home.bodies
    assert WORDS.strip() in body.pop("text")
    assert body == {
        "task": "news", "url": url, "title": "Site", "author": "Ada", "published_at_us": 1_795_917_600_000_000,
        "links": [], "extracted": {}, "values": [],
    }  # fmt: skip


def test_what_is_extracted_stands_in_the_line_and_a_field_in_the_pages_stead(home: Home) -> None:
    home.site.pages["/start"] = Page(STORY + '<a href="/x#y">x</a>')
    home.run(
        {"checkPresence": "article"},
        {
            "extract": [
                {"selector": "h1", "as": "text", "name": "title"},
                {"selector": "article p", "as": "text", "name": "text"},
                {"selector": ".tag", "as": "text", "name": "tags", "all": True},
                {"selector": ".tag", "as": "text", "name": "first"},
                {"selector": ".none", "as": "text", "name": "none"},
                {"selector": "a", "as": "href", "name": "link"},
            ]
        },
    )
    (body,) = home.bodies
    link = home.site.url("/x", host="one.test")
    assert (body["title"], body["text"], body["links"]) == ("The story", (WORDS * 6).strip(), [link])
    assert body["extracted"] == {"tags": ["btc", "eth"], "first": "btc", "none": None, "link": link}


def test_a_nested_task_goes_through_the_links(home: Home) -> None:
    home.site.pages |= {"/start": Page(linking("/1", "/2", "/1#again")), "/1": Page(STORY), "/2": Page("<h1>Two</h1>")}
    home.run(LINKS, each({"checkPresence": "h1"}))
    assert home.site.paths == ["/robots.txt", "/start", "/1", "/2"]
    assert [body["url"].rpartition("/")[2] for body in home.bodies] == ["1", "2", "start"]
    assert len(home.landed) == 1
    assert home.bodies[-1]["text"] == "", "a list of links is no article"
    assert len(home.bodies[-1]["links"]) == 2


def test_tasks_nest_in_nested_tasks(home: Home) -> None:
    home.site.pages |= {"/start": Page(linking("/a", "/b")), "/a": Page(linking("/a1", "/a2")), "/b": Page(linking())}
    home.site.pages |= {"/a1": Page("<h1>1</h1>"), "/a2": Page("<h1>2</h1>")}
    inner = {"extract": [{"selector": "a", "as": "href", "name": "deeper", "all": True}]}
    home.run(LINKS, each(inner, each(over="deeper")))
    assert home.site.paths[1:] == ["/start", "/a", "/a1", "/a2", "/b"]


def test_a_single_link_is_navigated_to(home: Home) -> None:
    home.site.pages |= {"/start": Page(linking("/next")), "/next": Page("<h1>Next</h1>")}
    one = {"extract": [{"selector": "a", "as": "href", "name": "next"}]}
    home.run(one, {"navigate": "$next"}, {"checkPresence": "h1"})
    assert [body["title"] for body in home.bodies] == [home.site.url("/start", host="one.test"), "Next"]
    home.site.pages["/start"] = Page("<main>")
    assert "navigate $next failed" in str(failed(home, one, {"navigate": "$next"}))


def test_a_missing_element_fails_the_task_with_its_selector_and_address(home: Home) -> None:
    home.site.pages["/start"] = Page("<h1>x</h1>")
    error = failed(home, {"checkPresence": "main .price"})
    url = home.site.url("/start", host="one.test")
    assert str(error) == f"task news, after 0 page(s): checkPresence failed on {url}: nothing matches main .price"
    assert home.landed == []


def test_a_failure_in_a_nested_page_costs_no_other_and_is_raised_when_they_are_landed(home: Home) -> None:
    home.site.pages |= {
        "/start": Page(linking("/1", "/2", "/3")),
        "/1": Page("<h1>1"),
        "/2": Page("2"),
        "/3": Page("<h1>3"),
    }
    error = failed(home, LINKS, each({"checkPresence": "h1"}))
    assert "/2: nothing matches h1" in str(error)
    assert [body["title"] for body in home.bodies[:-1]] == ["1", "3"]


def test_a_run_in_which_many_fail_is_given_up(home: Home) -> None:
    home.site.pages["/start"] = Page(linking(*(f"/{number}" for number in range(50))))
    home.site.pages |= {f"/{number}": Page("<p>") for number in range(50)}
    error = failed(home, LINKS, each({"checkPresence": "h1"}))
    assert "(and 6 more)" in str(error)
    assert len(home.site.asked) == 12


def test_links_that_lead_nowhere_are_passed_over_and_named(home: Home) -> None:
    links = [
        "/gone",
        "http://two.test/",
        "http://169.254.169.254/latest/",
        "/private",
        "/pdf",
        "/1",
        "http://u:hunter2@one.test/",
    ]
    home.site.pages |= {
        "/robots.txt": Page("User-agent: *\nDisallow: /private"),
        "/start": Page(linking(*links)),
        "/1": Page("<h1>1"),
        "/pdf": Page("%PDF", content_type="application/pdf"),
    }
    said = home.run(LINKS, each())
    reasons = [
        "answered 404",
        "hosts do not have two.test",
        "its address is",
        "robots.txt says so",
        "no page",
        "names a user",
    ]
    assert [reason for reason, text in zip(reasons, said["passed_over"], strict=True) if reason not in text] == []
    assert "hunter2" not in str(said["passed_over"])
    assert [body["title"] for body in home.bodies[:-1]] == ["1"]
    assert {asked.host for asked in home.site.asked} == {f"one.test:{home.site.port}"}


def test_a_host_that_the_task_names_is_gone_to(home: Home) -> None:
    home.site.pages |= {"/start": Page(linking(home.site.url("/1", host="two.test"))), "/1": Page("<h1>1")}
    home.run(LINKS, each(), hosts=["two.test"])
    assert [asked.host.partition(":")[0] for asked in home.site.asked] == [
        "one.test",
        "one.test",
        "two.test",
        "two.test",
    ]
    assert home.site.paths == ["/robots.txt", "/start", "/robots.txt", "/1"]


def test_no_more_links_than_200_are_followed_and_the_rest_is_counted(home: Home) -> None:
    home.site.pages["/start"] = Page(linking(*(f"/p?{number}" for number in range(700))))
    home.site.pages["/p"] = Page("<p>")
    said = home.run(LINKS, each({"extract": [{"selector": "p", "as": "text", "name": "text"}]}))
    assert (said["pages"], said["links_left"]) == (MOST_LINKS + 1, 500)
    assert len(home.bodies[-1]["links"]) == 700


def test_pages_that_link_to_each_other_end(home: Home) -> None:
    """A bomb of links: three levels of forty each would be 64,000 pages."""
    for number in range(40):
        home.site.pages[f"/{number}"] = Page(linking(*(f"/{other}" for other in range(40))))
    home.site.pages["/start"] = home.site.pages["/0"]
    level = [{"extract": [{"selector": "a", "as": "href", "name": f"l{n}", "all": True}]} for n in range(3)]
    said = home.run(level[0], each(level[1], each(level[2], each(over="l2"), over="l1"), over="l0"))
    assert said["pages"] == 41
    assert len(home.site.asked) == 42


@pytest.mark.parametrize("body", ["<p>" + "x" * 100_000, "<div>" * 100_000])
def test_an_endless_page_is_cut_off(home: Home, body: str) -> None:
    home.site.pages["/start"] = Page(body, endless=True)
    assert "too large" in str(failed(home))
    home.site.pages["/start"] = Page("<div>" * 100_000)
    assert "elements" in str(failed(home))


def test_a_page_in_trouble_is_tried_again_and_may_be_later(home: Home) -> None:
    home.site.pages["/start"] = Page("", 503)
    error = failed(home)
    assert isinstance(error, TaskUnfinishedError)
    assert home.site.paths.count("/start") == 3


def test_a_redirect_within_the_site_is_followed_and_named(home: Home) -> None:
    home.site.pages |= {"/start": Page(status=302, headers={"Location": "/moved"}), "/moved": Page(linking("x"))}
    home.run(LINKS)
    assert home.bodies[0]["url"] == home.site.url("/moved", host="one.test")
    assert home.bodies[0]["links"] == [home.site.url("/x", host="one.test")]


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/iam/", "is not crawled: its address is"),
        ("http://two.test/", "hosts do not have two.test"),
        ("http://2130706433/", "its IP address is not spelled"),
        ("file:///etc/passwd", "neither http nor https"),
        ("/private", "robots.txt says so"),
    ],
)
def test_a_redirect_goes_nowhere_that_a_link_does_not(home: Home, to: str, why: str) -> None:
    home.site.pages["/robots.txt"] = Page("User-agent: *\nDisallow: /private")
    home.site.pages["/start"] = Page(status=302, headers={"Location": to})
    assert why in str(failed(home))
    assert home.site.paths == ["/robots.txt", "/start"]


def test_a_name_that_is_rebound_between_check_and_connection_reaches_nothing(home: Home) -> None:
    """Each request resolves once: robots.txt here, and the page where the name leads by then."""
    home.resolver.names["one.test"] = ["127.0.0.1", "169.254.169.254"]
    home.site.pages["/start"] = Page("<h1>x")
    assert "one.test leads to 169.254.169.254" in str(failed(home))
    assert home.site.paths == ["/robots.txt"]


def test_robots_txt_is_asked_before_the_first_page(home: Home) -> None:
    home.site.pages |= {"/robots.txt": Page("User-agent: *\nDisallow: /"), "/start": Page("<h1>x")}
    assert "robots.txt says so" in str(failed(home))
    home.site.pages["/robots.txt"] = Page("", 500)
    home.site.asked.clear()
    assert isinstance(failed(home), TaskUnfinishedError)
    assert set(home.site.paths) == {"/robots.txt"}


def test_requests_of_a_host_are_as_far_apart_as_it_says(home: Home) -> None:
    home.site.pages |= {"/robots.txt": Page("User-agent: *\nCrawl-delay: 3"), "/start": Page(linking("/1", "/2"))}
    home.site.pages |= {"/1": Page("<p>"), "/2": Page("<p>")}
    home.run(LINKS, each())
    assert home.slept == [3, 3, 3]


def test_a_run_that_takes_too_long_lands_what_it_read_and_fails(home: Home) -> None:
    home.site.pages["/start"] = Page(linking(*(f"/p?{number}" for number in range(50))))
    home.site.pages["/p"] = Page("<p>")
    with pytest.raises(TaskUnfinishedError, match="not done within 20 s"):
        home.run(LINKS, each(), within_s=20.0)
    assert 10 < len(home.bodies) < 25


def test_a_price_is_landed_as_exact_text(home: Home) -> None:
    home.site.pages["/start"] = Page("<title>BTC</title><span id=p>$64,000.12</span>")
    home.run(**PRICE)
    (body,) = home.bodies
    value = {"name": "BTC-USD", "value": "64000.12", "unit": "USD", "observed_at_us": NOW_US}
    assert (body["values"], body["text"], body["title"]) == ([value], "", "BTC")
    assert home.landed[0][0].kind == "price"


def test_of_a_prices_pages_only_the_one_with_it_is_landed(home: Home) -> None:
    home.site.pages |= {"/start": Page(linking("/next")), "/next": Page("<b id=p>$64,000.12</b>")}
    home.run({"extract": [{"selector": "a", "as": "href", "name": "next"}]}, {"navigate": "$next"}, **PRICE)
    assert [body["values"][0]["value"] for body in home.bodies] == ["64000.12"]


def test_what_is_landed_is_read_as_documents_and_values(home: Home) -> None:
    """By the one reader of the landing."""
    home.site.pages |= {"/start": Page(linking("/1")), "/1": Page(STORY)}
    home.run(LINKS, each())
    home.site.pages["/start"] = Page("<b id=p>$64,000.12</b>")
    home.run(**PRICE)
    parsed = [parse(line) for lines in home.landed for line in lines]
    assert [fault for each in parsed for fault in each.faults] == []
    story = parsed[0].documents[0]
    assert (story.kind, story.title, story.author, story.published_at_us) == (
        "page",
        "Site",
        "Ada",
        1_795_917_600_000_000,
    )
    assert [(value.name, value.value, value.unit) for each in parsed for value in each.values] == [
        ("BTC-USD", "64000.12", "USD")
    ]


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<p>", "nothing with a text matches #p"),
        ("<b id=p>soon</b>", "it has no numbers"),
        ("<b id=p>64,000</b>", "give a locale"),
        ("<b id=p>€ 64000.5</b>", "it has the sign €"),
        ("<b id=p>1.5</b><b id=p>2.5</b>", "matches 2 texts that differ"),
    ],
)
def test_what_is_no_price_fails_the_task_and_lands_nothing(home: Home, html: str, why: str) -> None:
    home.site.pages["/start"] = Page(html)
    assert why in str(failed(home, **PRICE))
    assert home.landed == []


def test_a_page_in_another_charset_is_read(home: Home) -> None:
    home.site.pages["/start"] = Page("<title>Größe</title>".encode("cp1252"), content_type="text/html; charset=latin1")
    home.run()
    assert home.bodies[0]["title"] == "Größe"


def test_a_task_that_needs_javascript_needs_a_browser(home: Home) -> None:
    assert "TAPEHOUSE_CRAWL_BROWSER" in str(failed(home, javascript=True))
    assert home.site.asked == []


def test_a_browser_renders_what_the_site_and_the_guard_allow(home: Home, tmp_path: Path) -> None:
    program = tmp_path / "browser.py"
    program.write_text("import sys\nprint('<title>' + sys.argv[-1] + '</title>')")
    crawler = home.crawler(browser=[sys.executable, str(program)])
    crawler.run(home.task(javascript=True))
    assert home.bodies[0]["title"] == home.site.url("/start", host="one.test")
    home.site.pages["/robots.txt"] = Page("User-agent: *\nDisallow: /")
    with pytest.raises(TaskFailedError, match=r"robots\.txt"):
        home.crawler(browser=[sys.executable, str(program)]).run(home.task(javascript=True))
    assert set(home.site.paths) == {"/robots.txt"}


def test_the_errors_survive_pickling() -> None:
    for error in (
        TaskFailedError("a", ["b"], 1), TaskUnfinishedError("a", ["b"], 1), StepFailedError("a", "b", "c"),
        OutOfTimeError(1.0, 2), ForeignHostError("a", "b"), ForbiddenAddressError("a", "b"),
    ):  # fmt: skip
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_line_is_json_whatever_a_page_holds(home: Home) -> None:
    home.site.pages["/start"] = Page("<title>a\x00b \ufffd \U0001f680 &#xd800; &#x2028;</title>")
    home.run()
    assert json.loads(home.landed[0][0].body)["title"]
    assert b"\n" not in home.landed[0][0].line()
