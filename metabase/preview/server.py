"""The server: NiceGUI behind the gate, on loopback unless told."""

from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from nicegui import app as pages
from nicegui import ui

from metabase.book import Book
from metabase.preview import page
from metabase.preview.answers import Answers
from metabase.preview.gate import LOOPBACK, Gate
from metabase.preview.holdings import HoldingsFile
from metabase.preview.place import Place
from metabase.preview.versions import Versions
from metabase.preview.worker import ProcessWorker
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake


def guarded(book: Book, lake: Lake, *, holdings: HoldingsFile | None, password: str = "") -> Gate:
    """The app. Once a process: NiceGUI has one list of pages."""
    answers = Answers(lambda: ProcessWorker(lake))
    page.register(page.Shared(book, answers, Versions(lake), holdings))
    pages.on_startup(answers.begin)
    pages.on_shutdown(answers.close)
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    ui.run_with(outer, title="Tapehouse", favicon="🕯️", tailwind=False, show_welcome_message=False)
    return Gate(outer, password=password)


def holdings_at(path: Path | None, check: Callable[[bytes], object]) -> HoldingsFile | None:
    """The file where it is on this machine."""
    return HoldingsFile(path, check=check) if path is not None else None


def refuse_open(host: str, password: str) -> None:
    """Raises TerminalError for an address that others reach, without a password."""
    if host not in LOOPBACK and host != "::1" and not password:
        raise TerminalError(
            f"{host} can be reached by others, and dashboards_password is not set: set TAPEHOUSE_DASHBOARDS_PASSWORD."
        )


def serve(app: Gate, place: Place) -> None:
    """Until a signal."""
    uvicorn.run(
        app,
        host=place.host,
        port=place.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        ws="websockets-sansio",
        ws_max_size=4 * 1024 * 1024,
    )
