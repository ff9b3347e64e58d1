"""The dialog in which holdings are edited."""

import asyncio

from nicegui import ui

from metabase.preview.holdings import HoldingsFile
from tapehouse.errors import LakehouseError


def put_button(holdings: HoldingsFile) -> None:
    """Puts the button into the slot that is open."""
    ui.button("Holdings", on_click=lambda: _edit(holdings)).props("flat dense no-caps icon=edit")


def _edit(holdings: HoldingsFile) -> None:
    try:
        opened = holdings.open()
    except LakehouseError as error:
        ui.notify(str(error), type="negative")
        return
    with ui.dialog(value=True) as dialog, ui.card().classes("holdings"):
        ui.label("Holdings").classes("title")
        ui.label(f"{holdings.path}: the next refresh computes with what is saved here.").classes("about")
        field = ui.textarea(value=opened.text).props("outlined debounce=200 spellcheck=false").style("width: 100%")
        fault = ui.label().classes("fault")

        async def save() -> None:
            fault.set_text("Checking…")
            # off the loop: the reader is imported with the first file, and the disk may be slow
            try:
                await asyncio.to_thread(holdings.save, field.value or "", opened)
            except LakehouseError as error:
                fault.set_text(str(error).replace("; line", "\nline"))
                return
            dialog.close()
            ui.notify("Saved.", type="positive")

        with ui.row().classes("q-gutter-sm"):
            ui.button("Save", on_click=save)
            ui.button("Cancel", on_click=dialog.close).props("flat")
    dialog.on("hide", dialog.delete)
