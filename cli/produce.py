"""``tapehouse produce``: one source into the stream, confirmed, until it ends or is told to stop.

``python -m producers`` is the same in a container, without the command: see ``producers.__main__``.
"""

import argparse

from cli.command import place
from producers.run.words import add_arguments
from tapehouse.settings import Settings

__all__ = ["HELP", "NAME", "add_arguments", "run"]

NAME = "produce"
HELP = (
    "Put one source's records into the stream, each confirmed; shows live how it goes, or tells it as JSON lines on "
    "stdout where that is no terminal. SIGTERM or Ctrl-C flushes first."
)


def run(options: argparse.Namespace) -> int:
    from producers.run.wiring import produce

    return produce(options, reach=_reach)


def _reach(settings: Settings) -> None:
    place(settings).activate(needs_stream=True)
