"""Reddit: posts and comments, and those that were taken away."""

from typing import Any

import pytest

from tapehouse.document import document_id
from tapehouse.documents import Parsed, parse
from tests.tapehouse.documents.bodies import PUBLISHED_US, comment, landed, listing, packed, post, reddit

SITE = "https://reddit.com"


def parsed(*children: object) -> Parsed:
    return parse(landed("social", "reddit", reddit(children)))


def test_a_post_is_a_document_of_its_own_time_and_address() -> None:
    found = parsed(post())
    assert found.faults == ()
    (document,) = found.documents
    assert (document.kind, document.source, document.author) == ("social", "reddit", "ada")
    assert (document.title, document.body) == ("What happened today?", "I **lost** my keys.")
    assert document.published_at_us == PUBLISHED_US
    assert document.url == f"{SITE}/r/CryptoCurrency/comments/1abcde/what_happened_today"
    assert document.document_id == document_id("reddit", url=None, key="t3_1abcde")
    assert document.removed is False


def test_what_a_post_links_to_is_not_its_address() -> None:
    found = parsed(post(is_self=False, selftext="", url="https://www.paper.example/bitcoin-rises")).documents[0]
    assert found.url == f"{SITE}/r/CryptoCurrency/comments/1abcde/what_happened_today"
    assert found.body == ""


def test_a_comment_has_no_title_and_its_replies_follow_it() -> None:
    deeper = comment(name="t1_k3", body="Third.")
    answer = comment(name="t1_k2", body="Second.", replies=listing([deeper]))
    first = comment(replies=listing([answer, {"kind": "more", "data": {"children": ["k9"]}}]))
    body = packed([listing([post()]), listing([first, comment(name="t1_k4", body="Fourth.")])])
    found = parse(landed("social", "reddit", body))
    assert found.faults == ()
    assert [d.body for d in found.documents] == ["I **lost** my keys.", "So did I.", "Second.", "Third.", "Fourth."]
    assert found.documents[1].title == ""


@pytest.mark.parametrize(
    "thing",
    [
        post(selftext="[removed]"),
        post(selftext="[deleted]", author="[deleted]"),
        post(selftext="", removed_by_category="moderator"),
        post(title="[deleted by user]", selftext="[removed]"),
        post(author="[deleted]"),
        comment(body="[removed]"),
        comment(body="[deleted]", author="[deleted]"),
    ],
)
def test_what_was_taken_away_has_no_text(thing: dict[str, Any]) -> None:
    (document,) = parsed(thing).documents
    assert document.removed
    assert (document.title, document.body, document.author) == ("", "", None)


def test_what_was_taken_away_has_the_name_that_it_had() -> None:
    """Its address changes: it holds words of the title."""
    gone = post(title="[deleted by user]", permalink="/r/CryptoCurrency/comments/1abcde/deleted_by_user/")
    assert parsed(gone).documents[0].document_id == parsed(post()).documents[0].document_id


def test_markdown_is_no_html() -> None:
    found = parsed(post(title="R&amp;D &lt;3", selftext="Buy <SOL> & *hold*\n\n&gt; no &amp;copy;")).documents[0]
    assert (found.title, found.body) == ("R&D <3", "Buy <SOL> & *hold* > no &copy;")


@pytest.mark.parametrize(
    ("thing", "fault"),
    [
        (post(created_utc=None), "children[0].data.created_utc: no date"),
        (post(created_utc=0), "children[0].data.created_utc: a time before 2009-01-03"),
        (post(created_utc=PUBLISHED_US / 1e6 + 86_400), "children[0].data.created_utc: a time more than 300 s after"),
        (post(name=None, permalink=None), "children[0].data.name: neither a name nor a permalink"),
        (post(title="", selftext=None), "children[0].data.title: neither a title nor a text"),
        ({"kind": "t5", "data": {}}, "children[0].kind: neither a post (t3) nor a comment (t1)"),
        ({"kind": "t3"}, "children[0].data: no object"),
        ({"kind": "Listing"}, "children[0]: no object"),
        ("text", "children[0]: no object"),
    ],
)
def test_a_thing_that_is_none_costs_no_other(thing: object, fault: str) -> None:
    found = parsed(thing, post())
    assert len(found.documents) == 1
    assert found.faults[0].startswith(fault)


def test_a_permalink_that_is_no_path_is_left_out() -> None:
    found = parsed(post(permalink="https://evil.example/"))
    assert (found.documents[0].url, found.faults) == (None, ("children[0].data.permalink: no path",))


def test_comments_nest_as_deep_as_json_does() -> None:
    thing = comment()
    for _ in range(60):
        thing = comment(replies=listing([thing]))
    assert len(parsed(thing).documents) == 61


@pytest.mark.parametrize("said", [{"error": 403}, [], None, {"kind": "t3"}, [listing([]), 5]])
def test_what_is_no_listing_is_told(said: object) -> None:
    assert parse(landed("social", "reddit", packed(said))) == Parsed(faults=("body: no listing",))
