"""A card that keeps up with its tables."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from metabase.param import Param
from metabase.preview.drawn import Drawn, Figure, Message
from metabase.preview.live import CANDLES, MOST_S, OTHERS, LiveCard
from metabase.preview.look import LIGHT
from metabase.preview.versions import Versions
from metabase.question import Question
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.query import Result
from tests.metabase.preview.asked import answer, question

ASKED = question(
    "scalar",
    y=("v",),
    sql="SELECT v FROM gold.candles WHERE symbol = {{symbol}}",
    params=(Param("symbol", "text", "BTC-USD", required=True),),
)


class Scene:
    """A card, an engine that answers when it is let, a lake that is only a log, a clock that stands."""

    def __init__(self, folder: Path, asked: Question) -> None:
        self.log = folder / "gold" / "candles" / "_delta_log"
        self.log.mkdir(parents=True)
        self.asked: list[str] = []
        self.shown: list[Drawn] = []
        self.now = 100.0
        self.free = asyncio.Event()
        self.free.set()
        self.fault: Exception | None = None
        self.card = LiveCard(
            asked,
            answers=self,
            versions=Versions(Lake(folder)),
            look=LIGHT,
            show=self.shown.append,
            clock=lambda: self.now,
        )

    async def ask(self, sql: str) -> Result:
        self.asked.append(sql)
        await self.free.wait()
        if self.fault:
            raise self.fault
        return answer("v", (len(self.asked),))

    def commit(self) -> None:
        (self.log / f"{len(list(self.log.iterdir())):020}.json").touch()

    async def look(self) -> None:
        self.card.keep_up()
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.shown if isinstance(each, Figure | Message)]


@pytest.fixture
def played(tmp_path: Path) -> Callable[..., Scene]:
    def play(test: Callable[[Scene], Awaitable[None]], asked: Question = ASKED) -> Scene:
        async def whole() -> Scene:
            scene = Scene(tmp_path, asked)
            await test(scene)
            scene.card.close()
            return scene

        return asyncio.run(whole())

    return play


def test_it_asks_once_a_commit_and_not_without_one(played: Callable[..., Scene]) -> None:
    async def test(scene: Scene) -> None:
        scene.commit()
        scene.card.choose({"symbol": "BTC-USD"})
        for _ in range(3):
            await scene.look()
            scene.now += OTHERS.pause_s
        scene.commit()
        scene.commit()
        await scene.look()

    assert played(test).texts == ["1", "2"]


def test_a_commit_that_comes_while_it_is_asked_is_asked_for_afterwards(played: Callable[..., Scene]) -> None:
    async def test(scene: Scene) -> None:
        scene.commit()
        scene.free.clear()
        await scene.look()
        scene.commit()
        await scene.look()
        assert len(scene.asked) == 1
        scene.free.set()
        await scene.look()
        scene.now += OTHERS.pause_s
        await scene.look()

    assert played(test).texts == ["1", "2"]


@pytest.mark.parametrize(
    ("took_s", "pause_s"),
    [(0.1, OTHERS.pause_s), (2.0, OTHERS.share * 2.0), (14.0, MOST_S)],
    ids=["quick", "slow", "slowest"],
)
def test_it_pauses_longer_the_longer_its_answers_take(
    played: Callable[..., Scene], took_s: float, pause_s: float
) -> None:
    async def test(scene: Scene) -> None:
        scene.commit()
        scene.free.clear()
        await scene.look()
        scene.now += took_s
        scene.free.set()
        await scene.look()
        scene.commit()
        scene.now += pause_s - took_s - 0.1
        await scene.look()
        assert len(scene.asked) == 1
        scene.now += 0.2
        await scene.look()
        assert len(scene.asked) == 2

    played(test)


def test_candles_are_asked_each_second() -> None:
    assert OTHERS.pause_s > CANDLES.pause_s == 1.0


def test_another_choice_lets_go_of_what_is_asked_and_is_asked_at_once(played: Callable[..., Scene]) -> None:
    async def test(scene: Scene) -> None:
        scene.commit()
        scene.free.clear()
        assert scene.card.choose({"symbol": "BTC-USD"})
        await scene.look()
        assert not scene.card.choose({"symbol": "BTC-USD"})
        assert scene.card.choose({"symbol": "ETH-USD'"})
        await scene.look()
        scene.free.set()
        await scene.look()

    scene = played(test)
    assert [sql.rpartition("= ")[2] for sql in scene.asked] == ["'BTC-USD'", "'ETH-USD'''"]
    assert scene.texts == ["2"]


def test_an_error_is_shown_by_the_card_alone_with_its_question_s_name(played: Callable[..., Scene]) -> None:
    async def test(scene: Scene) -> None:
        scene.commit()
        scene.fault = TerminalError("no column v")
        await scene.look()
        scene.fault = None
        scene.commit()
        scene.now += OTHERS.pause_s
        await scene.look()

    scene = played(test)
    assert scene.shown[0] == Message("candles: no column v", is_error=True)
    assert isinstance(scene.shown[1], Figure)


def test_a_fault_of_ours_is_told_by_its_card_too(
    played: Callable[..., Scene], caplog: pytest.LogCaptureFixture
) -> None:
    async def test(scene: Scene) -> None:
        scene.commit()
        scene.fault = ZeroDivisionError("inside")
        await scene.look()

    assert played(test).texts == ["candles: unexpected ZeroDivisionError, see the log"]
    assert "card_failed" in caplog.text


def test_a_table_that_is_not_there_is_not_asked_for_and_names_the_command(played: Callable[..., Scene]) -> None:
    async def test(scene: Scene) -> None:
        await scene.look()
        assert scene.asked == []
        scene.commit()
        scene.now += OTHERS.pause_s
        await scene.look()

    texts = played(test).texts
    assert texts[0].startswith("gold.candles is not there yet: run `make run-app`")
    assert texts[1] == "1"


def test_an_answer_without_the_header_s_column_is_an_error_of_the_card(played: Callable[..., Scene]) -> None:
    async def test(scene: Scene) -> None:
        scene.commit()
        await scene.look()

    (shown,) = played(test, question("scalar", y=("w",))).shown
    assert shown == Message("candles: the header names a column w, and the answer has v", is_error=True)
