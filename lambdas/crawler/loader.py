"""The tasks of a YAML file. Whatever is wrong with it is told at once, with the task's name and the place in it.

::

    tasks:
      - name: example-news            # also the source in the landing
        kind: page                    # or price
        start: https://example.com/news
        schedule: daily
        hosts: [blog.example.com]     # where links may lead besides
        steps:
          - checkPresence: main
          - extract: [{selector: "h2 a", as: href, name: story, all: true}]
          - tasks:
              - name: story
                steps:
                  - navigate: $story
                  - extract: [{selector: h1, as: text, name: title}]

A price has ``value: {selector, pattern, locale}`` and ``symbol`` besides, ``unit`` if you like, and no nested tasks.
``output`` is ``landing``, or ``{webhook: URL, headers: {…}}``. ``javascript: true`` has pages rendered by a browser.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from lambdas.crawler.guard import ForbiddenAddressError, Place
from lambdas.crawler.model import Navigate, Task, Tasks
from lambdas.crawler.output_loader import read_reading, read_webhook
from lambdas.crawler.step_loader import StepReader
from tapehouse import strict_yaml
from tapehouse.errors import TerminalError
from tapehouse.fields import Faults, Fields

PlaceOf = Callable[[str], Place]
MOST_TASKS: Final = 500
_KEYS: Final = (
    "name", "kind", "start", "schedule", "steps", "hosts", "value", "symbol", "unit", "output", "javascript",
)  # fmt: skip
_NAME: Final = "[a-z0-9][a-z0-9._-]{0,63}"


class TaskFileError(TerminalError):
    """A file of tasks cannot be used; every fault is listed."""

    def __init__(self, where: str, faults: Sequence[str]) -> None:
        super().__init__(where, faults)
        self.where, self.faults = where, tuple(faults)

    def __str__(self) -> str:
        lines = [f"{self.where} cannot be used, for {len(self.faults)} reason(s):"]
        return "\n".join([*lines, *(f"  - {fault}" for fault in self.faults)])


def load(content: bytes, *, where: str, place: PlaceOf) -> Tasks:
    """All tasks of the file. ``place`` is the guard's: it refuses addresses. Raises TaskFileError."""
    try:
        said = strict_yaml.load(content)
    except strict_yaml.YamlError as error:
        raise TaskFileError(where, [str(error)]) from error
    faults = Faults()
    fields = Fields(said, "the file", faults, known=("tasks",))
    read = [_task(each, at, faults, place) for at, each in fields.items("tasks", most=MOST_TASKS)]
    if not said and not faults.found:
        faults.add("the file", "it has no tasks")
    seen: set[str] = set()
    for task in read:
        if task.name and task.name in seen:
            faults.add(f"task {task.name}", "its name is there twice")
        seen.add(task.name)
    if faults.found:
        raise TaskFileError(where, faults.found)
    return Tasks(tuple(read))


def _task(said: Any, at: str, faults: Faults, place: PlaceOf) -> Task:
    named = said.get("name") if isinstance(said, dict) else None
    where = f"task {named[:64]}" if isinstance(named, str) and named else at
    fields = Fields(said, where, faults, known=_KEYS)
    name = fields.text("name", shape=_NAME, what="a name of a to z, 0 to 9, dots, dashes")
    kind = fields.choice("kind", ("page", "price"))
    start = address(fields, "start", place)
    hosts = _hosts(fields, start, place)
    steps = StepReader(faults, place=place, hosts=hosts).read(fields, nests=kind != "price")
    first = steps[0] if steps else None
    if not isinstance(first, Navigate) or first.to != start:
        steps = (Navigate(start), *steps)
    reading, symbol, unit = read_reading(fields, is_price=kind == "price")
    return Task(
        name=name,
        kind="price" if kind == "price" else "page",
        start=start,
        schedule=fields.text("schedule", shape="[a-z0-9][a-z0-9-]{0,31}", what="the name of a schedule: daily"),
        steps=steps,
        hosts=hosts,
        javascript=fields.flag("javascript"),
        reading=reading,
        symbol=symbol,
        unit=unit,
        webhook=read_webhook(fields, place),
    )


def address(fields: Fields, name: str, place: PlaceOf) -> str:
    """An http or https address that the guard has nothing against."""
    value = fields.text(name, what="an http or https address", most=2_048)
    try:
        if value:
            place(value)
    except ForbiddenAddressError as error:
        fields.fault(name, str(error))
        return ""
    return value


def _hosts(fields: Fields, start: str, place: PlaceOf) -> frozenset[str]:
    found = {place(start).host} if start else set()
    for at, each in fields.items("hosts", most=50, required=False):
        try:
            if not isinstance(each, str) or place(f"https://{each}").host != each:
                fields.faults.add(at, "it has to be a host's name in lower case, without scheme and port")
            else:
                found.add(each)
        except ForbiddenAddressError as error:
            fields.faults.add(at, str(error))
    return frozenset(found)
