"""Questions beside each other: turns, time limits, and what nobody waits for any more."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from metabase.preview.answers import Answers, TooSlowError
from metabase.preview.worker import WorkerEndedError
from tapehouse.errors import TerminalError
from tapehouse.query import Result
from tests.metabase.preview.asked import answer

NOTED: list["FakeWorker"] = []


class FakeWorker:
    """Answers at once; ``slow`` only when it is let go, ``wrong`` never, ``die`` by dying."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ended = False
        self.told = threading.Event()
        self.began = threading.Event()
        NOTED.append(self)

    def ask(self, sql: str) -> Result:
        self.asked.append(sql)
        self.began.set()
        if sql == "slow":
            self.told.wait(30)
        if self.ended or sql == "die":
            raise WorkerEndedError
        if sql == "wrong":
            raise TerminalError("no such column")
        return answer("sql", (sql,))

    def end(self) -> None:
        self.ended = True
        self.told.set()


def run(test: Callable[[Answers], Awaitable[None]], **limits: float) -> list[FakeWorker]:
    """The workers that were started."""
    NOTED.clear()

    async def whole() -> None:
        answers = Answers(FakeWorker, **limits)  # type: ignore[arg-type]
        try:
            await test(answers)
        finally:
            await answers.close()

    asyncio.run(whole())
    assert all(worker.ended for worker in NOTED)
    return list(NOTED)


async def until(said: Callable[[], bool]) -> None:
    while not said():
        await asyncio.sleep(0.005)


def test_workers_are_there_before_the_first_question() -> None:
    async def test(answers: Answers) -> None:
        await answers.begin()
        await until(lambda: len(NOTED) == 2)
        await answers.ask("a")
        await asyncio.gather(*(answers.ask(sql) for sql in "bcd"))

    assert sum(len(worker.asked) for worker in run(test, at_once=2)) == 4
    assert len(NOTED) == 2


def test_the_next_worker_is_started_when_one_ends_and_asked_last_of_all() -> None:
    async def test(answers: Answers) -> None:
        await answers.begin()
        await until(lambda: len(NOTED) == 2)
        for _ in range(2):
            await answers.ask("a")
        await until(lambda: len(NOTED) == 3)  # though nobody asked for it
        await answers.ask("b")
        assert NOTED[2].asked == []

    run(test, at_once=2, most=2)


def test_a_worker_that_nobody_waits_for_any_more_while_it_starts_is_kept() -> None:
    async def test(answers: Answers) -> None:
        gone = asyncio.ensure_future(answers.ask("gone"))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        await answers.ask("next")

    assert [worker.asked for worker in run(test, at_once=1)] == [["next"]]


def test_a_worker_is_kept_for_the_next_question() -> None:
    async def test(answers: Answers) -> None:
        for sql in ("a", "b"):
            assert (await answers.ask(sql)).rows == [(sql,)]

    assert [worker.asked for worker in run(test)] == [["a", "b"]]


def test_a_slow_question_does_not_block_the_others() -> None:
    async def test(answers: Answers) -> None:
        slow = asyncio.ensure_future(answers.ask("slow"))
        await until(lambda: bool(NOTED) and NOTED[0].began.is_set())
        for _ in range(3):
            await answers.ask("quick")
        assert not slow.done()
        NOTED[0].told.set()
        assert (await slow).rows == [("slow",)]

    run(test, at_once=2)


def test_never_more_run_than_there_are_turns() -> None:
    async def test(answers: Answers) -> None:
        slow = asyncio.ensure_future(answers.ask("slow"))
        await until(lambda: bool(NOTED) and NOTED[0].began.is_set())
        waiting = asyncio.ensure_future(answers.ask("next"))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        NOTED[0].told.set()
        await slow
        await waiting

    assert len(run(test, at_once=1)) == 1


def test_a_question_that_takes_too_long_ends_with_its_worker_and_the_next_is_answered() -> None:
    async def test(answers: Answers) -> None:
        with pytest.raises(TooSlowError, match=r"no answer within 0\.05 s"):
            await answers.ask("slow")
        assert (await answers.ask("next")).rows == [("next",)]

    first, second = run(test, at_once=1, timeout_s=0.05)
    assert (first.asked, second.asked) == (["slow"], ["next"])


def test_what_nobody_waits_for_any_more_is_ended_after_its_grace() -> None:
    async def test(answers: Answers) -> None:
        slow = asyncio.ensure_future(answers.ask("slow"))
        await until(lambda: bool(NOTED) and NOTED[0].began.is_set())
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert (await answers.ask("next")).rows == [("next",)]
        assert NOTED[0].ended

    run(test, at_once=1, grace_s=0.02)


def test_a_question_that_ends_within_its_grace_costs_no_worker() -> None:
    async def test(answers: Answers) -> None:
        slow = asyncio.ensure_future(answers.ask("slow"))
        await until(lambda: bool(NOTED) and NOTED[0].began.is_set())
        slow.cancel()
        await asyncio.sleep(0)
        NOTED[0].told.set()
        await answers.ask("next")

    assert [worker.asked for worker in run(test, at_once=1, grace_s=30)] == [["slow", "next"]]


def test_one_that_waits_for_its_turn_is_not_asked_when_nobody_waits_for_it() -> None:
    async def test(answers: Answers) -> None:
        slow = asyncio.ensure_future(answers.ask("slow"))
        await until(lambda: bool(NOTED) and NOTED[0].began.is_set())
        waiting = asyncio.ensure_future(answers.ask("never"))
        await asyncio.sleep(0)
        waiting.cancel()
        NOTED[0].told.set()
        await slow
        await answers.ask("next")

    assert [worker.asked for worker in run(test, at_once=1)] == [["slow", "next"]]


def test_an_error_is_told_and_only_a_dead_worker_is_replaced() -> None:
    async def test(answers: Answers) -> None:
        with pytest.raises(TerminalError, match="no such column"):
            await answers.ask("wrong")
        with pytest.raises(WorkerEndedError):
            await answers.ask("die")
        await answers.ask("next")

    assert [worker.asked for worker in run(test, at_once=1)] == [["wrong", "die"], ["next"]]


def test_a_worker_is_replaced_after_so_many_answers() -> None:
    async def test(answers: Answers) -> None:
        for _ in range(5):
            await answers.ask("a")

    assert [len(worker.asked) for worker in run(test, at_once=1, most=2)] == [2, 2, 1]


def test_what_still_waits_for_its_turn_when_all_is_closed_ends_as_a_question_and_not_as_a_fault() -> None:
    async def test(answers: Answers) -> None:
        slow = asyncio.ensure_future(answers.ask("slow"))
        await until(lambda: bool(NOTED) and NOTED[0].began.is_set())
        waiting = asyncio.ensure_future(answers.ask("next"))
        await asyncio.sleep(0)
        await answers.close()
        for each in (slow, waiting):
            with pytest.raises(WorkerEndedError):
                await each

    assert [worker.asked for worker in run(test, at_once=1)] == [["slow"]]
