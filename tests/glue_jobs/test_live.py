"""The loops of the live pipeline, over a runner that does nothing but what a test tells it."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from glue_jobs.engine import Piece, Query
from glue_jobs.live import Live
from tapehouse.errors import TerminalError, TransientError
from tapehouse.tables import BRONZE_TRADES, GOLD_CANDLES, SILVER_TRADES

SOON_S = 10.0


def no_job(_: object) -> Any:
    raise AssertionError("the runner makes the jobs")


BRONZE = Query(name="bronze", makes={BRONZE_TRADES: ()}, is_spine=True, job=no_job)
SILVER = Query(name="silver", makes={SILVER_TRADES: (BRONZE_TRADES,)}, is_spine=True, job=no_job)
GOLD = Query(name="gold", makes={GOLD_CANDLES: (SILVER_TRADES,)}, job=no_job)
IDLE = Piece(0, wrote=False, has_more=False)


class FakeRunner:
    """Gives what ``pieces`` makes of a query's name and how often it was asked before."""

    def __init__(self, pieces: Callable[[str, int], Piece]) -> None:
        self._pieces = pieces
        self.asked: dict[str, int] = {}
        self.kept: dict[str, int] = {}
        self.let_go_of: list[str] = []
        self.locks = {name: threading.Lock() for name in ("bronze", "silver", "gold")}

    def piece(self, query: Query) -> Piece:
        number = self.asked.get(query.name, 0)
        self.asked[query.name] = number + 1
        return self._pieces(query.name, number)

    def upkeep(self, query: Query) -> bool:
        assert self.locks[query.name].locked(), "nobody else writes the tables meanwhile"
        self.kept[query.name] = self.asked[query.name]
        return False

    @contextlib.contextmanager
    def only_writer(self, query: Query, *, give_up: threading.Event, keep: bool) -> Iterator[bool]:
        assert keep, "a lease for each turn would be a request for each"
        with self.locks[query.name]:
            yield not give_up.is_set()

    def let_go(self, query: Query) -> None:
        self.let_go_of.append(query.name)


def live(runner: FakeRunner, **more: Any) -> Live:
    return Live(runner, (BRONZE, SILVER, GOLD), **{"every_s": 0.01, "look_every_s": 60.0, **more})  # type: ignore[arg-type]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.002)


def test_a_commit_wakes_who_reads_it_at_once() -> None:
    """Silver and gold look again after a minute, unless something is committed before them."""
    committed = threading.Event()

    def pieces(name: str, number: int) -> Piece:
        # Only when both rest: what is committed before a first look is seen by that look.
        if name == "bronze" and len(runner.asked) == 3 and not committed.is_set():
            committed.set()
            return Piece(7, wrote=True, has_more=False)
        return Piece(7, wrote=True, has_more=False) if (name, number) == ("silver", 1) else IDLE

    runner = FakeRunner(pieces)
    with live(runner) as loops:
        until(lambda: runner.asked.get("gold", 0) >= 2)
        assert runner.asked["silver"] == 2
        until(lambda: loops.progress()["silver"].rows == 7)
    loops.check()


def test_what_waits_is_done_without_a_rest() -> None:
    runner = FakeRunner(lambda name, number: Piece(1, wrote=True, has_more=number < 30) if name == "silver" else IDLE)
    with live(runner, every_s=60.0):
        until(lambda: runner.asked.get("silver", 0) == 31)


def test_a_slow_query_holds_up_none_before_it() -> None:
    """Gold works on a month's backfill, and bronze goes on."""
    go_on = threading.Event()

    def pieces(name: str, _: int) -> Piece:
        if name == "gold":
            go_on.wait(SOON_S)
            return Piece(0, wrote=True, has_more=False)
        return Piece(1, wrote=True, has_more=False)

    runner = FakeRunner(pieces)
    with live(runner):
        until(lambda: runner.asked.get("bronze", 0) > 20 and runner.asked.get("silver", 0) > 20)
        assert runner.asked["gold"] == 1
        go_on.set()


def test_a_failure_that_passes_is_tried_again_and_holds_up_nobody() -> None:
    def pieces(name: str, number: int) -> Piece:
        if name == "bronze" and number < 2:
            raise TransientError("Kinesis refused")
        return Piece(1, wrote=True, has_more=False)

    runner = FakeRunner(pieces)
    with live(runner, dice=lambda: 0.0) as loops:
        until(lambda: loops.progress()["bronze"].failures > 0)
        until(lambda: runner.asked.get("bronze", 0) > 3)
        assert loops.progress()["bronze"].failures == 0
    loops.check()


def test_an_error_that_stays_ends_all_loops_and_is_told() -> None:
    def pieces(name: str, number: int) -> Piece:
        if name == "silver" and number == 1:
            raise TerminalError("a row that cannot be")
        return Piece(1, wrote=True, has_more=False)

    runner = FakeRunner(pieces)
    with live(runner) as loops:
        until(lambda: not any(thread.name.startswith("tapehouse-") for thread in threading.enumerate()))
        with pytest.raises(TerminalError, match="cannot be"):
            loops.check()
    assert runner.asked["silver"] == 2


def test_an_error_of_a_query_beside_the_spine_holds_up_nobody_and_is_tried_again() -> None:
    def pieces(name: str, number: int) -> Piece:
        if name == "gold" and number < 3:
            raise ValueError("no forecast of dust")
        return Piece(1, wrote=True, has_more=False)

    runner = FakeRunner(pieces)
    with live(runner, dice=lambda: 0.0) as loops:
        until(lambda: loops.progress()["gold"].failures > 1)
        before = runner.asked["silver"]
        until(lambda: runner.asked["silver"] > before + 3)
        until(lambda: runner.asked["gold"] > 4)
        assert loops.progress()["gold"].failures == 0
    loops.check()


def test_the_loops_end_with_their_context_whoever_holds_a_lock() -> None:
    runner = FakeRunner(lambda name, number: IDLE)
    with live(runner):
        until(lambda: len(runner.asked) == 3)
        assert not runner.let_go_of
    assert sorted(runner.let_go_of) == ["bronze", "gold", "silver"]
    assert not any(thread.name.startswith("tapehouse-") for thread in threading.enumerate())
