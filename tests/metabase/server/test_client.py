"""Requests are tried again where that is harmless, errors have names, and no secret is in any of them."""

import html
import json
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests
import urllib3

from metabase.server.client import MetabaseClient
from metabase.server.errors import (
    LostAnswerError,
    NoWayError,
    RefusedError,
    StrangeAnswerError,
    UnavailableError,
    UntrustedError,
)
from metabase.server.live import read
from metabase.server.names import Names
from metabase.server.sign_in import Administrator, instance, sign_in, wait_until_up
from tapehouse.errors import LakehouseError
from tests.metabase.fake import FakeMetabase
from tests.metabase.fake_state import EMAIL, KEY, PASSWORD, State


@pytest.fixture
def state(server: FakeMetabase) -> State:
    return server.reset()


@pytest.fixture
def client(server: FakeMetabase, waits: list[float]) -> Iterator[MetabaseClient]:
    made = MetabaseClient(server.url, tries=3, sleep=waits.append, dice=lambda: 0.0)
    made.use_key(KEY)
    yield made
    made.close()


@pytest.fixture
def waits() -> list[float]:
    return []


def test_who_is_turned_away_comes_again_later_each_time(
    client: MetabaseClient, state: State, waits: list[float]
) -> None:
    state.answers = {0: (503, "text/plain", "starting"), 1: (429, "text/plain", "slowly")}
    assert client.post("/api/permissions/group", {"name": "A"})["name"] == "A"
    assert waits == [0.5, 1.0]
    assert len(state.requests) == 3


def test_a_lost_answer_is_asked_for_again_only_where_that_is_harmless(client: MetabaseClient, state: State) -> None:
    state.lost_at = 0
    assert client.get("/api/permissions/group")
    state.lost_at = 2
    with pytest.raises(LostAnswerError, match=r"group.*It may have been done: run the same again"):
        client.post("/api/permissions/group", {"name": "A"})
    assert len(state.requests) == 3
    assert [each["name"] for each in state.groups.values()].count("A") == 1


def test_a_fault_of_the_server_is_asked_again_only_where_that_is_harmless(client: MetabaseClient, state: State) -> None:
    state.answers = dict.fromkeys((0, 2), (502, "text/html", "<html>" + "x" * 9_000))
    assert client.get("/api/permissions/group")
    with pytest.raises(LostAnswerError, match=r"502, \(text/html, 9006 bytes\)\. It may have been done"):
        client.post("/api/permissions/group", {"name": "A"})
    state.answers = {3: (500, "text/plain", "broken")}
    with pytest.raises(RefusedError, match="with 500: broken"):
        client.post("/api/permissions/group", {"name": "B"})


def test_it_gives_up_in_the_end_and_says_what_it_heard_last(client: MetabaseClient, state: State) -> None:
    state.answers = dict.fromkeys(range(9), (503, "text/plain", "starting"))
    with pytest.raises(UnavailableError) as caught:
        client.get("/api/permissions/group")
    assert str(caught.value) == (
        "Metabase does not answer (GET /api/permissions/group): 503, starting. "
        "A start takes it minutes: try again then."
    )
    assert len(state.requests) == 3


def test_nobody_there_is_tried_again_and_told(waits: list[float]) -> None:
    client = MetabaseClient("http://127.0.0.1:9", tries=2, sleep=waits.append)
    with pytest.raises(UnavailableError, match="POST /api/card"):
        client.post("/api/card", {})
    assert len(waits) == 1
    client.close()


@pytest.mark.parametrize(
    ("kind", "body"), [("text/html", "<html>Sign in</html>"), ("application/json", '{"id": "a-ses')]
)
def test_what_cannot_be_read_is_not_shown_since_it_may_be_a_session(
    client: MetabaseClient, state: State, kind: str, body: str
) -> None:
    state.answers = {0: (200, kind, body), 1: (200, kind, body)}
    with pytest.raises(StrangeAnswerError, match=rf"without JSON \({kind}, {len(body)} bytes\)") as told:
        client.get("/api/user/current")
    with pytest.raises(StrangeAnswerError if "html" in kind else LostAnswerError, match=f"{len(body)} bytes") as made:
        client.post("/api/permissions/group", {"name": "A"})
    assert body not in str(told.value) + str(made.value)


def test_what_was_never_asked_is_asked_again_whatever_it_makes(waits: list[float]) -> None:
    client = MetabaseClient("https://nowhere.invalid", tries=2, sleep=waits.append)
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        client.post("/api/card", {})
    assert len(waits) == 1
    assert not isinstance(caught.value, LostAnswerError), "nothing was made"
    client.close()


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"HTTPS_PROXY": "http://bob:s3cret/pw@127.0.0.1:9"}, "the proxy that the environment names"),
        ({"HTTPS_PROXY": "http://bob:s3cret[@127.0.0.1:9"}, "the proxy that the environment names"),
        ({"REQUESTS_CA_BUNDLE": "/nowhere/bundle.pem"}, "/nowhere/bundle.pem"),
    ],
)
def test_where_no_way_leads_there_is_told_at_once_without_the_proxy_s_password(
    environment: dict[str, str], told: str, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = MetabaseClient("https://nowhere.invalid", sleep=waits.append)
    with pytest.raises(NoWayError, match=r"https://nowhere\.invalid cannot be asked from here: ") as caught:
        client.get("/api/health")
    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert waits == []
    client.close()


def test_who_does_not_prove_to_be_metabase_is_told_at_once_and_sent_nothing(
    server: FakeMetabase, state: State, waits: list[float]
) -> None:
    """The fake speaks no TLS."""
    client = MetabaseClient(server.url.replace("http:", "https:"), sleep=waits.append)
    client.use_key(KEY)
    with pytest.raises(UntrustedError, match=r"https://127.* does not prove that it is Metabase: .*WRONG_VERSION"):
        client.get("/api/health")
    with pytest.raises(UntrustedError, match="Nothing was sent"):
        client.post("/api/card", {})
    assert (waits, state.requests) == ([], [])
    client.close()


def test_a_certificate_that_nobody_vouches_for_is_told_with_its_reason_and_a_cut_line_is_not_one(
    client: MetabaseClient, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = ssl.SSLCertVerificationError("certificate verify failed")
    foreign.verify_message = "self-signed certificate"
    faults: list[ssl.SSLError] = [foreign, ssl.SSLEOFError("EOF occurred in violation of protocol")]

    def refuse(*_: object, **__: object) -> None:
        pool = urllib3.HTTPSConnectionPool("127.0.0.1")
        reason = urllib3.exceptions.SSLError(faults[0])
        raise requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(pool, "/", reason))

    monkeypatch.setattr(requests.Session, "request", refuse)
    with pytest.raises(UntrustedError, match=r"Metabase: self-signed certificate\. Nothing was sent"):
        client.post("/api/card", {})
    assert waits == []
    del faults[0]
    with pytest.raises(LostAnswerError, match="EOF occurred"):
        client.post("/api/card", {})
    assert waits == [], "it may have been made"
    with pytest.raises(UnavailableError, match="EOF occurred"):
        client.get("/api/card")
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((400, "application/json", '{"errors": {"name": "blank"}, "message": "No"}'), "400: No; {'name': 'blank'}"),
        ((400, "application/json", '"only text"'), "400: only text"),
        ((403, "text/plain", "You don't have permissions to do that."), "403: You don't have permissions"),
        ((401, "text/plain", ""), "401: (nothing said)"),
        ((404, "text/plain", f"no {KEY} here"), "404: no *** here"),
        ((302, "text/html", "<html>"), "302: it is somewhere else: the address is to be that of Metabase itself"),
        ((400, "application/json", '{"id": "a-session'), "400: (application/json, 17 bytes)"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_metabase(
    client: MetabaseClient, state: State, answer: tuple[int, str, str], told: str
) -> None:
    state.answers = {0: answer}
    with pytest.raises(RefusedError) as caught:
        client.get("/api/user/current")
    assert told in str(caught.value)
    assert KEY not in str(caught.value) + repr(caught.value) + repr(client)


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_password_is_in_no_error_however_its_letters_are_escaped(
    client: MetabaseClient, state: State, kind: str
) -> None:
    password = "it's-a\\back\"slash-1"
    client.hide(password)
    said = json.dumps({"errors": {"password": f"{password} is too common"}})
    said = said if kind == "application/json" else f"Refused: {said}"
    state.answers = {0: (400, kind, said)}
    with pytest.raises(RefusedError) as caught:
        client.get("/api/user/current")
    assert "slash-1" not in str(caught.value)
    assert "*** is too common" in str(caught.value)


@pytest.mark.parametrize("spell", [html.escape, quote, quote_plus, str], ids=lambda each: str(each.__name__))
def test_nor_is_one_that_a_page_or_an_address_spells(
    client: MetabaseClient, state: State, spell: Callable[[str], str]
) -> None:
    password = 'correct  "horse" & <staple>'
    client.hide(password)
    state.answers = {0: (400, "text/plain", f"no: {spell(password)} !")}
    with pytest.raises(RefusedError, match=r"400: no: \*\*\* !"):
        client.get("/api/user/current")


def test_what_the_contract_does_not_know_is_refused_by_the_fake(client: MetabaseClient, state: State) -> None:
    """A Metabase would drop it in silence."""
    for body in ({"name": "A", "colour": "red"}, {}, {"name": " "}):
        with pytest.raises(RefusedError, match="400"):
            client.post("/api/collection", body)
    with pytest.raises(RefusedError, match="dataset_query"):
        client.post("/api/card", {"name": "A", "dataset_query": {}, "display": "bar", "visualization_settings": {}})
    with pytest.raises(RefusedError, match="404"):
        client.put("/api/dashboard/1/cards", {"cards": []})
    assert not state.collections


@pytest.mark.parametrize("counts_pages", [True, False])
def test_all_pages_are_read_whether_or_not_they_are_counted(
    client: MetabaseClient, state: State, counts_pages: bool
) -> None:
    state.counts_pages = counts_pages
    state.collections[5] = {"id": 5, "name": "A", "location": "/", "archived": False}
    for number in range(10, 17):
        state.others[number] = {"id": number, "name": "N", "model": "pulse", "collection_id": 5, "archived": False}
    assert [each["id"] for each in client.items("/api/collection/5/items")] == list(range(10, 17))


@pytest.mark.parametrize(
    ("method", "path", "is_slow"),
    [
        ("POST", "/api/database", True),
        ("PUT", "/api/database/7", True),
        ("GET", "/api/database/7", False),
        ("POST", "/api/database/7/sync_schema", True),
        ("POST", "/api/card/7/query", True),
        ("PUT", "/api/card/7", False),
    ],
)
def test_what_asks_athena_first_may_take_long(
    client: MetabaseClient, monkeypatch: pytest.MonkeyPatch, method: str, path: str, is_slow: bool
) -> None:
    waited: list[tuple[float, float]] = []

    def request(_: requests.Session, method: str, url: str, **said: Any) -> requests.Response:
        waited.append(said["timeout"])
        made = requests.Response()
        made.status_code = 200
        made._content = b'{"id": 7, "data": []}'
        return made

    monkeypatch.setattr(requests.Session, "request", request)
    getattr(client, method.lower())(path, *([{}] if method == "PUT" else []))
    assert [read > 60 for _, read in waited] == [is_slow]


@pytest.mark.parametrize(
    ("path", "said", "lacking"),
    [
        ("/api/health", '"ok"', "an object"),
        ("/api/user/current", "[]", "an object"),
        ("/api/database", "[]", "an object"),
        ("/api/database", '{"status": "ok"}', "data"),
        ("/api/collection/1/items", '{"data": {"a": 1}}', "a list of objects in data"),
        ("/api/collection", '{"status": "ok"}', "a list of objects"),
        ("/api/permissions/group", "[1]", "a list of objects"),
        ("/api/collection/graph", "{}", "groups"),
        ("/api/card/7", "null", "an object"),
    ],
)
def test_what_is_not_metabase_s_answer_is_told(
    client: MetabaseClient, state: State, path: str, said: str, lacking: str
) -> None:
    state.answers = {0: (200, "application/json", said)}
    with pytest.raises(StrangeAnswerError) as caught:
        client.get(path)
    assert str(caught.value).startswith(
        f"What answered GET {path} is not as Metabase's answer: it is without {lacking}. Something may stand before it"
    )


@pytest.mark.parametrize("at", range(12))
def test_an_answer_of_another_shape_ends_a_plan_with_an_error_and_no_traceback(server: FakeMetabase, at: int) -> None:
    """Whichever request a proxy answers in Metabase's place."""
    state = server.reset()
    client = MetabaseClient(server.url, tries=1, sleep=lambda _: None)
    for said in ("{}", "[]", '"welcome"', "null", "[1]"):
        state.answers = {len(state.requests) + at: (200, "application/json", said)}
        try:
            wait_until_up(client, wait_s=0)
            instance(client)
            sign_in(client, Administrator(EMAIL, PASSWORD))
            read(client, Names())
        except LakehouseError:
            pass
    client.close()
