"""Messages of SQS: each is scored or fails for itself, and the same event twice changes nothing."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
import requests
from moto import mock_aws

from lambdas.enrich import WordListBackend
from lambdas.enrich import handler as module
from lambdas.enrich.handler import Enrich, NotificationError, build
from tapehouse import logs
from tapehouse.errors import SettingsError
from tapehouse.landing import Landing
from tapehouse.score import EMOTIONS, scores_of
from tests.lambdas.enrich.factories import landed, parse

URI = "s3://lake/demo=1/_landing"
MISSING = "news/coindesk/2026-11-29/021031000042-0123456789abcdef.jsonl.gz"


@pytest.fixture
def landing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Landing]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        yield Landing(URI, s3=lambda: s3)


@pytest.fixture
def enrich(landing: Landing) -> Enrich:
    return build({"TAPEHOUSE_LANDING": URI}, landing=lambda _: landing, parse=parse)


def record(key: str, *, bucket: str = "lake", event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """As S3 writes it: the key is URL-encoded."""
    whole = quote_plus(f"demo=1/_landing/{key}", safe="/")
    return {"eventName": event, "s3": {"bucket": {"name": bucket}, "object": {"key": whole, "size": 1}}}


def message(name: str, *records: dict[str, Any], body: str | None = None) -> dict[str, Any]:
    text = json.dumps({"Records": records}) if body is None else body
    return {"messageId": name, "body": text, "eventSource": "aws:sqs"}


def failed(answer: dict[str, Any]) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_objects_that_messages_name_are_scored(landing: Landing, enrich: Enrich) -> None:
    one, two, three = (landing.put([landed(title)]) for title in ("Bitcoin surges", "Ether falls", "Solana hacked"))
    answer = enrich({"Records": [message("a", record(one), record(two)), message("b", record(three))]})
    assert answer == {"batchItemFailures": []}
    assert len(list(landing.keys("score/scores/"))) == 3


def test_the_same_event_twice_writes_the_same_objects(landing: Landing, enrich: Enrich) -> None:
    event = {"Records": [message("a", record(landing.put([landed("Bitcoin surges", "Ether falls")])))]}
    enrich(event)
    before = [(key, landing.content(key)) for key in landing.keys("score/")]
    build({"TAPEHOUSE_LANDING": URI}, landing=lambda _: landing, parse=parse)(event)
    assert [(key, landing.content(key)) for key in landing.keys("score/")] == before


@pytest.mark.parametrize(
    "poison",
    [
        message("bad", body="no JSON"),
        message("bad", body="[1]"),
        message("bad", body="{}"),
        message("bad", body='{"Records": [{"eventName": "ObjectCreated:Put"}]}'),
        message("bad", body="[" * 100_000),
        {"messageId": "bad"},
        message("bad", record("elsewhere/file.txt")),
        message("bad", record(MISSING)),
        message("bad", record(MISSING, bucket="another")),
        message(
            "bad",
            {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "lake"}, "object": {"key": MISSING}}},
        ),
    ],
    ids=["text", "list", "empty", "no key", "deep", "no body", "foreign", "missing", "wrong bucket", "out of prefix"],
)
def test_a_poison_message_fails_alone(
    poison: dict[str, Any], landing: Landing, enrich: Enrich, caplog: pytest.LogCaptureFixture
) -> None:
    good = message("good", record(landing.put([landed("Bitcoin surges")])))
    assert failed(enrich({"Records": [poison, good]})) == ["bad"]
    assert len(list(landing.keys("score/"))) == 1
    assert "message_failed" in caplog.text


@pytest.mark.parametrize(
    "nothing",
    [
        message("n", body='{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "lake"}'),
        message("n", record(MISSING, event="ObjectRemoved:Delete")),
        message("n", record(MISSING.replace("news", "price"))),
        message("n", record(MISSING.replace("news/coindesk", "score/scores"))),
    ],
    ids=["test event", "deletion", "price", "its own scores"],
)
def test_what_has_nothing_to_score_is_done(nothing: dict[str, Any], enrich: Enrich) -> None:
    assert failed(enrich({"Records": [nothing]})) == []


def test_an_error_of_another_kind_is_logged_without_its_words(
    landing: Landing, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> Any:
        raise RuntimeError("Bitcoin surges")

    enrich = build({"TAPEHOUSE_LANDING": URI}, landing=lambda _: landing, parse=broken)
    event = {"Records": [message("a", record(landing.put([landed("Bitcoin surges")])))]}
    assert failed(enrich(event)) == ["a"]
    assert "RuntimeError" in caplog.text
    assert "Bitcoin" not in caplog.text


@pytest.mark.parametrize(
    ("variable", "labels", "told"),
    [
        ("TAPEHOUSE_SENTIMENT_ENDPOINT", {"negative": 0.9, "neutral": 0.06, "positive": 0.04}, {"sentiment": -0.86}),
        ("TAPEHOUSE_EMOTION_ENDPOINT", dict.fromkeys(EMOTIONS, 0.1) | {"fear": 0.4}, {"fear": 0.4}),
    ],
)
def test_an_endpoint_scores_by_aws_s_own_client_and_where_it_answers_nonsense_its_message_fails_alone(
    variable: str,
    labels: dict[str, float],
    told: dict[str, float],
    landing: Landing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is asked of what the word lists would say otherwise; for the second text moto has no answer but a word."""
    said = json.dumps([[{"label": label, "score": score} for label, score in labels.items()]])
    results = [{"Body": said, "ContentType": "application/json"}]
    requests.post(
        "http://motoapi.amazonaws.com/moto-api/static/sagemaker/endpoint-results", json={"results": results}, timeout=9
    )
    for name, value in (("TAPEHOUSE_LANDING", URI), (variable, "a-model")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(module, "build", partial(build, parse=parse))
    monkeypatch.setattr(logs, "set_up", lambda: None)
    messages = [
        message(name, record(landing.put([landed(title)])))
        for name, title in (("good", "Bitcoin surges"), ("bad", "Ether falls"))
    ]
    module._warm.cache_clear()
    module._runtime.cache_clear()
    try:
        answers = [module.handler({"Records": messages}, None) for _ in range(2)]
    finally:
        module._warm.cache_clear()
        module._runtime.cache_clear()
    assert [failed(answer) for answer in answers] == [["bad"], ["bad"]]
    ((score,),) = (scores_of(line.body) for key in landing.keys("score/") for line in landing.read(key))
    (plain,) = WordListBackend().scores(["Bitcoin surges"])
    assert score.emotions is not None
    by_words = {"sentiment": plain.sentiment, "fear": plain.emotions["fear"]}
    assert {"sentiment": score.sentiment, "fear": score.emotions["fear"]} == {**by_words, **told} != by_words
    assert "sagemaker:a-model-" in score.scorer


@pytest.mark.parametrize("event", [None, {}, {"Records": "x"}, {"Records": [{"body": "{}"}]}])
def test_what_is_no_batch_is_refused(event: Any, enrich: Enrich) -> None:
    with pytest.raises(NotificationError, match="no batch of SQS"):
        enrich(event)


def test_a_folder_is_a_bucket_without_a_name(tmp_path: Path) -> None:
    home = Landing(tmp_path / "my lake" / "_landing")
    key = home.put([landed("Bitcoin surges")])
    whole = quote_plus(f"{home.uri.strip('/')}/{key}", safe="/")
    named = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": ""}, "object": {"key": whole}}}
    enrich = build({"TAPEHOUSE_LANDING": home.uri}, parse=parse)
    assert failed(enrich({"Records": [message("a", named), message("b", record(key))]})) == ["b"]
    assert len(list(home.keys("score/"))) == 1


def test_an_edition_goes_before_the_scorer_s_name(landing: Landing) -> None:
    enrich = build({"TAPEHOUSE_LANDING": URI, "TAPEHOUSE_SCORER_EDITION": "7"}, landing=lambda _: landing, parse=parse)
    enrich({"Records": [message("a", record(landing.put([landed("Bitcoin surges")])))]})
    ((score,),) = (scores_of(line.body) for key in landing.keys("score/") for line in landing.read(key))
    assert score.scorer == f"7:{WordListBackend().name}"


@pytest.mark.parametrize("edition", ["-1", "two", "²", "1" * 10])
def test_an_edition_that_is_no_number_is_refused(edition: str) -> None:
    with pytest.raises(SettingsError, match="TAPEHOUSE_SCORER_EDITION is "):
        build({"TAPEHOUSE_LANDING": URI, "TAPEHOUSE_SCORER_EDITION": edition}, parse=parse)


@pytest.mark.parametrize("environment", [{}, {"TAPEHOUSE_LANDING": ""}])
def test_a_landing_that_no_notification_comes_from_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="TAPEHOUSE_LANDING"):
        build(environment, parse=parse)


def test_the_handler_is_built_once_from_the_environment(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPEHOUSE_LANDING", URI)
    monkeypatch.setattr(module, "build", partial(build, parse=parse))
    monkeypatch.setattr(logs, "set_up", lambda: None)
    module._warm.cache_clear()
    try:
        event = {"Records": [message("a", record(landing.put([landed("Bitcoin surges")])))]}
        assert module.handler(event, None) == {"batchItemFailures": []}
        assert module._warm() is module._warm()
        assert len(list(landing.keys("score/"))) == 1
    finally:
        module._warm.cache_clear()
