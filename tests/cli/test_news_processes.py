"""The newsroom and the batches beside an embedded stack: one bounded pass, and a life of restarts."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli import news_processes as module
from cli.batches import QUEUE
from cli.command import Target, target
from cli.news_processes import NewsProcesses
from embedded.servers import NEWSROOM
from tapehouse.errors import TerminalError
from tapehouse.landing import Landing
from tapehouse.score import scores_of
from tapehouse.settings import Settings

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")
STORY = {
    **{"title": "Bitcoin surges on strong demand", "url": "https://x.example/1", "time_published": "20240506T203214"},
    **{"summary": "Buyers are happy.", "authors": [], "overall_sentiment_score": 0.3, "ticker_sentiment": []},
}


def made(folder: Path, **settings: Any) -> Target:
    return target(Settings(lake=str(folder / "lake"), **settings))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    news = tmp_path / "recordings" / "news"
    news.mkdir(parents=True)
    (news / "alphavantage_1.json").write_text(json.dumps({"items": "1", "feed": [STORY]}))
    (news / "finnhub_1.json").write_text(
        json.dumps([{"id": 5, "datetime": 1_732_741_680, "headline": "Solana falls", "url": "https://x.example/2"}])
    )
    return news.parent


@pytest.fixture
def upped(tmp_path: Path, recordings: Path) -> Iterator[Target]:
    here = made(tmp_path, once=True, recordings=recordings)
    here.lake.check_origin("recorded")
    here.stack.up()
    yield here
    here.stack.down()


def test_one_bounded_pass_lands_and_scores_through_the_queue_and_ends(upped: Target) -> None:
    news = NewsProcesses(upped)
    news.start()
    deadline = time.monotonic() + 120
    while not news.finished and time.monotonic() < deadline:
        news.supervise()
        time.sleep(0.05)
    assert news.finished, upped.stack.log_path("batches").read_text()
    assert list(news.failures()) == []
    landing = Landing(f"{upped.lake.uri}/_landing")
    landed = [key.split("/")[1] for key in landing.keys("news/")]
    assert (landed.count("alphavantage"), landed.count("finnhub")) == (4, 1)  # a page a day; each story once
    lines = [line for key in landing.keys("score/") for line in landing.read(key)]
    assert len({score.document_id for line in lines for score in scores_of(line.body)}) == 2
    sqs = boto3.client("sqs", endpoint_url=upped.stack.endpoint("aws"), region_name="us-east-1")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0"
    assert upped.stack.stop(news.names) == []
    assert upped.stack.alive().keys() == {"kinesis", "aws"}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that are started; the newsroom is real, the batches are not."""
    from embedded.stack import Stack

    found: list[list[str]] = []
    real = Stack.start

    def start(self: Stack, name: str, command: list[str], *, role: str, port: int = 0) -> Any:
        found.append([name, *command])
        return real(self, name, command, role=role, port=port) if name == "newsroom" else None

    monkeypatch.setattr(Stack, "start", start)
    monkeypatch.setattr(Stack, "environment", lambda _self, base: dict(base))
    return found


def test_what_died_is_started_again_on_its_port_and_given_up_in_the_end(
    tmp_path: Path, started: list[list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    here = made(tmp_path, landing=str(tmp_path / "landing"))
    news = NewsProcesses(here)
    try:
        news.start()
        first = here.stack.alive()["newsroom"]
        assert NEWSROOM.answers(first.port)
        first.process.signal(signal.SIGKILL)
        while first.process.alive:
            time.sleep(0.01)
        news.supervise()
        again = here.stack.alive()["newsroom"]
        assert (again.port, again.process == first.process) == (first.port, False)
        for _ in range(10):
            news.supervise()
    finally:
        here.stack.down()
    batches = [command for name, *command in started if name == "batches"]
    assert len(batches) == 1 + module.RESTARTS
    assert "event=news_given_up name=batches" in caplog.text
    words = batches[0][batches[0].index("batches") :]
    assert words[words.index("--every") + 1] == module.EVERY
    assert words[words.index("--landing") + 1] == str(tmp_path / "landing")
    assert "--feeds" not in words


def test_with_feeds_there_is_no_newsroom_and_the_sources_are_asked_less_often(
    tmp_path: Path, started: list[list[str]]
) -> None:
    NewsProcesses(made(tmp_path, feeds=("kraken", "okx"))).start()
    ((name, *command),) = started
    assert name == "batches"
    assert command[command.index("--every") + 1] == "1h"
    assert command[command.index("--feeds") + 1] == "kraken,okx"


def test_in_a_bounded_pass_a_death_is_told_with_its_log(
    tmp_path: Path, started: list[list[str]], recordings: Path
) -> None:
    here = made(tmp_path, once=True, recordings=recordings)
    news = NewsProcesses(here)
    try:
        news.start()
        with pytest.raises(TerminalError, match=r"The batches died: see .*batches\.log"):
            news.supervise()
    finally:
        here.stack.down()
    assert started[-1][-2] == "--report"


def test_what_a_bounded_pass_could_not_do_is_told(tmp_path: Path) -> None:
    here = made(tmp_path, once=True)
    here.stack.folder.mkdir(parents=True)
    report = {"objects": 2, "scored": 1, "failed": ["news of 2026-11-28: it is busy"], "dead": ["news/x"]}
    (here.stack.folder / "batches-report.json").write_text(json.dumps(report))
    news = NewsProcesses(here)
    assert news.finished
    assert list(news.failures()) == ["news of 2026-11-28: it is busy", "news/x was landed and could not be scored"]
