"""The crawler at home: the newsroom's paper through schedule, queue and handler, into documents and quotes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.crawl import Crawl
from cli.crawl_tasks import PAGES, PRICES, write_tasks
from embedded.event_source import EventSource
from embedded.newsroom import Newsroom, paper
from embedded.newsroom.desk import GAZETTE, Desk
from embedded.newsroom.gazette import LISTED
from lambdas.crawler import handler as module
from lambdas.crawler.crawler import Crawler, Edges
from lambdas.crawler.guard import Guard
from tapehouse import logs
from tapehouse.documents import parse
from tapehouse.errors import TransientError
from tapehouse.landing import Landing

NOON_US = int(datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with mock_aws():
        yield boto3.client("sqs", region_name="us-east-1")


def queue_of(sqs: Any, handler: Any) -> EventSource:
    queue = EventSource(sqs, "crawl", handler, batch_size=1)
    queue.ensure()
    return queue


def test_the_paper_s_stories_become_documents_and_its_price_a_quote(
    sqs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = Landing(tmp_path / "landing")
    edges = Edges(landing=lambda: landing, secrets=lambda: sqs, clock=lambda: NOON_US)
    crawler = Crawler(Guard(loopback=True), edges, user_agent="test", least_s=0.0)
    queue = queue_of(sqs, module.handler)
    monkeypatch.setattr(module, "_crawler", lambda settings: crawler)
    monkeypatch.setattr(module, "_client", lambda service: sqs)
    monkeypatch.setattr(logs, "set_up", lambda: None)
    with Newsroom(clock=lambda: NOON_US) as room:
        for name, value in {
            "TAPEHOUSE_CRAWL_TASKS": str(write_tasks(tmp_path / "new", paper(room.port))),
            "TAPEHOUSE_CRAWL_LOOPBACK": "1",
            "TAPEHOUSE_CRAWL_QUEUE_URL": queue.url,
            "TAPEHOUSE_LANDING": landing.uri,
        }.items():
            monkeypatch.setenv(name, value)
        assert Crawl(schedule=module.schedule, queue=queue).once() == []
    crawler.close()
    keys = list(landing.keys())
    assert [key.split("/")[:2] for key in keys] == [["page", PAGES], ["price", PRICES]]
    found = [parse(line) for key in keys for line in landing.read(key)]
    assert [each.faults for each in found] == [()] * (LISTED + 2)
    told = [story for story in Desk(1).newest_first(NOON_US, days=10) if story.paper == GAZETTE][:LISTED]
    said = {(each.title, each.body, each.author, each.published_at_us) for page in found for each in page.documents}
    assert {(each.title, each.text, each.author, each.at_us) for each in told} < said
    (quote,) = (each for page in found for each in page.values)
    assert (quote.name, quote.unit, quote.source) == ("BTC-USD", "USD", PRICES)
    assert 63_360 <= float(quote.value) <= 64_640


def test_a_task_that_fails_again_and_again_and_a_schedule_that_does_not_begin_are_told(sqs: Any) -> None:
    def schedule(event: Any, context: Any) -> None:
        assert event == {"schedule": "home"}
        queue.send(['{"task":"good"}', '{"task":"bad"}'])

    def broken(event: Any, context: Any) -> None:
        raise TransientError("SQS is away")

    def handler(event: Any) -> Any:
        return {
            "batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"] if "bad" in r["body"]]
        }

    queue = queue_of(sqs, handler)
    (said,) = Crawl(schedule=schedule, queue=queue).once()
    assert said.startswith('crawler: {"task":"bad"} failed')
    assert Crawl(schedule=broken, queue=queue).once() == ["crawler: SQS is away"]
