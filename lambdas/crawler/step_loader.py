"""The steps of a task, as they are written. What they extract and where they go has to fit together."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdas.crawler.extraction import is_selector
from lambdas.crawler.guard import ForbiddenAddressError, Place
from lambdas.crawler.model import FIELDS, MOST_DEPTH, CheckPresence, Extract, Navigate, Nested, Step
from tapehouse.fields import Faults, Fields

MOST_STEPS: Final = 50
_KINDS: Final = ("navigate", "checkPresence", "extract", "tasks")
_VARIABLE: Final = "[a-z][a-z0-9_]{0,31}"


class StepReader:
    """Reads steps, nested ones too. ``place`` is the guard's; ``hosts`` are those that the task may go to."""

    def __init__(self, faults: Faults, *, place: Callable[[str], Place], hosts: frozenset[str]) -> None:
        self._faults, self._place, self._hosts = faults, place, hosts

    def read(self, fields: Fields, *, nests: bool) -> tuple[Step, ...]:
        """The ``steps`` of a task, which may have none: its start is a page."""
        members = fields.items("steps", most=MOST_STEPS, required=False)
        return self._steps(members, {}, depth=0 if nests else None)

    def _steps(
        self, members: list[tuple[str, Any]], outer: Mapping[str, Extract], *, depth: int | None
    ) -> tuple[Step, ...]:
        """``outer`` are the variables of the tasks around; a depth of None is that of a price, which nests nothing."""
        known = dict(outer)
        steps: list[Step] = []
        for at, said in members:
            fields = Fields(said, at, self._faults, known=_KINDS)
            if isinstance(said, dict) and len(said) != 1:
                self._faults.add(at, f"a step is one of {', '.join(_KINDS)}")
            if fields.has("navigate"):
                steps.extend(self._navigate(fields, known))
            if fields.has("checkPresence"):
                steps.append(CheckPresence(_selector(fields, "checkPresence")))
            if fields.has("extract"):
                steps.extend(self._extracts(fields, known))
            if fields.has("tasks"):
                steps.extend(self._nested(fields, known, depth=depth))
        return tuple(steps)

    def _navigate(self, fields: Fields, known: Mapping[str, Extract]) -> list[Step]:
        to = fields.text("navigate", what="an address, or $name of one that was extracted", most=2_048)
        if to.startswith("$"):
            found = self._link(fields, "navigate", to, known)
            if found and found.all:
                fields.fault("navigate", f"{to} is all of several links: go to each of them in nested tasks")
        elif to:
            try:
                if self._hosts and self._place(to).host not in self._hosts:
                    fields.fault("navigate", "its host is neither the start's nor in hosts")
            except ForbiddenAddressError as error:
                fields.fault("navigate", str(error))
        return [Navigate(to)] if to else []

    def _link(self, fields: Fields, name: str, to: str, known: Mapping[str, Extract]) -> Extract | None:
        found = known.get(to[1:])
        if found is None:
            there = ", ".join(f"${each}" for each in known) or "nothing"
            fields.fault(name, f"{to[:40]} is not extracted before: {there} is")
        elif found.taken != "href":
            fields.fault(name, f"{to} is text: extract it as href")
        return found

    def _extracts(self, fields: Fields, known: dict[str, Extract]) -> list[Extract]:
        found = []
        for at, said in fields.items("extract", most=MOST_STEPS):
            each = Fields(said, at, self._faults, known=("selector", "as", "name", "all"))
            extract = Extract(
                selector=_selector(each, "selector"),
                taken="href" if each.choice("as", ("text", "href")) == "href" else "text",
                name=each.text("name", shape=_VARIABLE, what="a name of a to z, 0 to 9 and _"),
                all=each.flag("all"),
            )
            if extract.name in known:
                each.fault("name", f"{extract.name} is extracted already")
            if extract.name in FIELDS and (extract.taken != "text" or (extract.all and extract.name != "text")):
                each.fault("name", f"{extract.name} is the page's own: extract one, as text")
            known[extract.name] = extract
            found.append(extract)
        return found

    def _nested(self, fields: Fields, known: Mapping[str, Extract], *, depth: int | None) -> list[Nested]:
        if depth is None:
            fields.fault("tasks", "a price is read from one page: nested tasks are for kind page")
            return []
        if depth >= MOST_DEPTH:
            fields.fault("tasks", f"it is nested deeper than {MOST_DEPTH}")
            return []
        found = []
        for at, said in fields.items("tasks", most=MOST_STEPS):
            each = Fields(said, at, self._faults, known=("name", "steps"))
            name = each.text("name", shape="[a-z0-9][a-z0-9._-]{0,63}", what="a name of a to z, 0 to 9, dots, dashes")
            members = each.items("steps", most=MOST_STEPS)
            over = self._over(each, members, known)
            inner = {key: extract for key, extract in known.items() if key not in FIELDS}
            inner |= {over: Extract(".", "href", over)} if over else {}
            found.append(Nested(name, over, self._steps(members[1:], inner, depth=depth + 1)))
        return found

    def _over(self, fields: Fields, members: list[tuple[str, Any]], known: Mapping[str, Extract]) -> str:
        """The variable whose links a nested task goes through: its first step navigates to it."""
        if not members:
            return ""
        at, said = members[0]
        to = said.get("navigate") if isinstance(said, dict) and len(said) == 1 else None
        if not isinstance(to, str) or not to.startswith("$"):
            self._faults.add(at, "the first step of a nested task is navigate: $name, of links that were extracted")
            return ""
        return to[1:] if self._link(Fields(said, at, self._faults, known=_KINDS), "navigate", to, known) else ""


def _selector(fields: Fields, name: str) -> str:
    value = fields.text(name, what="a CSS selector")
    if value and not is_selector(value):
        fields.fault(name, f"{value[:60]!r} is no CSS selector")
    return value
