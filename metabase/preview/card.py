"""One card on the page: what is drawn, in NiceGUI's elements. The same kind again is an update, so a zoom stays."""

from typing import Any, Final

from nicegui import ui

from metabase.dashboard import Place, TextCard
from metabase.preview import style
from metabase.preview.drawn import Chart, Drawn, Figure, Grid, Message

_CELL: Final = """
<q-td :props="props" :class="[props.value.tone, props.value.bar ? 'bar' : '']"
      :style="props.value.bar ? {'--share': props.value.bar} : {}">
  <a v-if="props.value.href" :href="props.value.href" target="_blank" rel="noopener noreferrer nofollow">{{
    props.value.text }}</a>
  <template v-else>{{ props.value.text }}</template>
</q-td>
"""
_TALL: Final = 5
"""Rows from which on a card is as high on a phone as on a desk, and more."""


class CardView:
    """The frame of a question's card; ``show`` fills it."""

    def __init__(self, title: str, about: str, at: Place, *, is_figure: bool) -> None:
        self._shown: Drawn | None = None
        self._element: Any = None
        size = "figures" if is_figure else "tall" if at.h >= _TALL else ""
        with ui.element("section").classes(f"card {size}").style(style.place(at)):
            ui.label(title).classes("title").tooltip(about)
            self._body = ui.element("div").classes("body")
            self.show(Message("…"))

    def show(self, drawn: Drawn) -> None:
        """Puts it in the place of what is there."""
        if drawn == self._shown:
            return
        if not self._updated(drawn):
            self._body.clear()
            with self._body:
                self._element = _made(drawn)
        self._shown = drawn

    def forget(self) -> None:
        """What comes next is drawn from anew: it is of another choice, and a zoom into this one says nothing of it."""
        self._shown = None

    def _updated(self, drawn: Drawn) -> bool:
        if isinstance(drawn, Chart) and isinstance(self._shown, Chart):
            self._element.options.clear()
            self._element.options.update(drawn.options)
            self._element.update()
            return True
        if isinstance(drawn, Grid) and isinstance(self._shown, Grid) and drawn.columns == self._shown.columns:
            self._element.rows = list(drawn.rows)
            return True
        return False


def _made(drawn: Drawn) -> Any:
    if isinstance(drawn, Chart):
        return ui.echart(dict(drawn.options))
    if isinstance(drawn, Grid):
        return _table(drawn)
    return _figure(drawn) if isinstance(drawn, Figure) else _message(drawn)


def _table(grid: Grid) -> ui.table:
    table = ui.table(columns=[dict(each) for each in grid.columns], rows=[dict(each) for each in grid.rows])
    table.props("flat dense virtual-scroll binary-state-sort :rows-per-page-options='[0]'")
    table.add_slot("body-cell", _CELL)
    return table


def _message(message: Message) -> ui.label:
    return ui.label(message.text).classes("message error" if message.is_error else "message")


def _figure(figure: Figure) -> ui.element:
    with ui.element("div").classes("figure") as made:
        ui.label(figure.text).classes(f"number {figure.tone}")
        if figure.note:
            ui.label(figure.note).classes(f"note {figure.note_tone}")
        if figure.share is not None:
            with ui.element("div").classes("goal"):
                ui.element("div").style(f"width: {figure.share:.1%}")
        if figure.trail is not None:
            ui.echart(dict(figure.trail)).classes("trail")
    return made


def put_text(card: TextCard) -> None:
    """Words of a dashboard's file."""
    with (
        ui.element("section")
        .classes("card bare heading" if card.is_heading else "card bare")
        .style(style.place(card.place))
    ):
        if card.is_heading:
            ui.label(card.text)
        else:
            ui.markdown(card.text)
