"""Markup that takes minutes to parse is refused in less than a second."""

import time

import pytest
from selectolax.lexbor import LexborHTMLParser

from lambdas.crawler.markup import MOST_ATTRIBUTES, MOST_TAGS, refusal

NAMES = " ".join(f"a{number}" for number in range(200_000))
BOMBS = {
    "deep": "<div>" * 400_000,
    "deep, closed by attributes": '<div a="</div>">' * 100_000,
    "deep, closed in comments": "<div><!--</div>-->" * 100_000,
    "attributes": f"<div {NAMES}>",
    "attributes without end": f"<div {NAMES}",
    "quoted": "<div " + "".join(f'a{number}=">"' for number in range(100_000)) + ">",
    "slashes": "<div" + "".join(f"/a{number}" for number in range(100_000)) + ">",
    "after a false begin": f"<script><!-- <a b=' </script><div {NAMES}>",
    "many with many": ("<p " + " ".join(f"a{number}" for number in range(1_500)) + ">") * 300,
    "quotes": '<a b="' * 1_000,
    "tags in one value": "<a b=c/" + "<a/c=" * 19_000 + "x" * 1_000_000,
}
HARMLESS = {
    "empty": "",
    "a page": "<!doctype html><html><body class='a b'>" + "<p id=x>text</p>" * 9_000 + "</body></html>",
    "text": "a < b and c > d " * 100_000,
    "a large picture": f'<img src="data:image/png;base64,{"A" * 1_500_000}" alt=x>',
    "most attributes": "<div " + " ".join(f"a{number}" for number in range(MOST_ATTRIBUTES)) + ">",
    "most tags": "<div>x</div>" * MOST_TAGS,
    "no end": "<",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once(name: str) -> None:
    began = time.thread_time()
    assert refusal(BOMBS[name])
    assert time.thread_time() - began < 3


@pytest.mark.parametrize("name", HARMLESS)
def test_a_page_is_not(name: str) -> None:
    assert refusal(HARMLESS[name]) is None


def test_half_of_the_deepest_page_is_parsed_in_seconds() -> None:
    began = time.thread_time()
    LexborHTMLParser("<div>" * (MOST_TAGS // 2)).css("div div a")
    assert time.thread_time() - began < 5, "of the processor's time"
