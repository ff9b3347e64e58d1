"""``tapehouse lambda``: the very handlers, told of the home; the newsroom is asked, never a real source."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import lambda_ as module
from cli.command import target
from cli.lambda_ import HANDLERS, load
from cli.main import command, main
from cli.sources import landing_of, notification, variables
from tapehouse.landing import Landing
from tapehouse.settings import Settings

pytestmark = pytest.mark.usefixtures("in_an_empty_folder", "kept_environment")


@pytest.fixture
def kept_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the command does to the environment, and handlers that are warm, end with the test."""
    before = dict(os.environ)
    cached = [load(name).__globals__["_warm"] for name in ("news", "social", "enrich")]
    for each in cached:
        each.cache_clear()
    yield
    for each in cached:
        each.cache_clear()
    for name in set(os.environ) - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, dict[str, str]]]:
    """Name, event and environment of each call; nothing is fetched."""
    found: list[tuple[str, Any, dict[str, str]]] = []

    def stub(name: str) -> Any:
        def handler(event: Any, context: Any) -> Any:
            found.append((context.function_name, event, dict(os.environ)))
            return {"name": name}

        return handler

    monkeypatch.setattr(module, "load", stub)
    return found


def test_every_handler_is_named_where_it_is() -> None:
    for name in ("news", "social", "enrich"):
        assert callable(load(name))
    assert {module for module, _ in HANDLERS.values()} == {
        f"lambdas.{name}.handler" for name in ("news", "social", "crawler", "enrich")
    }
    assert command("lambda") is module


def test_social_and_enrich_run_end_to_end_on_a_newsroom_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--lake", str(tmp_path / "my lake")]
    assert main(["lambda", "social", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: each["outcome"] for name, each in told["sources"].items()} == {
        "fear-greed": "landed",
        "reddit": "landed",
    }
    landing = Landing(tmp_path / "my lake" / "_landing")
    (line, *_) = landing.read(told["sources"]["reddit"]["objects"][0])
    assert line.request.startswith("GET http://127.0.0.1:")
    assert main(["lambda", "enrich", *words]) == 0
    assert json.loads(capsys.readouterr().out) == {"batchItemFailures": []}
    assert len(list(landing.keys("score/"))) == 1


def test_without_feeds_the_newsroom_is_asked_and_no_key_of_the_user_s_goes_there(
    called: list[tuple[str, Any, dict[str, str]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ALPHAVANTAGE_KEY", "FINNHUB_SECRET", "REDDIT_CLIENT_SECRET", "TAPEHOUSE_SOURCE_URLS"):
        monkeypatch.setenv(name, "mine=http://real.example")
    assert main(["lambda", "news", "--date", "2026-11-28", "--lake", str(tmp_path / "lake")]) == 0
    ((name, event, environ),) = called
    assert (name, event) == ("news", {"date": "2026-11-28"})
    assert not [value for value in environ.values() if "mine=" in value]
    urls = dict(pair.split("=") for pair in environ["TAPEHOUSE_SOURCE_URLS"].split(","))
    assert urls.keys() == {"alphavantage", "finnhub", "coindesk", "cointelegraph", "reddit", "fear-greed"}
    assert all(url.startswith("http://127.0.0.1:") for url in urls.values())
    assert environ["TAPEHOUSE_LANDING"] == str(tmp_path / "lake" / "_landing")
    assert environ["TAPEHOUSE_CRAWL_LOOPBACK"] == "1"


def test_with_feeds_the_variables_are_the_user_s_own(
    called: list[tuple[str, Any, dict[str, str]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ALPHAVANTAGE_KEY", "mine")
    words = ["--feeds", "kraken", "--lake", str(tmp_path / "lake"), "--landing", str(tmp_path / "landing")]
    assert main(["lambda", "news", *words]) == 0
    ((_, event, environ),) = called
    assert event == {}
    assert environ["ALPHAVANTAGE_KEY"] == "mine"
    assert "TAPEHOUSE_SOURCE_URLS" not in environ
    assert "TAPEHOUSE_NEWS_SOURCES" not in environ
    assert environ["TAPEHOUSE_LANDING"] == str(tmp_path / "landing")


def test_an_event_is_read_from_a_file_or_stdin(
    called: list[tuple[str, Any, dict[str, str]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import io

    (tmp_path / "event.json").write_text('{"Records": []}')
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"time": "2026-11-29T02:00:00Z"}'))
    assert main(["lambda", "crawler", "--event", str(tmp_path / "event.json")]) == 0
    assert main(["lambda", "news", "--event", "-"]) == 0
    assert [(name, event) for name, event, _ in called] == [
        ("crawler", {"Records": []}),
        ("news", {"time": "2026-11-29T02:00:00Z"}),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["news", "--event", "nowhere.json"], "--event nowhere.json cannot be read as JSON"),
        (["news", "--date", "2090-01-01"], "2090-01-01 has not begun"),
        (["crawler"], "give one of its batches by --event FILE"),
        (["crawler-schedule", "--date", "2026-11-28"], "leave --date out"),
        (["enrich", "--target", "aws", "--lake", "s3://bucket/lake"], "works off its queue"),
        (["news", "--target", "aws", "--lake", "s3://bucket/lake"], "No function news was"),
        (["news", "--recordings", "."], "holds demo trades, and this run would add recorded ones"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lake = target(Settings(lake=str(tmp_path / "lake"))).lake
    lake.check_origin("demo")
    here = [] if "--lake" in words else ["--lake", lake.uri]
    assert main(["lambda", *words, *here]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["nosuch"], ["news", "--date", "20261128"], ["news", "--date", "x"], []])
def test_wrong_words_are_wrong_words(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["lambda", *words])


def test_a_message_that_failed_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "load", lambda _: lambda *_: {"batchItemFailures": [{"itemIdentifier": "x"}]})
    assert main(["lambda", "enrich", "--lake", str(tmp_path / "lake")]) == 1


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("s3://lake/demo/_landing", "lake", "demo/_landing/news/x%3D1"),
        ("s3a://lake", "lake", "news/x%3D1"),
        ("/a b/landing", "", "a+b/landing/news/x%3D1"),
    ],
)
def test_a_notification_names_bucket_and_whole_key(uri: str, bucket: str, key: str) -> None:
    (record,) = notification(Landing(uri), "news/x=1")["Records"]
    assert (record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]) == (bucket, key)


def test_a_newsroom_that_runs_is_the_one_that_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedded.stack import Member

    here = target(Settings(lake=str(tmp_path / "lake")))
    assert landing_of(here).uri == str(tmp_path / "lake" / "_landing")
    monkeypatch.setattr("embedded.stack.Stack.alive", lambda _: {"newsroom": Member("simulator", 1, "x", 12_345)})
    with variables(here) as told:
        assert "reddit=http://127.0.0.1:12345/reddit," in told["TAPEHOUSE_SOURCE_URLS"]
