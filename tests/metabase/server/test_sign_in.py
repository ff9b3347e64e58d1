"""From an address to an administrator: waiting, setting up, signing in."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from metabase.server import sign_in
from metabase.server.client import MetabaseClient
from metabase.server.errors import SignInError, UnavailableError
from metabase.server.sign_in import Administrator, Instance
from tests.metabase.fake import FakeMetabase
from tests.metabase.fake_state import EMAIL, PASSWORD, State

WHO = Administrator(EMAIL, PASSWORD)


@pytest.fixture
def state(server: FakeMetabase) -> State:
    return server.reset(is_set_up=False)


@pytest.fixture
def client(server: FakeMetabase) -> Iterator[MetabaseClient]:
    made = MetabaseClient(server.url, tries=1, sleep=lambda _: None)
    yield made
    made.close()


@pytest.mark.parametrize(("requests", "comes_up"), [(3, True), (30, False)])
def test_a_metabase_that_starts_is_waited_for_as_long_as_is_said(
    client: MetabaseClient, state: State, requests: int, comes_up: bool
) -> None:
    state.starting = requests
    clock = [0.0]

    def sleep(span_s: float) -> None:
        clock[0] += span_s

    if comes_up:
        sign_in.wait_until_up(client, wait_s=60, sleep=sleep, now=lambda: clock[0])
        assert clock == [15.0]
    else:
        with pytest.raises(UnavailableError, match="initializing"):
            sign_in.wait_until_up(client, wait_s=60, sleep=sleep, now=lambda: clock[0])
        assert clock == [60.0]


def test_who_comes_second_to_a_set_up_signs_in(client: MetabaseClient, state: State) -> None:
    found = sign_in.instance(client)
    state.users[EMAIL] = PASSWORD  # an earlier try of ours, whose answer was lost
    sign_in.set_up(client, found, WHO)
    assert state.requests[-2:] == ["POST /api/session", "GET /api/user/current"]
    state.users[EMAIL] = "another-horse-2"
    with pytest.raises(SignInError, match="is not let in"):
        sign_in.set_up(client, found, WHO)


def test_a_set_up_wants_somebody_and_a_token(client: MetabaseClient, state: State) -> None:
    with pytest.raises(SignInError, match="give its administrator's address of mail and password"):
        sign_in.set_up(client, Instance("v0.64.6", False, "token"), Administrator(EMAIL))
    with pytest.raises(SignInError, match="it gives no token"):
        sign_in.set_up(client, Instance("v0.64.6", False), WHO)
    assert state.requests == []


def test_no_secret_is_in_any_repr(client: MetabaseClient, state: State) -> None:
    found = sign_in.instance(client)
    assert found.setup_token == state.token
    assert str(state.token) not in repr(found)
    assert PASSWORD not in repr(WHO)


@pytest.mark.parametrize(
    ("version", "major"), [("v0.64.6", 64), ("v1.65.0.1", 65), ("v0.59.0-RC1", 59), ("vLOCAL_DEV", 0), ("", 0)]
)
def test_the_version_s_number_is_its_second(version: str, major: int) -> None:
    assert Instance(version, True).major == major


def test_who_has_a_second_factor_is_told_to_take_a_key(client: MetabaseClient, state: State) -> None:
    state.users[EMAIL], state.wants_second = PASSWORD, True
    with pytest.raises(SignInError, match="second factor: give a key instead, TAPEHOUSE_METABASE_API_KEY"):
        sign_in.sign_in(client, WHO)


def test_who_was_wrong_too_often_is_told_how_long_to_wait(client: MetabaseClient, state: State) -> None:
    state.users[EMAIL] = PASSWORD
    for _ in range(10):
        with pytest.raises(SignInError, match="did not match"):
            sign_in.sign_in(client, Administrator(EMAIL, "wrong-horse-1"))
    with pytest.raises(SignInError, match="You must wait 15 seconds"):
        sign_in.sign_in(client, WHO)


def test_who_asks_while_another_signs_in_again_is_answered(client: MetabaseClient, state: State) -> None:
    state.users[EMAIL] = PASSWORD
    sign_in.sign_in(client, WHO)
    (ended,) = state.sessions
    beside: list[Future[Any]] = []
    with ThreadPoolExecutor() as others:

        def renew() -> str:
            asked = len(state.requests)
            beside.append(others.submit(client.get, "/api/user/current"))
            ends = time.monotonic() + 10
            while len(state.requests) == asked and time.monotonic() < ends:  # it is asked before there is a new one
                time.sleep(0.001)
            return sign_in._session(client, WHO)

        client.use_session(ended, renew=renew)
        state.sessions.clear()
        mine = client.get("/api/user/current")
        assert beside[0].result() == mine
    assert state.requests.count("POST /api/session") == 2
    signing_in = [state.asked[n] for n, each in enumerate(state.requests) if each == "POST /api/session"]
    assert not any("X-Metabase-Session" in headers for headers in signing_in)
