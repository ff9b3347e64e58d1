"""One run of a task: its steps, page by page, and those of its nested tasks for each link that was extracted.

| what happens                                             | then                                                     |
|----------------------------------------------------------|----------------------------------------------------------|
| a step fails on the task's own pages                     | the run ends; what was read before is kept               |
| a step fails on a page of a nested task                  | a failure; the next link is taken, up to ten failures    |
| a link of a nested task is gone (404, 410), leads to     | it is passed over, which is said and fails nothing       |
| another host or into a private network, is no page, or   |                                                          |
| robots.txt does not allow it                             |                                                          |
| more than 200 links in one run                           | the rest is left, which is said                          |
| the time is over                                         | the run ends and fails; what was read before is kept     |
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from selectolax.lexbor import LexborHTMLParser

from lambdas.crawler import article, extraction, price
from lambdas.crawler.guard import ForbiddenAddressError, shown
from lambdas.crawler.model import FIELDS, MOST_LINKS, CheckPresence, Extract, Navigate, Nested, Step, Task
from lambdas.crawler.renderer import NotAPageError, Rendered, Renderer
from lambdas.crawler.result import Outcome, PageRead
from lambdas.crawler.robots import DisallowedError
from lambdas.http import FetchRefusedError
from tapehouse.errors import LakehouseError, TerminalError, TransientError

MOST_FAILURES: Final = 10
MOST_EXTRACTED: Final = 1_000_000
"""Letters that are extracted on one page."""
_GONE: Final = (404, 410)
Values: TypeAlias = Mapping[str, Sequence[str]]


class ForeignHostError(TerminalError):
    """An address of a host that the task does not name."""

    def __init__(self, shown_url: str, host: str) -> None:
        super().__init__(shown_url, host)
        self.shown_url, self.host = shown_url, host

    def __str__(self) -> str:
        return f"{self.shown_url} is not crawled: the task's hosts do not have {self.host}."


class StepFailedError(TerminalError):
    """A step cannot be taken on a page: the page, or the task, is not what it was."""

    def __init__(self, shown_url: str, step: str, why: str) -> None:
        super().__init__(shown_url, step, why)
        self.shown_url, self.step, self.why = shown_url, step, why

    def __str__(self) -> str:
        return f"{self.step} failed on {self.shown_url}: {self.why}"


class OutOfTimeError(TransientError):
    """A run took longer than it may."""

    def __init__(self, within_s: float, pages: int) -> None:
        super().__init__(within_s, pages)
        self.within_s, self.pages = within_s, pages

    def __str__(self) -> str:
        return f"it was not done within {self.within_s:g} s, in which it read {self.pages} page(s)."


@dataclass(slots=True)
class _Open:
    """The page that the steps are at."""

    rendered: Rendered
    tree: LexborHTMLParser
    base: str
    extracted: dict[str, str | list[str] | None] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    is_way: bool = False
    """Nested tasks begin here: its text is a list of what they lead to, and no article."""


class Walk:
    """``within_s``: seconds that the run may take, by ``monotonic``."""

    def __init__(
        self,
        task: Task,
        renderer: Renderer,
        *,
        within_s: float = 600.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._task, self._renderer = task, renderer
        self._within_s, self._monotonic = within_s, monotonic
        self._until = monotonic() + within_s
        self._outcome = Outcome()
        self._followed: set[str] = set()

    def run(self) -> Outcome:
        """Takes all steps. What fails is in the outcome; only a fault of the program is raised."""
        try:
            self._steps(self._task.steps, {}, is_nested=False)
        except LakehouseError as error:
            self._outcome.failures.append(error)
        return self._outcome

    def _steps(self, steps: Sequence[Step], outer: Values, *, is_nested: bool) -> None:
        values = dict(outer)
        page: _Open | None = None
        for step in steps:
            if isinstance(step, Navigate):
                if page:
                    self._keep(page, is_last=False)
                page = self._open(self._address(step, values, page))
            elif page is None:  # the loader sees to it that a task begins with an address
                raise AssertionError
            elif isinstance(step, CheckPresence):
                _check_presence(page, step)
            elif isinstance(step, Extract):
                values[step.name] = _extract(page, step)
            else:
                page.is_way = True
                self._nested(step, values)
        if page:
            self._keep(page, is_last=not is_nested)

    def _address(self, step: Navigate, values: Values, page: _Open | None) -> str:
        if step.variable is None:
            return step.to
        found = values.get(step.variable, ())
        if not found:
            raise StepFailedError(page.rendered.url if page else "", f"navigate {step.to}", "no such link was found")
        return found[0]

    def _open(self, url: str) -> _Open:
        if self._monotonic() >= self._until:
            raise OutOfTimeError(self._within_s, len(self._outcome.pages))
        rendered = self._renderer.render(url)
        tree = LexborHTMLParser(rendered.html)
        return _Open(rendered, tree, extraction.base_of(tree, rendered.url))

    def _nested(self, nested: Nested, values: Values) -> None:
        for link in self._links(values.get(nested.over, ())):
            inner = {**values, nested.over: [link]}
            try:
                self._steps((Navigate(f"${nested.over}"), *nested.steps), inner, is_nested=True)
            except OutOfTimeError:
                raise
            except LakehouseError as error:
                if _is_passed_over(error):
                    self._outcome.passed_over.append(str(error))
                    continue
                self._outcome.failures.append(error)
                if len(self._outcome.failures) >= MOST_FAILURES:
                    raise StepFailedError(
                        shown(link), f"task {nested.name}", "given up, so many have failed"
                    ) from error

    def _links(self, found: Sequence[str]) -> Iterator[str]:
        """Each address once in a run, and no more than so many."""
        for link in found:
            if link in self._followed:
                continue
            if len(self._followed) >= MOST_LINKS:
                self._outcome.links_left += 1
                continue
            self._followed.add(link)
            yield link

    def _keep(self, page: _Open, *, is_last: bool) -> None:
        """Adds what was read on a page; of a price's pages, only the last one, which has the price."""
        task, rendered = self._task, page.rendered
        if task.reading and not is_last:
            return
        said = article.about(page.tree, fetched_at_us=rendered.fetched_at_us)
        own = {name: value for name, value in page.extracted.items() if name in FIELDS and isinstance(value, str)}
        text = own.get("text", "")
        if "text" not in page.extracted and task.kind == "page" and not page.is_way:
            text = article.article(rendered.html)
        self._outcome.pages.append(
            PageRead(
                url=rendered.url,
                title=own.get("title") or said.title or ("" if text else rendered.url),  # a document has either
                text=text,
                author=own.get("author") or said.author,
                published_at_us=said.published_at_us,
                fetched_at_us=rendered.fetched_at_us,
                links=page.links,
                extracted={name: value for name, value in page.extracted.items() if name not in FIELDS},
                price=_price(page, task) if task.reading else None,
            )
        )


def _check_presence(page: _Open, step: CheckPresence) -> None:
    if not extraction.is_present(page.tree, step.selector):
        raise StepFailedError(page.rendered.url, "checkPresence", f"nothing matches {step.selector}")


def _extract(page: _Open, step: Extract) -> list[str]:
    """What the selector finds, which is noted on the page: its value, a list with ``all``, None for nothing."""
    if step.taken == "href":
        found = extraction.links(page.tree, step.selector, base=page.base)
    else:
        found = extraction.texts(page.tree, step.selector)
    found = found if step.all else found[:1]
    if sum(map(len, found)) > MOST_EXTRACTED:
        raise StepFailedError(page.rendered.url, f"extract {step.name}", f"more than {MOST_EXTRACTED:,} letters")
    if step.taken == "href":
        page.links.extend(link for link in found if link not in page.links)
    if step.name in FIELDS:
        page.extracted[step.name] = "\n\n".join(found)
    else:
        page.extracted[step.name] = list(found) if step.all else next(iter(found), None)
    return found


def _price(page: _Open, task: Task) -> str:
    reading = task.reading
    assert reading is not None  # noqa: S101 - by its caller
    found = extraction.texts(page.tree, reading.selector)
    if not found:
        raise StepFailedError(page.rendered.url, "value", f"nothing with a text matches {reading.selector}")
    if len(set(found)) > 1:
        raise StepFailedError(page.rendered.url, "value", f"{reading.selector} matches {len(found)} texts that differ")
    try:
        return price.read(found[0], reading, unit=task.unit, symbol=task.symbol)
    except price.PriceError as error:
        raise StepFailedError(page.rendered.url, "value", str(error)) from error


def _is_passed_over(error: LakehouseError) -> bool:
    if isinstance(error, FetchRefusedError):
        return error.status in _GONE
    return isinstance(error, ForeignHostError | ForbiddenAddressError | DisallowedError | NotAPageError)
