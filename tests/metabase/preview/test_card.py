"""A card's frame: what it puts in for a table, and when it can be searched."""

import asyncio

import pytest
from nicegui import ui
from nicegui.testing.user_simulation import user_simulation

from metabase.dashboard import Place
from metabase.preview.card import CardView
from metabase.preview.drawn import Chart, Drawn
from metabase.preview.rows import grid
from metabase.question import Format
from tests.metabase.preview.asked import answer, question

PRICES = question("table", formats={"change": Format(decimals=2, signed=True)})


def table(rows: int) -> Drawn:
    return grid(PRICES, answer("symbol change", *((f"M{at}-USD", 1.5) for at in range(rows))))


def shown(height: int, *drawn: Drawn) -> tuple[type | None, list[str], bool]:
    """The element that a card of that height holds in the end, its words, and whether there is a search."""

    async def whole() -> tuple[type | None, list[str], bool]:
        async with user_simulation() as user:
            views: list[CardView] = []

            @ui.page("/")
            def page() -> None:
                place = Place(0, 0, 12, height)
                views.append(CardView(PRICES, "Prices", place, "", is_figure=False))
                for each in drawn:
                    views[0].show(each)

            client = await user.open("/")
            elements = list(client.elements.values())
            held = next((type(each) for each in elements if isinstance(each, ui.table | ui.echart)), None)
            words = [each.text for each in elements if isinstance(each, ui.label)]
            (search,) = [each for each in elements if isinstance(each, ui.input)]
            return held, words, search.visible

    return asyncio.run(whole())


def test_one_row_in_a_flat_card_is_facts_beside_each_other() -> None:
    assert shown(3, table(1)) == (None, ["Prices", "Market", "M0-USD", "Change", "+1.50"], False)
    assert shown(4, table(1))[0] is ui.table


def test_a_second_row_makes_a_table_of_facts_and_back() -> None:
    assert shown(3, table(1), table(2))[:2] == (ui.table, ["Prices"])
    assert shown(3, table(2), table(1))[0] is None


@pytest.mark.parametrize(("rows", "due"), [(11, False), (12, True)])
def test_a_long_table_can_be_searched(rows: int, due: bool) -> None:
    assert shown(9, table(rows))[2] is due
    assert shown(9, table(2), table(rows))[2] is due


def test_where_a_chart_is_seen_from_is_told_once() -> None:
    options = {"dataZoom": [{"type": "slider"}], "series": []}

    async def whole() -> list[object]:
        async with user_simulation() as user:
            told: list[object] = []

            @ui.page("/")
            def page() -> None:
                view = CardView(PRICES, "Prices", Place(0, 0, 12, 9), "", is_figure=False)
                for at in (70.0, 71.0):
                    view.show(Chart({**options, "series": [{"data": [at]}]}, begins_at=at))
                    chart = next(each for each in ui.context.client.elements.values() if isinstance(each, ui.echart))
                    told.append(chart.options["dataZoom"][0].get("start"))

            await user.open("/")
            return told

    assert asyncio.run(whole()) == [70.0, None]
