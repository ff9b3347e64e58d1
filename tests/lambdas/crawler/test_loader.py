"""A file of tasks is used whole or not at all, and all that is wrong with it is told at once."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import lambdas.crawler
from lambdas.crawler.guard import Guard
from lambdas.crawler.loader import TaskFileError, load
from lambdas.crawler.model import CheckPresence, Extract, Navigate, Nested, Reading, Secret, Task, Webhook

EXAMPLE = Path(str(lambdas.crawler.__file__)).with_name("tasks.example.yaml")
START = "https://example.com/news"
STORY = {"selector": "a", "as": "href", "name": "story", "all": True}


def page(**changed: Any) -> dict[str, Any]:
    return {"name": "news", "kind": "page", "start": START, "schedule": "daily", **changed}


def price(**changed: Any) -> dict[str, Any]:
    return {**page(kind="price", value={"selector": "#p"}, symbol="BTC-USD"), **changed}


def nested(*steps: Any, name: str = "story") -> dict[str, Any]:
    return {"tasks": [{"name": name, "steps": list(steps)}]}


def read(*tasks: dict[str, Any]) -> list[Task]:
    content = json.dumps({"tasks": tasks}).encode()  # JSON is YAML
    return list(load(content, where="tasks.yaml", place=Guard().place).tasks)


def faults(*tasks: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(TaskFileError) as caught:
        read(*tasks)
    return caught.value.faults


def test_the_example_is_right_and_shows_every_key() -> None:
    content = EXAMPLE.read_bytes()
    tasks = load(content, where=str(EXAMPLE), place=Guard().place)
    assert tasks.tasks[0].name == "example-news"
    assert tasks.schedules == ["daily", "hourly", "weekly"]
    assert {task.start.split("/")[2] for task in tasks.tasks} == {"example.com"}
    words = ("name:", "kind:", "start:", "schedule:", "hosts:", "steps:", "checkPresence:", "extract:", "tasks:")
    more = ("navigate:", "value:", "pattern:", "locale:", "symbol:", "unit:", "output:", "webhook:", "headers:")
    assert [word for word in (*words, *more) if word.encode() not in content] == []


def test_a_page_is_read_with_all_its_steps() -> None:
    (task,) = read(
        page(
            hosts=["blog.example.com"],
            steps=[
                {"checkPresence": "main"},
                {"extract": [STORY]},
                nested({"navigate": "$story"}, {"extract": [{"selector": "h1", "as": "text", "name": "title"}]}),
                {"navigate": "https://blog.example.com/"},
            ],
        )
    )
    assert task.steps == (
        Navigate(START),
        CheckPresence("main"),
        Extract("a", "href", "story", True),
        Nested("story", "story", (Extract("h1", "text", "title"),)),
        Navigate("https://blog.example.com/"),
    )
    assert task.hosts == {"example.com", "blog.example.com"}


def test_a_first_step_that_goes_to_the_start_is_not_taken_twice() -> None:
    (task,) = read(page(steps=[{"navigate": START}, {"checkPresence": "h1"}]))
    assert task.steps == (Navigate(START), CheckPresence("h1"))


def test_a_price_is_read_and_its_unit_is_the_symbols() -> None:
    (task,) = read(price(value={"selector": "#p", "pattern": "([0-9.]+)", "locale": "de"}))
    assert (task.reading, task.symbol, task.unit) == (Reading("#p", "([0-9.]+)", "de"), "BTC-USD", "USD")
    (task,) = read(price(symbol="ETH-EUR", unit="EUR"))
    assert (task.symbol, task.unit, task.steps) == ("ETH-EUR", "EUR", (Navigate(START),))


def test_a_webhook_names_secrets_and_holds_none() -> None:
    headers = {"X-From": "us", "Authorization": "Bearer secret:crawler/hook#token", "X-Api-Key": "secret:plain"}
    (task,) = read(page(output={"webhook": "https://hook.example/x", "headers": headers}))
    assert task.webhook == Webhook(
        "https://hook.example/x",
        {"X-From": "us", "Authorization": Secret("crawler/hook#token", "Bearer "), "X-Api-Key": Secret("plain")},
    )
    assert read(page(output="landing"))[0].webhook is None


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"kynd": "page"}, "task news: 'kynd' is not known here: did you mean kind?"),
    ({"name": "News!"}, "'News!' is not a name"),
    ({"name": "n" * 65}, "is not a name"),
    ({"kind": "pages"}, "task news: kind: 'pages' is not known: did you mean page?"),
    ({"start": "http://169.254.169.254/"}, "task news: start: http://169.254.169.254/ is not crawled"),
    ({"start": "ftp://example.com/"}, "neither http nor https"),
    ({"start": "https://me:hunter2@example.com/"}, "it names a user"),
    ({"start": "http://127.0.0.1:8000/"}, "port"),
    ({"schedule": "Every Day"}, "schedule"),
    ({"hosts": ["https://example.org"]}, "hosts[0]"),
    ({"hosts": ["example.org:8080"]}, "hosts[0]"),
    ({"hosts": ["10.0.0.1"]}, "private"),
    ({"hosts": "example.org"}, "hosts: it has to be a list"),
    ({"steps": []}, "steps: it has to be a list that is not empty"),
    ({"steps": [{}]}, "steps[0]: a step is one of"),
    ({"steps": ["navigate"]}, "steps[0]: it has to be a mapping"),
    ({"steps": [{"navigat": START}]}, "steps[0]: 'navigat' is not known here: did you mean navigate?"),
    ({"steps": [{"navigate": START, "checkPresence": "a"}]}, "steps[0]: a step is one of"),
    ({"steps": [{"navigate": "https://other.example/"}]}, "its host is neither the start's nor in hosts"),
    ({"steps": [{"navigate": "http://2130706433/"}]}, "steps[0].navigate: http://2130706433/ is not crawled"),
    ({"steps": [{"navigate": "$story"}]}, "$story is not extracted before: nothing is"),
    ({"steps": [{"extract": [STORY]}, {"navigate": "$stories"}]}, "$stories is not extracted before: $story is"),
    ({"steps": [{"extract": [STORY]}, {"navigate": "$story"}]}, "go to each of them in nested tasks"),
    ({"steps": [{"extract": [{**STORY, "as": "text"}]}, {"navigate": "$story"}]}, "$story is text"),
    ({"steps": [{"checkPresence": "a["}]}, "steps[0].checkPresence: 'a[' is no CSS selector"),
    ({"steps": [{"extract": [{**STORY, "selector": "//a"}]}]}, "steps[0].extract[0].selector: '//a' is no CSS"),
    ({"steps": [{"extract": [{**STORY, "as": "link"}]}]}, "extract[0].as: 'link' is not known: there is text, href"),
    ({"steps": [{"extract": [{**STORY, "all": "yes"}]}]}, "extract[0].all: it has to be true or false"),
    ({"steps": [{"extract": [STORY, STORY]}]}, "extract[1].name: story is extracted already"),
    ({"steps": [{"extract": [{**STORY, "name": "title"}]}]}, "title is the page's own"),
    ({"steps": [{"extract": STORY}]}, "extract: it has to be a list"),
    ({"steps": [nested({"navigate": "$story"})]}, "$story is not extracted before"),
    ({"steps": [{"extract": [STORY]}, nested({"checkPresence": "a"})]}, "the first step of a nested task"),
    ({"steps": [{"extract": [STORY]}, nested({"navigate": START})]}, "the first step of a nested task"),
    ({"steps": [{"extract": [STORY]}, {"tasks": [{"name": "x"}]}]}, "tasks[0].steps: it has to be a list"),
    ({"value": {"selector": "#p"}}, "value: it is for kind price alone"),
    ({"symbol": "BTC-USD"}, "symbol: it is for kind price alone"),
    ({"javascript": "yes"}, "javascript: it has to be true or false"),
    ({"output": "s3"}, "output: it has to be landing, or"),
    ({"output": {"webhok": "https://h.example/"}}, "did you mean webhook?"),
    ({"output": {"webhook": "http://10.0.0.1/"}}, "output.webhook: http://10.0.0.1/ is not crawled"),
    ({"output": {"webhook": "http://h.example/", "headers": {"X": "secret:a#b"}}}, "a secret is sent by https alone"),
    ({"output": {"webhook": "https://h.example/", "headers": {"Host": "x"}}}, "the crawler sets it"),
    ({"output": {"webhook": "https://h.example/", "headers": {"X-A": "1", "x-a": "2"}}}, "it is there twice"),
    ({"output": {"webhook": "https://h.example/", "headers": {"X A": "1"}}}, "no header's name"),
    ({"output": {"webhook": "https://h.example/", "headers": {"X": "a\r\nY: b"}}}, "has to be text of ASCII"),
    ({"output": {"webhook": "https://h.example/", "headers": {"X": "a secret:b c"}}}, "a secret is named as"),
    ({"output": {"webhook": "https://h.example/", "headers": ["X"]}}, "headers: it has to be a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "fault"), FAULTS, ids=[fault[:40] for _, fault in FAULTS])
def test_a_fault_is_told_with_its_task_and_place(changed: dict[str, Any], fault: str) -> None:
    found = faults(page(**changed))
    assert any(fault in each for each in found), found
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"value": None}, "value: it has to be a mapping"),
        ({"value": {"selector": "a["}}, "value.selector: 'a[' is no CSS selector"),
        ({"value": {"selector": "a", "pattern": "("}}, "no regular expression"),
        ({"value": {"selector": "a", "pattern": "(a)(b)"}}, "one group at most"),
        ({"value": {"selector": "a", "pattern": "(?P<fraction>a)"}}, "one group at most"),
        ({"value": {"selector": "a", "locale": "dee"}}, "did you mean de?"),
        ({"symbol": "btc-usd"}, "is not a symbol"),
        ({"unit": "EUR"}, "BTC-USD has the unit USD, and not EUR"),
        ({"symbol": "GOLD"}, "is not a symbol"),
        ({"steps": [{"extract": [STORY]}, nested({"navigate": "$story"})]}, "nested tasks are for kind page"),
    ],
)
def test_a_fault_of_a_price_is_told(changed: dict[str, Any], fault: str) -> None:
    assert any(fault in each for each in faults(price(**changed)))


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token"])
def test_a_credential_does_not_stand_in_the_file_and_is_not_shown(name: str) -> None:
    found = faults(page(output={"webhook": "https://h.example/", "headers": {name: "Bearer hunter2"}}))
    assert "a credential does not stand in this file" in found[0]
    assert "hunter2" not in str(found)


def test_all_faults_of_all_tasks_are_told_at_once() -> None:
    del (bad := page(name="two"))["schedule"]
    found = faults(page(kind="x", start="http://10.0.0.1/"), bad, page(name="news"))
    assert len(found) == 4
    assert [each.split(":")[0] for each in found] == ["task news", "task news", "task two", "task news"]
    assert found[-1] == "task news: its name is there twice"


def deep(levels: int) -> list[Any]:
    """Steps with so many nested tasks in each other."""
    extract = {"extract": [{**STORY, "name": f"link{levels}"}]}
    return [] if levels == 0 else [extract, nested({"navigate": f"$link{levels}"}, *deep(levels - 1))]


def test_tasks_are_nested_three_deep_and_no_deeper() -> None:
    assert read(page(steps=deep(3)))
    assert "it is nested deeper than 3" in faults(page(steps=deep(4)))[0]


@pytest.mark.parametrize("content", [b"", b"[]", b"tasks: 5", b"tasks: []", b"task: []", b"tasks: [5]", b"5", b"{}"])
def test_a_file_without_tasks_is_refused(content: bytes) -> None:
    with pytest.raises(TaskFileError):
        load(content, where="tasks.yaml", place=Guard().place)


def test_the_error_survives_pickling_and_names_the_file() -> None:
    error = TaskFileError("tasks.yaml", ["a", "b"])
    assert str(pickle.loads(pickle.dumps(error))) == "tasks.yaml cannot be used, for 2 reason(s):\n  - a\n  - b"
