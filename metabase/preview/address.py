"""What is chosen, as it stands in the address: a reload keeps it, and a link shares it.

::

    /markets?_tab=Chart&_theme=dark&symbol=ETH-USD&exchange=

A filter that is not there has its default; one that is empty has none. ``_tab`` and ``_theme`` cannot be filters, whose
names begin with a letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote, urlencode

from metabase.dashboard import Dashboard, Filter, QuestionCard, Tab
from metabase.param import value_fault
from metabase.question import Question

TAB: Final = "_tab"
THEME: Final = "_theme"
_LONGEST: Final = 200


def fault(each: Filter, value: str) -> str | None:
    """Why a filter cannot have a value; None where it can, and all can be empty."""
    if len(value) > _LONGEST:
        return f"it has more than {_LONGEST} letters"
    return value_fault(each.type, value) if value else None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader sees of a dashboard."""

    dashboard: Dashboard
    tab: Tab
    theme: str = ""
    """light or dark; empty is as the system has it."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Of filters that are not at their defaults."""

    def value(self, each: Filter) -> str:
        """What a filter says now; empty where it says nothing."""
        return self.values.get(each.name, each.default or "")

    def chosen(self, each: Filter, value: str) -> "Choice":
        """With another value of a filter. Raises ValueError for what has a ``fault``."""
        if told := fault(each, value):
            raise ValueError(told)
        left = {name: other for name, other in self.values.items() if name != each.name}
        if value != (each.default or ""):
            left[each.name] = value
        return replace(self, values=left)

    def in_tab(self, title: str) -> "Choice":
        return replace(self, tab=_tab(self.dashboard, title))

    def in_theme(self, theme: str) -> "Choice":
        return replace(self, theme=theme)

    def of_card(self, card: QuestionCard, question: Question) -> Mapping[str, str]:
        """The values of a card's parameters, by parameter. One that no filter gives is left to the question."""
        found: dict[str, str] = {}
        for param in question.params:
            each = self.dashboard.filter_of(card, param.name)
            if each is not None and (each.name in self.values or each.default):
                found[param.name] = self.value(each)
        return found

    def address(self, dashboard: Dashboard | None = None) -> str:
        """Of this dashboard, or of another with the values of the filters that it has too."""
        to = dashboard or self.dashboard
        shared = {each.name for each in to.filters}
        words = {name: value for name, value in self.values.items() if name in shared}
        if dashboard is None and len(to.tabs) > 1 and self.tab is not to.tabs[0]:
            words[TAB] = self.tab.title
        if self.theme:
            words[THEME] = self.theme
        return f"/{quote(to.name)}" + (f"?{urlencode(words)}" if words else "")


def read(dashboard: Dashboard, words: Mapping[str, str]) -> Choice:
    """What an address says. What it says wrongly, or of filters that are not there, it does not say."""
    theme = words.get(THEME, "")
    choice = Choice(dashboard, _tab(dashboard, words.get(TAB, "")), theme if theme in ("light", "dark") else "")
    for each in dashboard.filters:
        if each.name in words:
            try:
                choice = choice.chosen(each, words[each.name].strip())
            except ValueError:
                continue
    return choice


def _tab(dashboard: Dashboard, title: str) -> Tab:
    return next((tab for tab in dashboard.tabs if tab.title == title), dashboard.tabs[0])
