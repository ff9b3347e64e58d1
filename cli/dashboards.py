"""``tapehouse dashboards``: the dashboards at home, in a browser."""

import argparse
from pathlib import Path
from typing import Final

from cli.command import add_setting, load_settings, target
from embedded import port as ports
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake, folder_of
from tapehouse.settings import Settings

PORT: Final = 8200
"""Where it listens when no port is set and it is free: an address that a bookmark keeps."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("dashboards_port", "dashboards_host", "portfolio"):
        add_setting(parser, name)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        raise TerminalError("On AWS Metabase shows the dashboards; these are for a lake on this machine: TARGET=local.")
    lake = target(settings).lake
    _ = lake.path  # refuses one on S3 before anything is imported
    from metabase import book
    from metabase.preview import server
    from metabase.preview.place import Place

    password = settings.dashboards_password.get_secret_value()
    server.refuse_open(settings.dashboards_host, password)
    place = Place(settings.dashboards_host, port_of(settings))
    holdings = server.holdings_at(holdings_path(settings, lake), _judge)
    app = server.guarded(book.read(), lake, holdings=holdings, password=password)
    print(f"Dashboards of {lake.uri}: {place.address} (Ctrl-C ends them)", flush=True)
    server.serve(app, place)
    return 0


def port_of(settings: Settings) -> int:
    """The one that is set, else the usual one, else any. Raises TerminalError where the one that is set is taken."""
    return ports.choose(settings.dashboards_port, before=PORT, purpose="the dashboards")


def holdings_path(settings: Settings, lake: Lake) -> Path | None:
    """The file that gold.portfolio is made of; None where it is on S3."""
    from glue_jobs.gold.portfolio import FOLDER, NAME

    if settings.portfolio:
        return folder_of(settings.portfolio, what="the file of holdings")
    return lake.path / FOLDER / NAME


def _judge(content: bytes) -> object:
    """By the reader of the job that computes with it."""
    from glue_jobs.gold.portfolio import holdings_of

    return holdings_of(content)
