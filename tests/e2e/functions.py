"""The Lambdas of a deployment, called as AWS would: schedules, variables, queues and code are what Terraform made.

moto runs a function in Docker, which is not here; what it keeps of one is all that a call needs.
"""

import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from embedded.event_source import record_of
from embedded.newsroom import Newsroom
from tapehouse.landing import Landing, raw_lines
from tests.e2e.deployment import Deployment
from tests.e2e.recorder import Call, Recorder
from tests.lambdas.crawler.site import Page, Site

SECRETS: Mapping[str, str] = {
    "alphavantage": "no-key-of-alpha-vantage",
    "finnhub": "no-key-of-finnhub",
    "reddit": json.dumps(
        {
            "client_id": "no-app",
            "client_secret": "no-secret-of-reddit",
            "user_agent": "linux:tapehouse:1 (by /u/nobody)",
        }
    ),
    "hook": json.dumps({"token": "no-token-of-a-hook"}),
}
HIDDEN = ("no-key-of-alpha-vantage", "no-key-of-finnhub", "no-secret-of-reddit", "no-token-of-a-hook")
"""What must be seen nowhere."""
VARIABLES = """
secret_versions = { alphavantage = 1, finnhub = 1, reddit = 1, hook = 1 }
news = {
  symbols = ["BTC"]
  crawl   = { schedules = { hourly = "cron(0 * * * ? *)" }, tasks_file = "tasks.yaml", secrets = ["hook"] }
}
"""
"""Every function, and every source with a key."""


def tasks(site: Site) -> str:
    """A task of each kind, about pages that the site then has."""
    site.pages |= {
        "/story": Page("<h1>Bitcoin rises</h1><p>Miners are happy about it.</p>"),
        "/price": Page("<b>64000.5</b>"),
        "/told": Page("<h1>Ether falls</h1>"),
        "/hook": Page("taken"),
    }
    header = {"Authorization": "Bearer secret:tapehouse-local/hook#token"}
    found: list[dict[str, Any]] = [
        {"name": "story", "kind": "page", "start": site.url("/story")},
        {
            **{"name": "price", "kind": "price", "start": site.url("/price")},
            **{"value": {"selector": "b"}, "symbol": "BTC-USD", "unit": "USD"},
        },
        {
            **{"name": "told", "kind": "page", "start": site.url("/told")},
            "output": {"webhook": site.url("/hook"), "headers": header},
        },
    ]
    return json.dumps({"tasks": [{**task, "schedule": "hourly"} for task in found]})


@dataclass
class Functions:
    """Calls to the functions of one deployment; what each came to is kept."""

    deployment: Deployment
    aws: Recorder
    process: "subprocess.Popen[str]"
    answers: dict[str, list[Any]] = field(default_factory=dict)
    """By function, in order."""
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By queue, those that its function was given."""
    began: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    landed: Mapping[str, bytes] = field(default_factory=dict)
    """Objects of the landing by key, unpacked, as they were at the end."""
    log: str = ""

    @property
    def calls(self) -> set[Call]:
        """All that was asked of the emulator."""
        return self.aws.calls

    def _made(self, kind: str, field_name: str, value: str) -> Mapping[str, Any]:
        (found,) = [each for each in self.deployment.of_type(kind) if each[field_name] == value]
        return found

    def _name(self, name: str) -> str:
        return f"{self.deployment.settings['deployment']}-{name}"

    def call(self, name: str, event: Any) -> Any:
        """What the function answers. Raises AssertionError where it ends with an error."""
        self.aws.who = f"lambda-{name}"
        made = self._made("aws_lambda_function", "function_name", self._name(name))
        told = {
            **{"handler": made["handler"], "variables": made["environment"][0]["variables"]},
            **{"timeout_s": made["timeout"], "event": event},
        }
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "answer" in answer, f"{name}: {answer['error']}"
        self.answers.setdefault(name, []).append(answer["answer"])
        return answer["answer"]

    def start(self, schedule: str) -> Any:
        """The call that a schedule makes now."""
        (target,) = self._made("aws_scheduler_schedule", "name", self._name(schedule))["target"]
        event = target["input"].replace("<aws.scheduler.scheduled-time>", self.began)
        return self.call(target["arn"].rpartition(":")[2].removeprefix(self._name("")), json.loads(event))

    def work_off(self, queue: str) -> None:
        """The calls that Lambda makes of a queue's messages, until none is left; what is done is deleted."""
        sqs = self.deployment.client("sqs")
        made = self._made("aws_sqs_queue", "name", self._name(queue))
        mapping = self._made("aws_lambda_event_source_mapping", "event_source_arn", made["arn"])
        function = mapping["function_name"].rpartition(":")[2].removeprefix(self._name(""))
        while True:
            words = {"QueueUrl": made["url"], "MaxNumberOfMessages": mapping["batch_size"], "AttributeNames": ["All"]}
            received = sqs.receive_message(**words).get("Messages", [])
            if not received:
                return
            records = [record_of(message, made["arn"]) for message in received]
            self.messages.setdefault(queue, []).extend(records)
            answer = self.call(function, {"Records": records})
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            for message in received:
                if message["MessageId"] not in failed:
                    sqs.delete_message(QueueUrl=made["url"], ReceiptHandle=message["ReceiptHandle"])


@contextmanager
def calling(deployment: Deployment, folder: Path) -> Iterator[Functions]:
    """A process that is Lambda's, with the bundle that the functions name; sources are the newsroom's."""
    recorder = Recorder(deployment.stack.endpoint("aws"))
    package = deployment.of_type("aws_lambda_function")[0]
    words = {"Bucket": package["s3_bucket"], "Key": package["s3_key"], "VersionId": package["s3_object_version"]}
    content = deployment.client("s3").get_object(**words)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(("lambdas/", "tapehouse/"))])
    now_us = time.time_ns() // 1000  # and it stays now there: from second to second posts get points, and others come
    with (
        Newsroom(clock=lambda: now_us) as room,
        recorder.serving() as address,
        (folder / "lambda.log").open("w") as log,
    ):
        environment = {
            **deployment.stack.environment(deployment.environment),
            "AWS_ENDPOINT_URL": address,
            "PYTHONPATH": str(folder),
            "TAPEHOUSE_SOURCE_URLS": ",".join(f"{name}={url}" for name, url in room.addresses.items()),
            "TAPEHOUSE_CRAWL_LOOPBACK": "1",
        }
        with subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("as_lambda.py"))],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process:
            here = Functions(deployment, recorder, process)
            try:
                yield here
                here.log = (folder / "lambda.log").read_text()
                here.landed = _landed(deployment)
            finally:
                process.kill()


def _landed(deployment: Deployment) -> Mapping[str, bytes]:
    landing = Landing(f"{deployment.settings['lake']}/_landing", s3=lambda: deployment.client("s3"))
    return {key: b"\n".join(raw_lines(landing.content(key))) for key in landing.keys()}  # noqa: SIM118 - no dict
