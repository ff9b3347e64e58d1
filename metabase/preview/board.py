"""The cards of the tab that is shown, kept up while somebody looks."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nicegui import ui

from metabase.book import Book
from metabase.dashboard import Card, QuestionCard, TextCard
from metabase.preview import style
from metabase.preview.address import Choice
from metabase.preview.card import CardView, put_text
from metabase.preview.live import Asks, LiveCard
from metabase.preview.look import Look
from metabase.preview.versions import Versions

_FIGURES: Final = ("scalar", "smartscalar", "progress")


def bands(cards: Sequence[Card]) -> Sequence[Sequence[Card]]:
    """Cards from above to below, parted where a line across the page touches none of them."""
    found: list[list[Card]] = []
    end = 0
    for card in sorted(cards, key=lambda each: (each.place.y, each.place.x)):
        if not found or card.place.y >= end:
            found.append([])
        found[-1].append(card)
        end = max(end, card.place.y + card.place.h)
    return found


@dataclass(frozen=True, slots=True)
class _Shown:
    card: QuestionCard
    view: CardView
    live: LiveCard


class Board:
    """``draw`` puts a tab's cards into the slot that is open."""

    def __init__(
        self,
        book: Book,
        *,
        answers: Asks,
        versions: Versions,
        look: Look,
        on_lead: Callable[[Mapping[str, str]], None],
    ) -> None:
        """``on_lead``: told what a reader followed in a table, a value a filter."""
        self._book, self._answers, self._versions, self._look = book, answers, versions, look
        self._on_lead = on_lead
        self._shown: list[_Shown] = []
        self.is_seen = True
        """Whether the page is in front: nothing is asked for one that nobody sees."""

    def draw(self, choice: Choice) -> None:
        """The cards of the choice's tab."""
        self.close()
        names = [each.name for each in choice.dashboard.filters]
        with ui.element("div").classes("boards"):
            for band in bands(choice.tab.cards):
                top = band[0].place.y
                with ui.element("div").classes("board loose" if self._is_loose(band) else "board"):
                    for card in band:
                        if isinstance(card, QuestionCard):
                            self._shown.append(self._put(card, top, names))
                        else:
                            put_text(card, top)
        self.choose(choice)

    def _is_loose(self, band: Sequence[Card]) -> bool:
        """Tables and texts are as high as what they hold, where nothing beside them has a height of its own."""
        is_level = len({card.place.y for card in band}) == 1
        return is_level and all(
            isinstance(card, TextCard) or self._book.questions[card.question].display == "table" for card in band
        )

    def _put(self, card: QuestionCard, top: int, names: Collection[str]) -> _Shown:
        question = self._book.questions[card.question]
        view = CardView(
            question,
            card.title or question.title,
            card.place,
            style.place(card.place, top),
            is_figure=question.display in _FIGURES,
            on_lead=self._on_lead,
        )
        live = LiveCard(
            question,
            answers=self._answers,
            versions=self._versions,
            look=self._look,
            show=view.show,
            columns=card.columns,
            filters=names,
        )
        return _Shown(card, view, live)

    def choose(self, choice: Choice) -> None:
        """Other filters: the cards that have them are asked anew."""
        for shown in self._shown:
            if shown.live.choose(choice.of_card(shown.card, self._book.questions[shown.card.question])):
                shown.view.forget()
        self.keep_up()

    def keep_up(self) -> None:
        """Called a few times a second."""
        if self.is_seen:
            for shown in self._shown:
                shown.live.keep_up()

    def close(self) -> None:
        """Lets go of all that is being asked."""
        for shown in self._shown:
            shown.live.close()
        self._shown.clear()
