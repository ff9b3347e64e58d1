"""A crawler against the site on loopback, and what its runs wrote."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lambdas.crawler.crawler import Crawler, Edges
from lambdas.crawler.guard import Guard
from lambdas.crawler.loader import load
from lambdas.crawler.model import Task
from tapehouse.landing import Landed
from tests.lambdas.crawler.site import Resolver, Site

NOW_US = 1_796_000_000_000_000


class Secrets:
    """Secrets Manager, as far as it is used."""

    def __init__(self, **held: str) -> None:
        self.held = held
        self.asked: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - AWS's name
        self.asked.append(SecretId)
        return {"SecretString": self.held[SecretId]}


@dataclass
class Home:
    """A landing in memory, a clock that only sleeping moves, and names that lead here."""

    site: Site
    secrets: Secrets = field(default_factory=Secrets)
    resolver: Resolver = field(default_factory=lambda: Resolver(one_test=["127.0.0.1"], two_test=["127.0.0.1"]))
    landed: list[list[Landed]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    passed_s: float = 0.0
    page_s: float = 0.0
    """So long each look at the clock takes."""

    def __post_init__(self) -> None:
        self.guard = Guard(loopback=True, resolve=self.resolver)

    def put(self, lines: Sequence[Landed]) -> str:
        self.landed.append(list(lines))
        return "key"

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed_s += seconds

    def monotonic(self) -> float:
        self.passed_s += self.page_s
        return self.passed_s

    def crawler(self, **words: Any) -> Crawler:
        edges = Edges(
            landing=lambda: self,
            secrets=lambda: self.secrets,
            sleep=self.sleep,
            monotonic=self.monotonic,
            clock=lambda: NOW_US,
        )
        return Crawler(self.guard, edges, **{"user_agent": "tapehouse/0.1", **words})

    def task(self, *steps: Any, **changed: Any) -> Task:
        """Of the site's first page."""
        start = self.site.url("/start", host="one.test")
        said = {"name": "news", "kind": "page", "start": start, "schedule": "daily", **changed}
        content = json.dumps({"tasks": [{**said, **({"steps": steps} if steps else {})}]}).encode()
        return load(content, where="tasks", place=self.guard.place).tasks[0]

    def run(self, *steps: Any, within_s: float = 600.0, **changed: Any) -> dict[str, Any]:
        """Runs the task of these steps."""
        return self.crawler().run(self.task(*steps, **changed), within_s=within_s)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Of all lines that were landed."""
        return [json.loads(line.body) for lines in self.landed for line in lines]


LINKS = {"extract": [{"selector": "a", "as": "href", "name": "link", "all": True}]}


def each(*steps: Any, over: str = "link", name: str = "each") -> dict[str, Any]:
    """A nested task over the links."""
    return {"tasks": [{"name": name, "steps": [{"navigate": f"${over}"}, *steps]}]}


def linking(*targets: str) -> str:
    return "<main>" + "".join(f'<a href="{target}">x</a>' for target in targets) + "</main>"
