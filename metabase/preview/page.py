"""A dashboard's page: the other dashboards, the filters, the tabs, the board."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from nicegui import ui
from starlette.requests import Request

from metabase.book import Book
from metabase.dashboard import Dashboard, Filter
from metabase.preview import address, editor, filters, style
from metabase.preview.address import Choice
from metabase.preview.board import Board
from metabase.preview.holdings import HoldingsFile
from metabase.preview.live import Asks
from metabase.preview.look import DARK, LIGHT, Look
from metabase.preview.versions import Versions

FIRST: Final = ("markets", "flow", "forecast", "news", "portfolio")
"""Dashboards that come first, in this order; the others by their names."""
LOOK_EVERY_S: Final = 0.25
_NARROW_PX: Final = 760
_ASKED: Final = "[matchMedia('(prefers-color-scheme: dark)').matches, window.innerWidth]"
_SEEN: Final = (
    "document.addEventListener('visibilitychange', () => emitEvent('seen', document.visibilityState === 'visible'))"
)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all pages have in common."""

    book: Book
    answers: Asks
    versions: Versions
    holdings: HoldingsFile | None
    """None where the file is not on this machine."""

    @property
    def dashboards(self) -> list[Dashboard]:
        places = {name: at for at, name in enumerate(FIRST)}
        return sorted(self.book.dashboards.values(), key=lambda each: (places.get(each.name, len(FIRST)), each.name))


def register(shared: Shared) -> None:
    """Makes the pages known to NiceGUI: ``/`` is the first dashboard."""

    @ui.page("/", title="Tapehouse")
    async def first(request: Request) -> None:
        await show(shared, "", request)

    @ui.page("/{name}", title="Tapehouse")
    async def dashboard(name: str, request: Request) -> None:
        await show(shared, name, request)


async def show(shared: Shared, name: str, request: Request) -> None:
    """Draws a page, once its reader's browser has told how wide it is and whether it is dark."""
    found = shared.dashboards
    dashboard = shared.book.dashboards.get(name) if name else next(iter(found), None)
    if dashboard is None:
        ui.label("There is no such dashboard.").classes("q-pa-md")
        for each in found:
            ui.link(each.title, f"/{each.name}").classes("q-px-md")
        return
    ui.page_title(f"{dashboard.title} · Tapehouse")
    ui.add_css(style.SHEET)
    choice = address.read(dashboard, dict(request.query_params))
    await ui.context.client.connected()
    told = await ui.run_javascript(_ASKED, timeout=5.0)
    if not told:
        return  # it is gone already, or never was a browser
    is_dark, width = told
    is_dark = choice.theme == "dark" or (not choice.theme and is_dark)
    look = replace(DARK if is_dark else LIGHT, is_narrow=width <= _NARROW_PX)
    ui.dark_mode(is_dark)
    ui.add_css(style.colors(look))
    _Page(shared, choice, look).draw()


class _Page:
    """One reader's page."""

    def __init__(self, shared: Shared, choice: Choice, look: Look) -> None:
        self._shared, self._choice, self._look = shared, choice, look
        self._board = Board(
            shared.book, answers=shared.answers, versions=shared.versions, look=look, on_lead=self._lead
        )
        self._content: ui.element | None = None
        self._tabs: ui.tabs | None = None

    def draw(self) -> None:
        self._put_top()
        with ui.element("main").classes("page"):
            ui.label(self._choice.dashboard.description).classes("about")
            self._put_tabs()
            self._content = ui.element("div").style("width: 100%")
        self._fill()
        ui.timer(LOOK_EVERY_S, self._board.keep_up)
        ui.on("seen", self._seen)
        ui.run_javascript(_SEEN)
        ui.context.client.on_delete(self._board.close)

    def _put_top(self) -> None:
        with ui.element("nav").classes("top"):
            ui.label("Tapehouse").classes("brand")
            self._links: dict[str, ui.link] = {}
            for each in self._shared.dashboards:
                link = ui.link(each.title, self._choice.address(each))
                link.classes("here" if each is self._choice.dashboard else "")
                self._links[each.name] = link
            ui.element("span").classes("push")
            if self._shared.holdings and self._has_holdings:
                editor.put_button(self._shared.holdings)
            other = "light" if self._look.is_dark else "dark"
            ui.button(on_click=lambda: ui.navigate.to(self._choice.in_theme(other).address())).props(
                f"flat dense round icon={other}_mode aria-label='{other} page'"
            )

    @property
    def _has_holdings(self) -> bool:
        return any(each.name == "portfolio" for each in self._choice.dashboard.filters)

    def _put_tabs(self) -> None:
        tabs = self._choice.dashboard.tabs
        if len(tabs) > 1:
            with ui.tabs().props("dense no-caps align=left inline-label") as self._tabs:
                for each in tabs:
                    ui.tab(each.title)
            self._tabs.set_value(self._choice.tab.title)
            self._tabs.on_value_change(self._turn)

    def _fill(self) -> None:
        """The filters and cards of the tab."""
        if self._content is None:
            return
        self._content.clear()
        with self._content:
            filters.put(self._choice, self._shared.book, self._shared.answers, self._filter)
            self._board.draw(self._choice)

    def _turn(self, event: Any) -> None:
        self._choice = self._choice.in_tab(event.value)
        self._tell()
        self._fill()

    def _filter(self, each: Filter, value: str) -> None:
        self._choice = self._choice.chosen(each, value)
        self._tell()
        self._board.choose(self._choice)

    def _lead(self, values: Mapping[str, str]) -> None:
        """A reader followed a market in a table."""
        found = filters.led(self._choice, self._shared.book, values)
        if found == self._choice:
            return
        self._choice, before = found, self._choice.tab
        if self._tabs is not None and found.tab is not before:
            self._tabs.set_value(found.tab.title)  # and the tab is turned
            ui.run_javascript("window.scrollTo(0, 0)")
        else:
            self._tell()
            self._fill()

    def _tell(self) -> None:
        """The address says what is chosen, and so do the links to the other dashboards."""
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(self._choice.address())})")
        for name, link in self._links.items():
            link.props["href"] = self._choice.address(self._shared.book.dashboards[name])
            link.update()

    def _seen(self, event: Any) -> None:
        self._board.is_seen = bool(event.args)
        self._board.keep_up()
