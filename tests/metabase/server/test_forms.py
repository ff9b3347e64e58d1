"""What was put into Metabase is what is read from it, whatever the dashboard, and in each form in which it comes."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metabase.book import Book
from metabase.dashboard import Card, Dashboard, Filter, Place, QuestionCard, Tab, TextCard
from metabase.param import Param
from metabase.question import DISPLAYS, Format, Question
from metabase.server import forms, live, plan, wanted
from metabase.server.apply import Apply, Waiting
from metabase.server.client import MetabaseClient
from metabase.server.names import Names
from metabase.server.wanted import Athena
from tests.metabase.fake import FakeMetabase
from tests.metabase.fake_state import KEY

WORDS = st.text("abc \u00e4\u20bf'\"{}[]\\", min_size=1, max_size=12).map(str.strip).filter(bool)
PARAMS = (
    Param("symbol", "text", "BTC-USD", required=True), Param("days", "number", "7"), Param("since", "date"),
)  # fmt: skip
FILTERS = (
    Filter("symbol", "Market", "text", "BTC-USD", ("BTC-USD", "ETH-USD")), Filter("days", "Days", "number", "2.5"),
    Filter("since", "From", "date", "2026-11-29"), Filter("other", "Other", "text"),
)  # fmt: skip


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Question]:
    titles = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
    made = {}
    for number, title in enumerate(titles):
        params = tuple(param for param in PARAMS if draw(st.booleans()))
        tags = " ".join(f"[[ AND {each.name} = {{{{{each.name}}}}} ]]" for each in params)
        made[f"q{number}"] = Question(
            f"q{number}", title, draw(WORDS), draw(st.sampled_from(DISPLAYS)), f"SELECT 1 {tags}", params,
            x="t", y=("a", "b", "c", "d"), units={"a": "USD"}, formats={"b": Format("percent", 1, signed=True)},
            goal="5", stack=draw(st.sampled_from([None, "stacked"])), bars=("b",),
        )  # fmt: skip
    return made


@st.composite
def books(draw: st.DrawFn) -> Book:
    asked = draw(questions())
    boards = {}
    for number, title in enumerate(draw(st.lists(WORDS, max_size=2, unique=True))):
        tabs = draw(st.lists(WORDS, max_size=3, unique=True)) or [""]
        pages = tuple(Tab(tab, tuple(draw(cards(sorted(asked))))) for tab in tabs)
        boards[f"d{number}"] = Dashboard(
            f"d{number}", title, draw(WORDS), pages, tuple(each for each in FILTERS if draw(st.booleans())),
            draw(st.sampled_from(["fixed", "full"])),
        )  # fmt: skip
    return Book(asked, boards)


@st.composite
def cards(draw: st.DrawFn, names: list[str]) -> Iterator[Card]:
    made: list[Card] = []
    for row in range(draw(st.integers(0, 4))):
        place = Place(draw(st.integers(0, 12)), row * 3, draw(st.integers(4, 12)), 3)
        if draw(st.booleans()):
            mapped: dict[str, str | None] = draw(st.sampled_from([{}, {"symbol": None}, {"symbol": "other"}]))
            made.append(QuestionCard(draw(st.sampled_from(names)), place, draw(st.none() | WORDS), mapped))
        else:
            made.append(TextCard(draw(WORDS), place, draw(st.booleans())))
    return iter(made)


@pytest.fixture(scope="module")
def client(server: FakeMetabase) -> Iterator[MetabaseClient]:
    made = MetabaseClient(server.url, tries=1)
    made.use_key(KEY)
    yield made
    made.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=books(), second=books())
def test_a_plan_behind_an_apply_is_empty(
    server: FakeMetabase, client: MetabaseClient, first: Book, second: Book
) -> None:
    """From nothing, and from whatever other dashboards there were."""
    server.reset()
    for book in (first, second):
        want = wanted.of_book(book, names=Names(), athena=Athena("eu-west-1", "w", "s3://r/"), major=64)
        seen = live.read(client, Names())
        Apply(client, want, seen, waiting=Waiting(sleep=lambda _: None)).carry_out(plan.make(want, seen))
        assert plan.make(want, live.read(client, Names())).changes == ()


TAG: dict[str, Any] = {"id": "1", "name": "days", "display-name": "Days", "type": "number", "default": "7"}


@pytest.mark.parametrize("tags", [{"days": TAG}, [TAG], [{**TAG, "default": [7], "required": False, "options": None}]])
@pytest.mark.parametrize("is_old", [True, False])
def test_a_query_is_read_in_each_of_its_forms(tags: Any, is_old: bool) -> None:
    inner = {"template-tags": tags}
    old = {"database": 5, "type": "native", "native": {"query": "SELECT {{days}}", **inner}}
    new = {"database": 5, "lib/type": "mbql/query", "stages": [{"native": "SELECT {{days}}", **inner}]}
    card = {
        "name": "A", "description": None, "display": "table", "dataset_query": old if is_old else new,
        "visualization_settings": {"a": None, 'column_settings': {'["name", "x"]': {"decimals": 1}}},
    }  # fmt: skip
    found = forms.of_live_card(card, 5)
    assert (found["sql"], found["tags"], found["database"]) == ("SELECT {{days}}", {"days": TAG}, True)
    assert found["visualization_settings"] == {"column_settings": {'["name","x"]': {"decimals": 1}}}
    assert forms.of_live_card(card, 6)["database"] is False


def test_a_question_of_clicks_has_no_sql() -> None:
    assert forms.native({"database": 1, "type": "query", "query": {"source-table": 3}}) == (None, {})
    assert forms.native({"stages": [{"source-table": 3}]}) == (None, {})


def test_a_filter_that_metabase_passes_over_is_none() -> None:
    mapping = {"parameter_id": "p", "target": ["variable", ["template-tag", "symbol"]]}
    place = {"id": 1, "row": 0, "col": 0, "size_x": 4, "size_y": 3, "card_id": 7}
    for given_, mapped in (({}, 0), ({"card_id": 8}, 0), ({"card_id": 7}, 1)):
        board = {"name": "D", "dashcards": [{**place, "parameter_mappings": [{**mapping, **given_}]}]}
        (card,) = forms.of_live_dashboard(board, {7: "q"})["cards"].values()
        assert len(card["mappings"]) == mapped
