"""What goes wrong between us and Metabase costs time, and never more."""

import contextlib
import dataclasses

import pytest

from metabase.server.errors import LostAnswerError, MovedError, SignInError, UnavailableError, VersionError
from metabase.server.sign_in import Administrator
from tests.metabase.fake_state import EMAIL, KEY, PASSWORD
from tests.metabase.samples import SUMMARY, write
from tests.metabase.server.conftest import Desk


def _new_summary() -> str:
    return SUMMARY.replace("Markets now", "Markets")


def test_what_moved_while_it_was_confirmed_is_not_overwritten(desk: Desk) -> None:
    assert desk.apply()
    write(desk.folder, summary=_new_summary())
    before = desk.state.things()

    def meanwhile() -> bool:
        next(iter(desk.state.cards.values()))["name"] = "Another"
        return True

    desk.state.requests.clear()
    desk.confirm = meanwhile  # type: ignore[method-assign]
    with pytest.raises(MovedError, match="nothing was done"):
        desk.apply()
    assert desk.state.requests.count("POST /api/session") == 1  # attempts are counted
    next(iter(desk.state.cards.values()))["name"] = "Candles"
    assert desk.state.things() == before


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (Administrator(EMAIL, "hunter2-hunter2"), "admin@example.com is not let in: .*stored password \\*\\*\\*"),
        (Administrator(api_key="mb_wrong"), "The key is not known"),
        (Administrator(EMAIL), "Who administers Metabase is not said"),
    ],
)
def test_who_is_not_let_in_is_told_without_a_secret(desk: Desk, who: Administrator, why: str) -> None:
    desk.who = who
    with pytest.raises(SignInError, match=why) as caught:
        desk.plan()
    assert "hunter2" not in str(caught.value) + repr(who)
    assert "mb_wrong" not in str(caught.value) + repr(who)


def test_who_is_no_administrator_is_told(desk: Desk) -> None:
    desk.state.sessions = _Lesser()
    with pytest.raises(SignInError, match="is no administrator"):
        desk.plan()


class _Lesser(dict[str, bool]):
    def __setitem__(self, key: str, value: bool) -> None:
        super().__setitem__(key, False)


def test_a_key_does_instead_of_a_password_and_no_cookie_is_ever_sent(desk: Desk) -> None:
    desk.who = Administrator(api_key=KEY)
    assert desk.apply()
    desk.who = Administrator(EMAIL, PASSWORD)
    assert not desk.plan()
    assert "POST /api/session" in desk.state.requests
    assert not any("Cookie" in headers for headers in desk.state.asked)


def test_who_is_forgotten_in_the_middle_signs_in_again(desk: Desk) -> None:
    """A session ends after a fortnight, or when an administrator ends it."""
    desk.athena = dataclasses.replace(desk.athena, prefix="")
    count = _whole(desk)
    for number in range(3, count):
        state = desk.server.reset()
        state.forgets_at = number
        assert desk.apply()
        assert state.requests.count("POST /api/session") == 2, f"request {number}: {state.requests[number]}"
        assert state.wrong == 0
    state.forgets_at = -1
    assert not desk.plan()


def test_who_is_let_in_no_more_is_told(desk: Desk) -> None:
    assert desk.apply()

    def meanwhile() -> bool:
        desk.state.sessions.clear()
        desk.state.users[EMAIL] = "another-horse-2"
        return True

    write(desk.folder, summary=_new_summary())
    desk.confirm = meanwhile  # type: ignore[method-assign]
    with pytest.raises(SignInError, match="is not let in"):
        desk.apply()
    desk.who = Administrator(api_key=KEY)
    assert desk.plan()


@pytest.mark.parametrize("version", ["v0.49.3", "v1.45.0", "v0.49.0-RC1"])
def test_a_metabase_whose_rights_are_other_ones_is_left_alone(desk: Desk, version: str) -> None:
    desk.state.version = version
    with pytest.raises(VersionError, match=f"{version} is older than 0.50"):
        desk.apply()
    assert desk.state.writes == []


def test_what_metabase_does_not_keep_is_told(desk: Desk) -> None:
    """It takes what its schema does not know out of a request, and answers as if all were well."""
    desk.state.drops = frozenset({"isMultiSelect"})
    assert desk.apply()
    where = desk.said.index("Metabase did not keep what it was told, as if it did not know it:")
    assert desk.said[where + 1 : where + 3] == [
        "  change   dashboard Markets",
        "             parameters[0].isMultiSelect: nothing → false",
    ]
    desk.state.drops = frozenset()
    assert desk.apply()
    assert not any("did not keep" in line for line in desk.said)


def _whole(desk: Desk) -> int:
    """How many requests an apply wants from nothing."""
    desk.server.reset(is_set_up=False)
    assert desk.apply()
    return len(desk.state.requests)


def test_a_kill_behind_any_request_loses_nothing_and_doubles_nothing(desk: Desk) -> None:
    """What was asked is done, and we never hear of it. (A kill before a request is one behind the request before.)"""
    count, wanted = _whole(desk), _shape(desk)
    assert count > 25
    desk.tries = 1
    desk.athena = dataclasses.replace(desk.athena, prefix="")  # to look for names in SQL takes longer than all else
    for number in range(1, count):  # the first is asked until it is answered
        state = desk.server.reset(is_set_up=False)
        state.lost_at = number
        with pytest.raises(UnavailableError):
            desk.apply()
        assert desk.apply()
        assert _shape(desk) == wanted, f"request {number}: {state.requests[number]}"
        assert not desk.plan(), f"request {number}: {desk.said}"


def test_a_lost_answer_is_asked_for_again_and_is_no_refusal(desk: Desk) -> None:
    """What is done already must not be refused the second time, as rights of a revision that is past."""
    desk.athena = dataclasses.replace(desk.athena, prefix="")
    _whole(desk)
    wanted = _shape(desk)
    for number in _writes(desk):
        state = desk.server.reset(is_set_up=False)
        state.lost_at = number
        with contextlib.suppress(LostAnswerError):
            desk.apply()
        assert desk.apply()
        assert _shape(desk) == wanted, f"request {number}: {state.requests[number]}"
    done = len(desk.state.requests)
    assert desk.destroy(with_database=True)
    for number in _writes(desk, since=done):
        state = desk.server.reset()
        assert desk.apply()
        state.lost_at = len(state.requests) + number - done
        assert desk.destroy(with_database=True)
        assert state.databases == {}, f"request {state.lost_at}: {state.requests[state.lost_at]}"


def _writes(desk: Desk, since: int = 0) -> list[int]:
    """The numbers of the requests that changed something."""
    requests = list(enumerate(desk.state.requests))
    return [number for number, each in requests[since:] if not each.startswith("GET")]


def test_two_at_once_do_it_once(desk: Desk) -> None:
    other = dataclasses.replace(desk, said=[])

    def meanwhile() -> bool:
        assert other.apply()
        return True

    desk.confirm = meanwhile  # type: ignore[method-assign]
    assert desk.apply()
    assert desk.said[-1] == "All 3 questions run."
    assert not any(line.startswith("make") for line in desk.said)
    assert len(desk.state.cards) == 3
    assert not desk.plan()


def _shape(desk: Desk) -> list[object]:
    """All that there is, without its numbers."""
    state = desk.state
    kinds = (state.databases, state.collections, state.groups, state.cards, state.dashboards)
    names = [sorted(str(each["name"]) for each in kind.values()) for kind in kinds]
    rights = [sorted(str(may) for may in graph.values()) for graph in (state.data_graph, state.collection_graph)]
    return [names, [len(group) for group in rights], state.users]
