"""The batches' passes: which days, what is told to the queue, what comes of failures; then the command itself."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli import batches as module
from cli.batches import Batches, Tally
from cli.batches_done import Done
from cli.main import main
from embedded.event_source import EventSource
from tapehouse.errors import TransientError
from tapehouse.landing import Landed, Landing

NOON = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
DAYS = ["2026-11-29", "2026-11-28", "2026-11-27", "2026-11-26"]


@dataclass
class Home:
    """Batches over a temporary landing, whose Lambdas are the test's."""

    folder: Path
    sqs: Any
    now: dt.datetime = NOON
    asked: list[tuple[str, str]] = field(default_factory=list)
    broken: set[tuple[str, str]] = field(default_factory=set)
    poison: set[str] = field(default_factory=set)
    """Kinds that cannot be scored."""
    scored: list[str] = field(default_factory=list)

    @property
    def landing(self) -> Landing:
        return Landing(self.folder / "my landing")

    def batches(self, crawl: Any = None) -> Batches:
        """As of a new process."""
        queue = EventSource(self.sqs, "work", self._enrich)
        queue.ensure()
        return Batches(
            daily={"news": self._daily("news"), "social": self._daily("social")},
            queue=queue,
            landing=self.landing,
            done=Done(self.folder / "batches.json"),
            clock=lambda: self.now,
            crawl=crawl,
        )

    def land(self, kind: Any, name: str) -> str:
        at_us = int(self.now.timestamp()) * 1_000_000
        line = Landed(kind=kind, source="test", request=name, fetched_at_us=at_us, body=name.encode())
        return self.landing.put([line])

    def _daily(self, name: str) -> Callable[[Any, object], Any]:
        def run(event: Any, context: Any) -> Any:
            assert context.function_name == name
            self.asked.append((name, event["date"]))
            self.land(name, f"{name} of {event['date']}")
            if (name, event["date"]) in self.broken:
                raise TransientError("a source failed")

        return run

    def _enrich(self, event: Any) -> Any:
        failed = []
        for message in event["Records"]:
            (record,) = json.loads(message["body"])["Records"]
            assert record["s3"]["bucket"]["name"] == ""
            key = record["s3"]["object"]["key"].partition("my+landing/")[2]
            if key.partition("/")[0] in self.poison:
                failed.append({"itemIdentifier": message["messageId"]})
            else:
                self.scored.append(key)
        return {"batchItemFailures": failed}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with mock_aws():
        yield Home(tmp_path, boto3.client("sqs", region_name="us-east-1"))


def test_a_first_pass_runs_today_and_three_days_before_and_scores_all_that_landed(home: Home) -> None:
    tally = home.batches().once()
    assert home.asked == [(name, day) for day in DAYS for name in ("news", "social")]
    assert (tally.objects, tally.scored, tally.failed, tally.dead) == (8, 8, [], [])
    assert sorted(home.scored) == sorted([*home.landing.keys("news/"), *home.landing.keys("social/")])


def test_a_second_pass_runs_today_alone_also_of_another_process(home: Home) -> None:
    batches = home.batches()
    batches.once()
    home.asked.clear()
    home.scored.clear()
    for again in (batches, home.batches()):
        assert again.once().objects == 0
    assert home.asked == [("news", DAYS[0]), ("social", DAYS[0])] * 2
    assert home.scored == []


def test_after_the_turn_of_the_day_the_day_that_is_over_is_run_once_more(home: Home) -> None:
    batches = home.batches()
    batches.once()
    home.asked.clear()
    home.now += dt.timedelta(hours=12)
    batches.once()
    assert home.asked == [(name, day) for day in ("2026-11-30", "2026-11-29") for name in ("news", "social")]


@pytest.mark.parametrize(
    ("now", "every", "at"),
    [
        (NOON, dt.timedelta(minutes=5), NOON + dt.timedelta(minutes=5)),
        (NOON.replace(hour=23, minute=58), dt.timedelta(minutes=5), dt.datetime(2026, 11, 30, tzinfo=dt.UTC)),
        (NOON, dt.timedelta(hours=20), dt.datetime(2026, 11, 30, tzinfo=dt.UTC)),
    ],
)
def test_the_next_pass_is_after_a_while_or_at_the_day_s_turn(
    home: Home, now: dt.datetime, every: dt.timedelta, at: dt.datetime
) -> None:
    home.now = now
    assert home.batches().next_at(every) == at


def test_a_batch_that_fails_is_told_keeps_nothing_back_and_is_tried_again(home: Home) -> None:
    home.broken.add(("news", DAYS[1]))
    batches = home.batches()
    tally = batches.once()
    assert tally.failed == [f"news of {DAYS[1]}: a source failed"]
    assert tally.scored == 8  # also what it had landed before it failed
    home.asked.clear()
    home.broken.clear()
    assert batches.once().failed == []
    assert ("news", DAYS[1]) in home.asked
    home.asked.clear()
    batches.once()
    assert ("news", DAYS[1]) not in home.asked


def test_a_poison_object_is_put_aside_once_and_not_told_again(home: Home) -> None:
    home.poison.add("page")
    poison = home.land("page", "poison")
    good = home.land("social", "good")
    tally = home.batches().once()
    assert tally.dead == [poison]
    assert good in home.scored
    assert tally.scored == 9
    again = home.batches().once()
    assert (again.objects, again.dead) == (0, [])


def test_scores_prices_and_an_index_are_not_told_to_the_queue(home: Home) -> None:
    for kind in ("score", "price", "index"):
        home.land(kind, kind)
    home.batches().once()
    assert {key.partition("/")[0] for key in home.scored} == {"news", "social"}


def test_objects_of_a_run_that_was_killed_before_it_scored_them_are_scored_by_the_next(home: Home) -> None:
    left = home.land("news", "left")
    home.now += dt.timedelta(days=2)
    home.batches().once()
    assert left in home.scored


def test_pages_are_crawled_once_a_pass_and_scored_by_the_same(home: Home) -> None:
    pages: list[str] = []

    class Crawls:
        def once(self, *, may_go_on: Callable[[], bool]) -> list[str]:
            pages.append(home.land("page", f"page {len(pages)}"))
            return ["crawler: a task failed"] if len(pages) > 1 else []

    batches = home.batches(Crawls())
    assert batches.once().failed == []
    assert home.scored[-1] == pages[0]
    assert batches.once().failed == ["crawler: a task failed"]
    assert home.scored[-1] == pages[1]


def test_a_pass_that_may_not_go_on_ends_between_two_batches(home: Home) -> None:
    answers = iter([True, True, False, False])
    home.batches().once(may_go_on=lambda: next(answers, False))
    assert home.asked == [("news", DAYS[0])]


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_an_empty_folder")
@pytest.mark.parametrize("span", ["1s", "never", "59", "0.5m"])
def test_the_sources_are_not_asked_more_often_than_once_a_minute(span: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["batches", "--every", span])
    assert "60s at least" in capsys.readouterr().err


@pytest.mark.usefixtures("in_an_empty_folder")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target", "aws", "--lake", "s3://bucket/lake"], "works on the local target only"),
        ([], "tapehouse up"),
    ],
)
def test_it_says_what_it_needs(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batches", *words]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("in_an_empty_folder")
@pytest.mark.parametrize(
    ("tally", "status"), [(Tally(objects=2, scored=2), 0), (Tally(failed=["x"]), 1), (Tally(dead=["x"]), 1)]
)
def test_one_pass_is_told_reported_and_judged(
    tally: Tally,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "http://127.0.0.1:9")  # as of a child of run-app
    monkeypatch.setattr(module, "replace_environment", lambda _: None)
    monkeypatch.setattr(module, "_queue", lambda: None)
    monkeypatch.setattr(module, "_crawl", lambda: None)
    monkeypatch.setattr(module, "load", lambda name: name)
    monkeypatch.setattr(Batches, "once", lambda *_, **__: tally)
    report = tmp_path / "report.json"
    assert main(["batches", "--report", str(report)]) == status
    assert json.loads(report.read_text())["scored"] == tally.scored
    assert capsys.readouterr().out.startswith(f"batches objects={tally.objects} scored={tally.scored} ")
