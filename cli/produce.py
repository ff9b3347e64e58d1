"""``tapehouse produce``: one source into the stream, confirmed, until it ends or is told to stop.

``python -m producers`` is the same in a container, without the command: see ``producers.__main__``.
"""

import argparse

from cli.command import target
from producers.run.arguments import add_arguments
from tapehouse.settings import Settings

__all__ = ["add_arguments", "run"]


def run(options: argparse.Namespace) -> int:
    from producers.run.wiring import produce

    return produce(options, reach=_reach)


def _reach(settings: Settings) -> None:
    target(settings).activate(needs_stream=True)
