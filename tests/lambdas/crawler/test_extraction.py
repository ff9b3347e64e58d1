"""What selectors find."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from lambdas.crawler.extraction import base_of, is_present, is_selector, links, texts

PAGE = """<html><head><base href="/in/"></head><body><h1> A <b>title</b>
&amp; more</h1><p class=e></p>
<ul><li><a href="one#x">1</a><li><a href=" one ">again</a><li><a href="//other.example/two?q=1">2</a>
<li><a href="javascript:alert(1)">js</a><li><a href="mailto:a@b">m</a><li><a>none</a><li><a href="">empty</a>
<li><a href="http://[bad">b</a><li><a href="https://UP.example/">up</a><li><a href="http://user:pw@x.example/">u</a></ul>
<div class=card>text <a href="/card">inner</a></div></body></html>"""
TREE = LexborHTMLParser(PAGE)
BASE = "https://example.com/in/"


def test_a_text_is_flat_and_an_empty_one_is_none() -> None:
    assert texts(TREE, "h1") == ["A title & more"]
    assert texts(TREE, ".e") == []
    assert is_present(TREE, ".e")
    assert not is_present(TREE, ".f")


def test_links_are_whole_http_addresses_once_each() -> None:
    assert links(TREE, "a", base=BASE) == [
        "https://example.com/in/one", "https://other.example/two?q=1", "https://UP.example/",
        "http://user:pw@x.example/", "https://example.com/card",
    ]  # fmt: skip


def test_an_element_without_a_link_of_its_own_gives_the_one_within() -> None:
    assert links(TREE, ".card", base=BASE) == ["https://example.com/card"]
    assert links(TREE, "h1", base=BASE) == []


def test_links_are_relative_to_the_base_that_a_page_names() -> None:
    assert base_of(TREE, "https://example.com/x/y") == BASE
    assert base_of(LexborHTMLParser("<base href='javascript:x'>"), "https://example.com/x") == "https://example.com/x"
    assert base_of(LexborHTMLParser("<p>"), "https://example.com/x") == "https://example.com/x"


@pytest.mark.parametrize("text", ["a", "a > b:has(c)", "[data-x='1']", "a:not(.b), c", ":lexbor-contains('x')"])
def test_a_css_selector_is_one(text: str) -> None:
    assert is_selector(text)


@pytest.mark.parametrize("text", ["", "a[", "//a", "a::text", "a:contains('x')", "a,,b", "{", "\x00", "\ud800"])
def test_anything_else_is_not(text: str) -> None:
    assert not is_selector(text)
