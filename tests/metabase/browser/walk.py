"""Uses the filters of a tab, and judges what the cards then show.

====================  =================================================================================================
any                   its value is in the address; no card and no console has an error; after a reload, made with
                      several of the tab's filters set, each shows what it showed, and so does the address
offered values        another one is picked: at least one card that has the filter shows something else, and a table
                      with a column of its name has rows of that value alone
dates, free text      a value that nothing has: each card that has the filter is empty, or shows something else;
                      all cleared, the cards are as they were
====================  =================================================================================================
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from metabase.book import Book
from metabase.dashboard import Dashboard, Filter, QuestionCard, Tab
from metabase.preview import choices
from tests.metabase.browser.tab import Card, TabPage

_NOWHERE: Final[Mapping[str, str]] = {"from": "2100-01-01", "to": "2009-01-04"}
_TEXT: Final = "nothing is called so"
_ALL: Final = "ALL"
_EVERY: Final = "*"
"""What a hole of the stream itself has for a market: it is one of each."""
_TRIES: Final = 3
"""Values of a filter: one of them may be what is shown without it."""
_JUDGED_WITHIN_S: Final = 20.0
_CHANGES_WITHIN_S: Final = 3.0
"""Until another value is tried."""
_LOOK_EVERY_S: Final = 0.2


def filters_of(book: Book, dashboard: Dashboard, tab: Tab) -> Mapping[str, Collection[tuple[str, str]]]:
    """By filter: the questions of a tab that have it, each with its parameter."""
    found: dict[str, list[tuple[str, str]]] = {}
    for card in tab.cards:
        if isinstance(card, QuestionCard):
            for param in book.questions[card.question].params:
                if each := dashboard.filter_of(card, param.name):
                    found.setdefault(each.name, []).append((card.question, param.name))
    return found


def few(book: Book, dashboard: Dashboard) -> Iterator[tuple[Tab, Collection[str]]]:
    """As few tabs as use each filter of a dashboard once, those with most filters first, and the filters to use."""
    left = {each.name for each in dashboard.filters}
    by_use = sorted(dashboard.tabs, key=lambda tab: -len(filters_of(book, dashboard, tab)))
    for tab in by_use:
        if names := left & set(filters_of(book, dashboard, tab)):
            left -= names
            yield tab, names


def opened_at(address: str, dashboard: Dashboard, tab: Tab) -> str:
    """Where a tab is, with nothing chosen."""
    return f"{address}/{dashboard.name}" + (f"?{urlencode({'_tab': tab.title})}" if tab.title else "")


class Walk:
    """Through one tab. ``notes`` is what is no fault, and worth knowing."""

    def __init__(self, page: TabPage, book: Book, *, is_still: bool = True) -> None:
        """``is_still``: nothing is written to the lake meanwhile."""
        self._page, self._book, self._is_still = page, book, is_still
        self.notes: list[str] = []

    def use(self, address: str, dashboard: Dashboard, tab: Tab, only: Collection[str] | None = None) -> Iterator[str]:
        """Uses the filters of a tab, or ``only`` those of them; yields what is wrong."""
        where = f"{dashboard.name} / {tab.title}" if tab.title else dashboard.name
        start = opened_at(address, dashboard, tab)
        self._page.go(start)
        used = filters_of(self._book, dashboard, tab)
        there = [each for each in dashboard.filters if each.name in used and (only is None or each.name in only)]
        picked = [each for each in there if each.values or (each.type != "date" and choices.known(each))]
        typed = [each for each in there if each not in picked]
        before = self._page.cards()
        for each in typed:
            yield from self._of(f"{where}: {each.title}", self._type(each, used[each.name], before))
        yield from self._of(where, self._cleared(before))
        is_set: list[str] = []
        for each in picked:
            yield from self._of(f"{where}: {each.title}", self._pick(each, used[each.name]))
            is_set.append(each.name)
            if any(self._page.cards()[name].empty for name, _ in used[each.name]):  # a market that the venue has not
                yield from self._of(where, self._reload(is_set))
                self._page.go(start)
                is_set.clear()
        for each in typed:
            self._page.write(each.name, _nowhere(each), settles=False)
        self._page.settle()
        yield from self._of(where, self._reload([*is_set, *(each.name for each in typed)]))

    def _of(self, where: str, faults: Iterator[str]) -> Iterator[str]:
        try:
            yield from (f"{where}: {each}" for each in faults)
        except RuntimeError as error:
            yield f"{where}: {error}"
        said = self._page.browser.faults
        yield from (f"{where}: the console: {each}" for each in said)
        said.clear()

    def _pick(self, each: Filter, having: Collection[tuple[str, str]]) -> Iterator[str]:
        before, first, tried = self._page.cards(), self._page.value(each.name), list[str]()
        while len(tried) < _TRIES and (value := self._page.choose(each.name, [first, *tried])) is not None:
            tried.append(value)

            def strangers(cards: Mapping[str, Card], value: str = value) -> Iterator[str]:
                yield from _errors(cards)
                if value != _ALL:
                    for name, param in having:
                        yield from (f"{value}: {name} {fault}" for fault in self._strangers(cards[name], param, value))

            def the_same(cards: Mapping[str, Card]) -> Iterator[str]:
                if not any(_differs(cards[name], before[name]) for name, _ in having):
                    yield "the same"

            yield from self._standing(strangers)
            if not list(self._standing(the_same, _CHANGES_WITHIN_S)):
                return
        if tried:
            yield f"{' nor '.join(tried)}: no card that has it shows anything else"
        else:
            self.notes.append(f"{each.title} has one choice only: {self._page.address}")

    def _strangers(self, card: Card, param: str, value: str) -> Iterator[str]:
        """Rows of another value, in a table that has the column."""
        question = self._book.questions[card.question]
        title = question.title_of(param)
        if param in question.columns and title in card.heads:
            found = {row[card.heads.index(title)] for row in card.rows}
            if strangers := found - {value, _EVERY}:
                yield f"has rows of {', '.join(sorted(strangers))}"

    def _type(self, each: Filter, having: Collection[tuple[str, str]], before: Mapping[str, Card]) -> Iterator[str]:
        value = _nowhere(each)

        def the_same(cards: Mapping[str, Card]) -> Iterator[str]:
            yield from _errors(cards)
            for name, _ in having:
                if not cards[name].empty and not _differs(cards[name], before[name]):
                    yield f"{value}: {name} shows the same"

        self._page.write(each.name, value)
        yield from self._standing(the_same)
        self._page.write(each.name, each.default or "", settles=False)

    def _cleared(self, before: Mapping[str, Card]) -> Iterator[str]:
        def another(cards: Mapping[str, Card]) -> Iterator[str]:
            yield from _errors(cards)
            for name, was in before.items():
                if was.empty != cards[name].empty or (self._is_still and _differs(cards[name], was)):
                    yield f"{name} is not as it was, once all is cleared"

        yield from self._standing(another)

    def _standing(
        self, judge: Callable[[Mapping[str, Card]], Iterator[str]], within_s: float = _JUDGED_WITHIN_S
    ) -> Iterator[str]:
        """Faults that stay: what was asked for is told, and drawn, some time behind the address."""
        deadline = time.monotonic() + within_s
        while True:
            self._page.settle()
            faults = list(judge(self._page.cards()))
            if not faults or time.monotonic() > deadline:
                break
            time.sleep(_LOOK_EVERY_S)
        yield from faults

    def _reload(self, names: Collection[str]) -> Iterator[str]:
        before, cards = {name: (self._page.value(name), self._page.told(name)) for name in names}, self._page.cards()
        self._page.reload()
        for name, (value, told) in before.items():
            if self._page.value(name) != value:
                yield f"{name}: {value!r} is {self._page.value(name)!r} after a reload"
            if self._page.told(name) != told:
                yield f"{name}: the address said {told!r}, and says {self._page.told(name)!r} after a reload"

        def another(after: Mapping[str, Card]) -> Iterator[str]:
            yield from _errors(after)
            yield from (f"{name} is another after a reload" for name in cards if after[name].empty != cards[name].empty)

        yield from self._standing(another)


def _nowhere(each: Filter) -> str:
    return _NOWHERE.get(each.name, _TEXT)


def _errors(cards: Mapping[str, Card]) -> Iterator[str]:
    yield from (card.error for card in cards.values() if card.error)


def _differs(one: Card, other: Card) -> bool:
    return one.shown != other.shown
