"""The filters that the shown tab's cards use, above them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from nicegui import ui

from metabase.book import Book
from metabase.dashboard import Filter, QuestionCard
from metabase.preview import address, choices
from metabase.preview.address import Choice
from metabase.preview.live import Asks

_BUTTONS: Final = 12
"""Listed values up to which each has a button."""


def used(choice: Choice, book: Book) -> Iterator[Filter]:
    """The filters of the dashboard that a card of the tab has a parameter for, in the file's order."""
    names = {
        each.name
        for card in choice.tab.cards
        if isinstance(card, QuestionCard)
        for param in book.questions[card.question].params
        if (each := choice.dashboard.filter_of(card, param.name)) is not None
    }
    yield from (each for each in choice.dashboard.filters if each.name in names)


def led(choice: Choice, book: Book, values: Any) -> Choice:
    """With those values, by filter: in this tab where its cards use them all, else in the first one that does.

    What a filter cannot have, and what is of none, stays as it is: ``values`` come from a browser.
    """
    found, names = choice, set[str]()
    for each in choice.dashboard.filters:
        value = values.get(each.name) if isinstance(values, Mapping) else None
        if isinstance(value, str) and value and not address.fault(each, value):
            found = found.chosen(each, value)
            names.add(each.name)
    tabs = [choice.tab, *choice.dashboard.tabs]
    uses = (tab for tab in tabs if names <= {each.name for each in used(found.in_tab(tab.title), book)})
    return found.in_tab(next(uses, choice.tab).title)


def put(choice: Choice, book: Book, answers: Asks, changed: Callable[[Filter, str], None]) -> None:
    """Puts them into the slot that is open; ``changed`` gets a new value that the filter can have."""
    with ui.element("div").classes("filters"):
        for each in used(choice, book):
            _put(each, choice.value(each), answers, changed)


def _put(each: Filter, value: str, answers: Asks, changed: Callable[[Filter, str], None]) -> None:
    now = value

    def told(event: Any) -> None:
        nonlocal now
        new = str(event.value or "").strip()
        fault = address.fault(each, new)
        if fault and isinstance(event.sender, ui.select):
            ui.notify(f"{each.title}: {fault}", type="negative")
            event.sender.set_options([one for one in event.sender.options if one != event.value], value=now or None)
        elif not fault and new != now:
            now = new
            changed(each, new)

    if each.type == "date":
        date = ui.input(each.title, value=value, on_change=told).classes(f"filter-{each.name}")
        date.props("type=date stack-label clearable dense outlined")
        return
    if not each.values and not choices.known(each):
        field = ui.input(each.title, value=value, on_change=told, validation=lambda new: _fault(each, new))
        field.classes(f"filter-{each.name}").props("debounce=400 clearable dense outlined hide-bottom-space")
        return
    if each.values and len(each.values) <= _BUTTONS:
        with ui.element("div").classes(f"choice filter-{each.name}"):
            ui.label(each.title).classes("name")
            options = [*each.values] if not value or value in each.values else [*each.values, value]
            buttons = ui.toggle(options, value=value or None, on_change=told, clearable=each.default is None)
            buttons.props("no-caps unelevated dense toggle-color=primary")
        return
    options = sorted({*each.values, value} - {""}, key=[*each.values, value].index)
    select = ui.select(
        options,
        label=each.title,
        value=value or None,
        on_change=told,
        clearable=True,
        new_value_mode=None if each.values else "add-unique",
    )
    select.classes(f"filter-{each.name}").props("dense outlined options-dense")
    if not each.values:
        _offer(select, each, answers)


def _fault(each: Filter, value: str | None) -> str | None:
    return address.fault(each, (value or "").strip())


def _offer(select: ui.select, each: Filter, answers: Asks) -> None:
    """Fills in what the tables have, when it is known."""

    async def fill() -> None:
        found = await choices.offered(each, answers)
        here = [select.value] if select.value and select.value not in found else []
        select.set_options([*here, *found], value=select.value)

    task = asyncio.ensure_future(fill())
    select.client.on_delete(task.cancel)
