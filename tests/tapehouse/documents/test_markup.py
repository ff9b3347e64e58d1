"""What is left of strangers' markup: what a reader sees, at once whatever was sent."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehouse.documents.markup import folded, plain

MOST = 10_000


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("", ""),
        ("Bitcoin rises", "Bitcoin rises"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("bit<b>co</b>in<br/>two<br>three", "bitcoin two three"),
        ("<a href='https://a.example/?x=1&y=2'>here</a>", "here"),
        ('<img alt="a > b" src=x>text', "text"),
        ("AT&amp;T &lt;b&gt; &#8217;s &euro;5&nbsp;now", "AT&T <b> ’s €5 now"),
        ("&amp;lt;", "&lt;"),
        ("a < b and b > c, R&D <3", "a < b and b > c, R&D <3"),
        ("x<script>if (a < b) alert('</p>')</script>y<STYLE>p{}</STYLE >z", "x y z"),
        ("x<scripted>y", "x y"),
        ("x<script>never closed", "x"),
        ("x<!-- a > b -->y<!doctype html>z<?php echo ?>w", "xyzw"),
        ("x<!-- never closed", "x"),
        ("BTC <ETH and so on", "BTC <ETH and so on"),
        ('<a title="never closed>text</a> more', "text more"),
        ("</ b>text", "text"),
        (" a\r\n\tb\u00a0 c\u2028d ", "a b c d"),
        ("nul\x00 and bit\u00adco\u200bin", "nul and bitcoin"),
        ("half \ud83d", "half \ufffd"),
        (f"&#{'9' * 5000};", "\ufffd"),
    ],
)
def test_what_a_reader_sees(markup: str, seen: str) -> None:
    assert plain(markup, most=MOST) == seen


def test_text_is_cut_behind_a_word_or_in_it_but_not_behind_a_space() -> None:
    assert folded("one two", most=4) == "one"
    assert folded("one two", most=5) == "one t"


@pytest.mark.parametrize(
    "unit", ["<", "<a ", "<!--", "<![", "</", "<?", '<a b="', '<a b="c>d" ', "<a =", "<script>", "<script></x ", "&#"]
)
def test_what_is_never_closed_takes_no_longer(unit: str) -> None:
    begun = time.process_time()
    plain(unit * (200_000 // len(unit)), most=MOST)
    assert time.process_time() - begun < 3


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="<>/!-?&;#ax=\"' ", max_size=40)))
def test_it_raises_nothing_and_what_is_folded_stays(text: str) -> None:
    seen = plain(text, most=MOST)
    assert folded(seen, most=MOST) == seen
    seen.encode("utf-8")


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="<&"), max_size=60))
def test_text_without_marks_is_only_folded(text: str) -> None:
    assert plain(text, most=MOST) == folded(text, most=MOST)
