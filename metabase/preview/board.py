"""The cards of the tab that is shown, kept up while somebody looks."""

from dataclasses import dataclass
from typing import Final

from nicegui import ui

from metabase.book import Book
from metabase.dashboard import QuestionCard
from metabase.preview.address import Choice
from metabase.preview.card import CardView, put_text
from metabase.preview.live import Asks, LiveCard
from metabase.preview.look import Look
from metabase.preview.versions import Versions

_FIGURES: Final = ("scalar", "smartscalar", "progress")


@dataclass(frozen=True, slots=True)
class _Shown:
    card: QuestionCard
    view: CardView
    live: LiveCard


class Board:
    """``draw`` puts a tab's cards into the slot that is open."""

    def __init__(self, book: Book, *, answers: Asks, versions: Versions, look: Look) -> None:
        self._book, self._answers, self._versions, self._look = book, answers, versions, look
        self._shown: list[_Shown] = []
        self.is_seen = True
        """Whether the page is in front: nothing is asked for one that nobody sees."""

    def draw(self, choice: Choice) -> None:
        """The cards of the choice's tab."""
        self.close()
        with ui.element("div").classes("board"):
            for card in sorted(choice.tab.cards, key=lambda each: (each.place.y, each.place.x)):
                if isinstance(card, QuestionCard):
                    self._shown.append(self._put(card))
                else:
                    put_text(card)
        self.choose(choice)

    def _put(self, card: QuestionCard) -> _Shown:
        question = self._book.questions[card.question]
        view = CardView(
            card.title or question.title, question.answers, card.place, is_figure=question.display in _FIGURES
        )
        live = LiveCard(question, answers=self._answers, versions=self._versions, look=self._look, show=view.show)
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
