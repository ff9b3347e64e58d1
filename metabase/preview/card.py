"""One card on the page: what is drawn, in NiceGUI's elements. The same kind again is an update, so a zoom stays."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import ui

from metabase.dashboard import Place, TextCard
from metabase.preview import rows, style
from metabase.preview.drawn import Chart, Drawn, Figure, Grid, Message
from metabase.question import Question

_CELL: Final = """
<q-td :props="props" :class="[props.row[props.col.field].tone, props.row[props.col.field].bar ? 'bar' : '']"
      :style="props.row[props.col.field].bar ? {'--share': props.row[props.col.field].bar} : {}">
  <a v-if="props.row[props.col.field].href" :href="props.row[props.col.field].href" target="_blank"
     rel="noopener noreferrer nofollow">{{ props.value }}</a>
  <a v-else-if="props.row[props.col.field].leads" class="lead" role="link" tabindex="0"
     :data-leads="JSON.stringify(props.row[props.col.field].leads)">{{ props.value }}</a>
  <template v-else>{{ props.value }}</template>
</q-td>
"""
_FOLLOWED: Final = """event => {
  const lead = event.target.closest('a.lead');
  if (lead && (event.type === 'click' || event.key === 'Enter')) emit(JSON.parse(lead.dataset.leads));
}"""
"""What a table's rows cannot tell by themselves: in one that scrolls, they are not the table's own children."""
_TALL: Final = 5
"""Rows from which on a card is as high on a phone as on a desk, and more."""
_FLAT: Final = 3
"""Rows up to which a table of one row is drawn as facts beside each other."""
_MANY: Final = 12
"""Rows of a table from which on a search is worth its room."""


class CardView:
    """The frame of a question's card; ``show`` fills it."""

    def __init__(
        self,
        question: Question,
        title: str,
        at: Place,
        place: str,
        *,
        is_figure: bool,
        on_lead: Callable[[Mapping[str, str]], None] = lambda _: None,
    ) -> None:
        self._on_lead = on_lead
        self._shown: Drawn | None = None
        self._element: Any = None
        self._is_flat = at.h <= _FLAT
        size = "figures" if is_figure else "tall" if at.h >= _TALL else ""
        with ui.element("section").classes(f"card {size} question-{question.name}").style(place) as self._frame:
            with ui.element("div").classes("head"):
                ui.label(title).classes("title").tooltip(question.answers)
                self._search = ui.input(placeholder="Find in table").classes("search")
                self._search.props("dense borderless clearable debounce=150").set_visibility(False)
            self._body = ui.element("div").classes("body")
            self.show(Message("…"))

    def show(self, drawn: Drawn) -> None:
        """Puts it in the place of what is there."""
        if drawn == self._shown:
            return
        self._frame.classes(remove="asking")
        if not self._updated(drawn):
            self._body.clear()
            with self._body:
                self._element = self._made(drawn)
        self._shown = drawn
        is_searched = isinstance(self._element, ui.table) and len(self._element.rows) >= _MANY
        self._search.set_visibility(is_searched or bool(self._search.value))

    def forget(self) -> None:
        """What comes next is drawn from anew: it is of another choice, and a zoom into this one says nothing of it."""
        self._shown = None
        self._frame.classes("asking")

    def _updated(self, drawn: Drawn) -> bool:
        if isinstance(drawn, Chart) and isinstance(self._shown, Chart):
            self._element.options.clear()
            self._element.options.update(drawn.options)
            self._element.update()
            return True
        if not isinstance(drawn, Grid) or not isinstance(self._shown, Grid) or drawn.columns != self._shown.columns:
            return False
        if isinstance(self._element, ui.table) and not self._is_of_facts(drawn):
            self._element.rows = [dict(each) for each in drawn.rows]
            return True
        return False

    def _made(self, drawn: Drawn) -> Any:
        if isinstance(drawn, Chart):
            return _chart(drawn)
        if isinstance(drawn, Grid):
            return _facts(drawn) if self._is_of_facts(drawn) else self._table(drawn)
        return _figure(drawn) if isinstance(drawn, Figure) else _message(drawn)

    def _is_of_facts(self, grid: Grid) -> bool:
        return self._is_flat and len(grid.rows) == 1

    def _table(self, grid: Grid) -> ui.table:
        table = ui.table(columns=[dict(each) for each in grid.columns], rows=[dict(each) for each in grid.rows])
        table.props("flat dense virtual-scroll binary-state-sort :rows-per-page-options='[0]'")
        table.props("no-data-label='Nothing here' no-results-label='Nothing found'")
        table.props[":sort-method"] = rows.BY_VALUE
        table.add_slot("body-cell", _CELL)
        for event in ("click", "keyup"):
            table.on(event, lambda followed: self._on_lead(followed.args), js_handler=_FOLLOWED)
        return table.bind_filter_from(self._search, "value", backward=lambda said: said or "")


def _chart(chart: Chart) -> ui.echart:
    """Where it is seen from is told once: what a reader zooms to is the browser's to keep."""
    zooms = [{**each, "start": chart.begins_at, "end": 100} for each in chart.options.get("dataZoom", ())]
    return ui.echart({**chart.options, **({"dataZoom": zooms} if chart.begins_at else {})})


def _facts(grid: Grid) -> ui.element:
    with ui.element("div").classes("facts") as made:
        for each in grid.columns:
            cell = grid.rows[0][each["field"]]
            with ui.element("div").classes("fact"):
                ui.label(each["label"]).classes("name")
                ui.label(cell["text"]).classes(f"value {cell.get('tone', '')}")
    return made


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


def put_text(card: TextCard, top: int) -> None:
    """Words of a dashboard's file."""
    with (
        ui.element("section")
        .classes("card bare heading" if card.is_heading else "card bare")
        .style(style.place(card.place, top))
    ):
        if card.is_heading:
            ui.label(card.text)
        else:
            ui.markdown(card.text)
