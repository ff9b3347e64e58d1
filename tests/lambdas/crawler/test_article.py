"""What a page says of itself, however it says it, and nothing where it says none."""

import json
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from lambdas.crawler.article import About, about, article, time_us

NOW_US = 1_796_000_000_000_000  # 2026-11-30
AT_US = 1_795_917_600_000_000  # 2026-11-29T02:00:00Z


def said(html: str) -> About:
    return about(LexborHTMLParser(html), fetched_at_us=NOW_US)


def linked(*objects: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(each)}</script>' for each in objects)


STORY = {
    "@type": "NewsArticle",
    "headline": "A  title",
    "author": {"name": "Ada"},
    "datePublished": "2026-11-29T02:00:00Z",
}


@pytest.mark.parametrize(
    "objects",
    [
        [STORY],
        [[{"@type": "BreadcrumbList"}, STORY]],
        [{"@graph": [{"@type": "Organization", "name": "X"}, STORY]}],
        [{"@type": ["Thing", "BlogPosting"], **{key: STORY[key] for key in STORY if key != "@type"}}],
        [{**STORY, "author": [{"name": "Ada"}, {"name": "Ada"}]}],
        [{**STORY, "author": "Ada"}],
        [{**STORY, "datePublished": "2026-11-29T03:00:00.000+01:00"}],
        ["no object", STORY],
    ],
)
def test_json_ld_is_believed_first(objects: list[Any]) -> None:
    html = linked(*objects) + "<title>T</title><meta name=author content=Bob><h1>H</h1>"
    assert said(html) == About("A title", "Ada", AT_US)


def test_meta_is_next() -> None:
    html = """<title>T</title><meta property="og:title" content="O"><meta name="author" content="Bob">
    <meta property="article:published_time" content="2026-11-29T02:00:00+00:00"><h1>H</h1>"""
    assert said(html) == About("O", "Bob", AT_US)


@pytest.mark.parametrize(("html", "title"), [("<title> T\n1 </title><h1>H</h1>", "T 1"), ("<h1>H</h1>", "H"), ("", "")])
def test_the_title_is_the_pages_or_its_first_heading(html: str, title: str) -> None:
    assert said(html) == About(title, None, None)


@pytest.mark.parametrize(
    "script",
    ["", "{", "[" * 100_000, "null", "5", '{"@type": 5, "headline": 6}', '{"@type":"NewsArticle","author":[[["x"]]]}',
     '{"@type":"NewsArticle","datePublished":{"a":1},"headline":["x"]}', '{"a":' * 900 + "1" + "}" * 900],
)  # fmt: skip
def test_json_ld_that_is_none_says_nothing(script: str) -> None:
    found = said(f'<script type="application/ld+json">{script}</script><title>T</title>')
    assert (found.title, found.published_at_us) == ("T", None)


def test_an_authors_address_is_no_author() -> None:
    assert said('<meta property="article:author" content="https://social.example/ada">').author is None


@pytest.mark.parametrize(
    "text", ["", "2026-11-29", "2026-11-29T02:00:00", "yesterday", "2027-01-01T00:00:00Z", "1969-01-01T00:00:00Z",
             "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"],
)  # fmt: skip
def test_a_time_without_offset_or_to_come_is_none(text: str) -> None:
    assert time_us(text, no_later_than_us=NOW_US) is None


def test_the_article_is_found_without_its_menus() -> None:
    words = "Bitcoin rose above sixty thousand dollars on Saturday, traders said. "
    html = f"<html><body><nav>Home About</nav><article><h1>T</h1><p>{words * 8}</p></article><footer>F</footer></body>"
    found = article(html)
    assert words.strip() in found
    assert "Home" not in found
    assert article("") == article("<html></html>") == ""
